import Foundation

/// A picture in linear light that scenes paint on, and that is developed like a film in the end.
struct Canvas {
    let width: Int
    let height: Int
    private(set) var pixels: [Colour]

    init(width: Int, height: Int) {
        precondition(width > 0 && height > 0, "a canvas has at least one pixel, not \(width) × \(height)")
        (self.width, self.height) = (width, height)
        pixels = [Colour](repeating: .zero, count: width * height)
    }

    var aspect: Float { Float(width) / Float(height) }

    /// The size of a pixel in picture heights.
    var pixel: Float { 1 / Float(height) }

    /// Gives every pixel the colour that `colour` says for its centre.
    @inline(__always)
    mutating func fill(_ colour: (Point) -> Colour) {
        update { point, _ in colour(point) }
    }

    /// Gives every pixel the colour that `colour` makes of its centre and the colour that it has.
    @inline(__always)
    mutating func update(_ colour: (Point, Colour) -> Colour) {
        let (width, height, step) = (width, height, pixel)
        pixels.withUnsafeMutableBufferPointer { pixels in
            for y in 0..<height {
                let py = (Float(y) + 0.5) * step
                for x in 0..<width {
                    let index = y * width + x
                    pixels[index] = colour(Point((Float(x) + 0.5) * step, py), pixels[index])
                }
            }
        }
    }

    /// Like `update`, for the pixels of a rectangle from `low` to `high` only, cut to the canvas.
    @inline(__always)
    mutating func update(from low: Point, to high: Point, _ colour: (Point, Colour) -> Colour) {
        let (width, step) = (width, pixel)
        let left = Int(clamp(low.x / step, 0, Float(width)))
        let right = Int(clamp(high.x / step + 1, 0, Float(width)))
        let top = Int(clamp(low.y / step, 0, Float(height)))
        let bottom = Int(clamp(high.y / step + 1, 0, Float(height)))
        guard left < right, top < bottom else { return }
        pixels.withUnsafeMutableBufferPointer { pixels in
            for y in top..<bottom {
                let py = (Float(y) + 0.5) * step
                for x in left..<right {
                    let index = y * width + x
                    pixels[index] = colour(Point((Float(x) + 0.5) * step, py), pixels[index])
                }
            }
        }
    }

    /// The colour at a point, between the pixels around it; the border continues outwards.
    @inline(__always)
    func sample(_ point: Point) -> Colour {
        let x = clamp(point.x / pixel - 0.5, 0, Float(width - 1))
        let y = clamp(point.y / pixel - 0.5, 0, Float(height - 1))
        let (ix, iy) = (Int(x), Int(y))
        let (jx, jy) = (min(ix + 1, width - 1), min(iy + 1, height - 1))
        let (fx, fy) = (x - Float(ix), y - Float(iy))
        let upper = mix(pixels[iy * width + ix], pixels[iy * width + jx], fx)
        let lower = mix(pixels[jy * width + ix], pixels[jy * width + jx], fx)
        return mix(upper, lower, fy)
    }
}
