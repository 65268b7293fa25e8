import Foundation

/// A point or direction of the picture plane. Lengths are in picture heights: x runs from 0 to the aspect ratio, y from 0 (top) to 1.
typealias Point = SIMD2<Float>

/// A point or direction of a scene in space; y points up.
typealias Vector = SIMD3<Float>

extension SIMD where Scalar == Float {
    @inline(__always)
    func dot(_ other: Self) -> Float { (self * other).sum() }

    @inline(__always)
    var length: Float { dot(self).squareRoot() }

    @inline(__always)
    var normalized: Self { self / (length + 1e-12) }
}

extension SIMD2<Float> {
    /// The vector turned by `angle` radians.
    @inline(__always)
    func rotated(by angle: Float) -> Self {
        let (s, c) = (sin(angle), cos(angle))
        return Self(c * x - s * y, s * x + c * y)
    }

    @inline(__always)
    var perpendicular: Self { Self(-y, x) }
}

extension SIMD3<Float> {
    @inline(__always)
    func cross(_ other: Self) -> Self {
        Self(y * other.z - z * other.y, z * other.x - x * other.z, x * other.y - y * other.x)
    }
}

@inline(__always)
func mix(_ a: Float, _ b: Float, _ amount: Float) -> Float { a + (b - a) * amount }

@inline(__always)
func mix<V: SIMD>(_ a: V, _ b: V, _ amount: Float) -> V where V.Scalar == Float { a + (b - a) * amount }

@inline(__always)
func clamp(_ value: Float, _ low: Float = 0, _ high: Float = 1) -> Float { min(max(value, low), high) }

/// 0 below `low`, 1 above `high`, a smooth cubic between; `low` may be the greater of the two.
@inline(__always)
func smoothstep(_ low: Float, _ high: Float, _ value: Float) -> Float {
    let t = clamp((value - low) / (high - low))
    return t * t * (3 - 2 * t)
}
