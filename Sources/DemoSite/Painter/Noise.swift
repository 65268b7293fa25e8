import Foundation

/// Gradient noise over the plane and over space, without tables: the gradient of a lattice point is a hash of it, so that a field is one integer.
///
/// Values are roughly in [-1, 1] with mean 0. Four (or eight) corners are worked out at once in a SIMD vector.
struct Noise {
    let seed: UInt32

    @inline(__always)
    private static func scramble<V: SIMD>(_ value: V) -> V where V.Scalar == UInt32 {
        var h = value
        h = (h ^ (h &>> 15)) &* V(repeating: 0x2C1B_3C6D)
        h = (h ^ (h &>> 12)) &* V(repeating: 0x297A_2D39)
        return h ^ (h &>> 15)
    }

    @inline(__always)
    private static func scramble(_ value: UInt32) -> UInt32 {
        var h = value
        h = (h ^ (h >> 15)) &* 0x2C1B_3C6D
        h = (h ^ (h >> 12)) &* 0x297A_2D39
        return h ^ (h >> 15)
    }

    @inline(__always)
    private static func fade(_ t: Float) -> Float { t * t * t * (t * (t * 6 - 15) + 10) }

    @inline(__always)
    private static func lattice(_ value: Float) -> (index: UInt32, fraction: Float) {
        let floor = value.rounded(.down)
        return (UInt32(bitPattern: Int32(floor)), value - floor)
    }

    @inline(__always)
    func callAsFunction(_ p: Point) -> Float {
        let (ix, fx) = Self.lattice(p.x)
        let (iy, fy) = Self.lattice(p.y)
        let hx = SIMD4<UInt32>(ix, ix &+ 1, ix, ix &+ 1) &* SIMD4(repeating: 0x9E37_79B1)
        let hy = SIMD4<UInt32>(iy, iy, iy &+ 1, iy &+ 1) &* SIMD4(repeating: 0x85EB_CA77)
        let h = Self.scramble(hx ^ hy ^ SIMD4(repeating: seed))
        let gx = SIMD4<Float>(h & SIMD4(repeating: 0xFFFF)) * 0x1p-15 - 1
        let gy = SIMD4<Float>(h &>> 16) * 0x1p-15 - 1
        let n = gx * SIMD4(fx, fx - 1, fx, fx - 1) + gy * SIMD4(fy, fy, fy - 1, fy - 1)
        let u = Self.fade(fx)
        let rows = n.evenHalf + (n.oddHalf - n.evenHalf) * u
        return (rows.x + (rows.y - rows.x) * Self.fade(fy)) * 1.25
    }

    @inline(__always)
    func callAsFunction(_ p: Vector) -> Float {
        let (ix, fx) = Self.lattice(p.x)
        let (iy, fy) = Self.lattice(p.y)
        let (iz, fz) = Self.lattice(p.z)
        let (jx, jy, jz) = (ix &+ 1, iy &+ 1, iz &+ 1)
        let hx = SIMD8<UInt32>(ix, jx, ix, jx, ix, jx, ix, jx) &* SIMD8(repeating: 0x9E37_79B1)
        let hy = SIMD8<UInt32>(iy, iy, jy, jy, iy, iy, jy, jy) &* SIMD8(repeating: 0x85EB_CA77)
        let hz = SIMD8<UInt32>(iz, iz, iz, iz, jz, jz, jz, jz) &* SIMD8(repeating: 0xC2B2_AE3D)
        let h = Self.scramble(hx ^ hy ^ hz ^ SIMD8(repeating: seed))
        let mask = SIMD8<UInt32>(repeating: 0x3FF)
        let gx = SIMD8<Float>(h & mask) * 0x1p-9 - 1
        let gy = SIMD8<Float>((h &>> 10) & mask) * 0x1p-9 - 1
        let gz = SIMD8<Float>((h &>> 20) & mask) * 0x1p-9 - 1
        let (ex, ey, ez) = (fx - 1, fy - 1, fz - 1)
        let n =
            gx * SIMD8(fx, ex, fx, ex, fx, ex, fx, ex)
            + gy * SIMD8(fy, fy, ey, ey, fy, fy, ey, ey)
            + gz * SIMD8(fz, fz, fz, fz, ez, ez, ez, ez)
        let lines = n.evenHalf + (n.oddHalf - n.evenHalf) * Self.fade(fx)
        let rows = lines.evenHalf + (lines.oddHalf - lines.evenHalf) * Self.fade(fy)
        return (rows.x + (rows.y - rows.x) * Self.fade(fz)) * 1.1
    }

