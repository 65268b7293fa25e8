import Foundation

/// How a canvas becomes a picture of 8 bits: what a lens and a film do.
struct Development {
    var exposure: Float = 1
    /// Colour strength; the tone curve takes some away.
    var saturation: Float = 1.18
    /// Share of light that the corners lose.
    var vignette: Float = 0.25
    /// Standard deviation of the film grain in the mid-tones, in steps of 255. It also keeps smooth skies from banding.
    var grain: Float = 3.5
    var grainSeed: UInt32 = 1

    /// Rows of `canvas`, three bytes a pixel (R, G, B, sRGB encoded), from the top left.
    func develop(_ canvas: Canvas) -> [UInt8] {
        let (width, height) = (canvas.width, canvas.height)
        let noise = Noise(seed: grainSeed)
        let centre = Point(canvas.aspect, 1) / 2
        let corner = centre.dot(centre)
        return Self.encoded.withUnsafeBufferPointer { encoded in
            [UInt8](unsafeUninitializedCapacity: width * height * 3) { bytes, count in
                for y in 0..<height {
                    for x in 0..<width {
                        let offset = Point(Float(x) + 0.5, Float(y) + 0.5) * canvas.pixel - centre
                        let fall = exposure * (1 - vignette * offset.dot(offset) / corner)
                        let light = canvas.pixels[y * width + x] * fall
                        let grey = Colour(repeating: light.luminance)
                        let place = Self.tone(grey + (light - grey) * saturation) * Float(encoded.count - 1)
                        let value = Colour(encoded[Int(place.x)], encoded[Int(place.y)], encoded[Int(place.z)])
                        let speck = noise.grain(x, y)
                        let level = value.y / 255
                        let strength = grain * 2.45 * (0.35 + 2.6 * level * (1 - level))
                        let rounded = (value + (speck * strength + 0.5))
                            .clamped(lowerBound: .zero, upperBound: Colour(repeating: 255))
                        let index = (y * width + x) * 3
                        bytes[index] = UInt8(rounded.x)
                        bytes[index + 1] = UInt8(rounded.y)
                        bytes[index + 2] = UInt8(rounded.z)
                    }
                }
                count = width * height * 3
            }
        }
    }

    /// 1 − e⁻ˣ with the exponential's series cut after its cube: straight in the shadows, a soft shoulder in the lights, never over 1.
    @inline(__always)
    private static func tone(_ light: Colour) -> Colour {
        let x = light.clamped(lowerBound: .zero, upperBound: Colour(repeating: 64))
        let tail = x * (Float(1) / 6) + Float(0.5)
        let exponential = (tail * x + Float(1)) * x + Float(1)
        return Float(1) - Float(1) / exponential
    }

    /// The transfer function of sRGB (IEC 61966-2-1) for 4,096 levels of light, in steps of 255.
    private static let encoded: [Float] = (0..<4096).map { level in
        let light = Float(level) / 4095
        return 255 * (light <= 0.003_130_8 ? light * 12.92 : 1.055 * pow(light, 1 / 2.4) - 0.055)
    }
}
