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
        let top = Float(Self.encoded.count - 1)
        return Self.encoded.withUnsafeBufferPointer { encoded in
            [UInt8](unsafeUninitializedCapacity: width * height * 3) { bytes, count in
                for y in 0..<height {
                    for x in 0..<width {
                        let offset = Point(Float(x) + 0.5, Float(y) + 0.5) * canvas.pixel - centre
                        let fall = exposure * (1 - vignette * offset.dot(offset) / corner)
                        let light = canvas.pixels[y * width + x] * fall
                        let grey = light.luminance
                        let level = Self.tone(grey)
                        let speck = noise.grain(x, y) * grain * 2.45 * (0.35 + 2.6 * level * (1 - level))
                        let index = (y * width + x) * 3
                        // Channel by channel: three scalars are faster here than a vector that has to be taken apart again.
                        for channel in 0..<3 {
                            let vivid = grey + (light[channel] - grey) * saturation
                            let value = encoded[Int(Self.tone(vivid) * top)] + speck + 0.5
                            bytes[index + channel] = UInt8(min(max(value, 0), 255))
                        }
                    }
                }
                count = width * height * 3
            }
        }
    }

    /// 1 − e⁻ˣ with the exponential's series cut after its cube: straight in the shadows, a soft shoulder in the lights, below 1.
    @inline(__always)
    private static func tone(_ light: Float) -> Float {
        let x = min(max(light, 0), 64)
        return 1 - 1 / (1 + x * (1 + x * (0.5 + x * 0.166_666_7)))
    }

    /// The transfer function of sRGB (IEC 61966-2-1) for 4,096 levels of light, in steps of 255.
    private static let encoded: [Float] = (0..<4096).map { level in
        let light = Float(level) / 4095
        return 255 * (light <= 0.003_130_8 ? light * 12.92 : 1.055 * pow(light, 1 / 2.4) - 0.055)
    }
}