    /// Fractal sum: each octave has `gain` times the amplitude, about twice the frequency, and is turned, which hides the lattice.
    @inline(__always)
    func fractal(_ p: Point, octaves: Int, gain: Float = 0.5) -> Float {
        var (q, amplitude, sum, total) = (p, Float(1), Float(0), Float(0))
        for _ in 0..<octaves {
            sum += amplitude * self(q)
            total += amplitude
            amplitude *= gain
            q = Point(1.616 * q.x - 1.212 * q.y, 1.212 * q.x + 1.616 * q.y) + Point(17.3, 9.1)
        }
        return sum / total
    }

    /// Like `fractal` with creases where the noise crosses zero: ridges, wave crests, veins of light. In [0, 1].
    @inline(__always)
    func ridged(_ p: Point, octaves: Int, gain: Float = 0.5) -> Float {
        var (q, amplitude, sum, total) = (p, Float(1), Float(0), Float(0))
        for _ in 0..<octaves {
            let n = max(1 - abs(self(q)) * 1.6, 0)
            sum += amplitude * n * n
            total += amplitude
            amplitude *= gain
            q = Point(1.616 * q.x - 1.212 * q.y, 1.212 * q.x + 1.616 * q.y) + Point(5.7, 21.9)
        }
        return sum / total
    }

    /// A fractal whose place is itself shifted by fractals: currents, sand banks, smoke.
    @inline(__always)
    func warped(_ p: Point, octaves: Int, strength: Float) -> Float {
        let shift = Point(fractal(p + Point(3.1, 7.7), octaves: 3), fractal(p + Point(31.4, 2.9), octaves: 3))
        return fractal(p + shift * strength, octaves: octaves)
    }

    /// Distance to the nearest and second nearest of one scattered point per lattice cell, in cells (Worley 1996).
    func cells(_ p: Point) -> (nearest: Float, second: Float, id: UInt32) {
        let (ix, fx) = Self.lattice(p.x)
        let (iy, fy) = Self.lattice(p.y)
        var (nearest, second, id) = (Float(9), Float(9), UInt32(0))
        for dy in -1...1 {
            let (cy, oy) = (iy &+ UInt32(bitPattern: Int32(dy)), Float(dy) - fy)
            for dx in -1...1 {
                let cx = ix &+ UInt32(bitPattern: Int32(dx))
                let h = Self.scramble(cx &* 0x9E37_79B1 ^ cy &* 0x85EB_CA77 ^ seed)
                let to = Point(
                    Float(dx) - fx + Float(h & 0xFFFF) * 0x1p-16,
                    oy + Float(h >> 16) * 0x1p-16
                )
                let distance = to.dot(to)
                if distance < nearest {
                    (second, nearest, id) = (nearest, distance, h)
                } else if distance < second {
                    second = distance
                }
            }
        }
        return (nearest.squareRoot(), second.squareRoot(), id)
    }

    /// Film grain of a pixel: the sum of two uniform numbers, less its mean. In (-1, 1), with a deviation of √(1/6).
    @inline(__always)
    func grain(_ x: Int, _ y: Int) -> Float {
        let place = UInt32(truncatingIfNeeded: x) &* 0x9E37_79B1 ^ UInt32(truncatingIfNeeded: y) &* 0x85EB_CA77
        let h = Self.scramble(place ^ seed)
        return Float((h & 0xFFFF) &+ (h >> 16)) * 0x1p-16 - 1
    }
}
