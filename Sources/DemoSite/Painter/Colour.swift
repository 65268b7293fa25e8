import Foundation

/// Linear-light RGB with the primaries of sRGB; 1 is the white of a screen, lights go beyond it.
typealias Colour = SIMD3<Float>

extension Colour {
    /// From the sRGB notation `0xRRGGBB` that designers use.
    init(hex: UInt32) {
        func linear(_ shift: UInt32) -> Float {
            let value = Float((hex >> shift) & 0xFF) / 255
            return value <= 0.04045 ? value / 12.92 : pow((value + 0.055) / 1.055, 2.4)
        }
        self.init(linear(16), linear(8), linear(0))
    }

    @inline(__always)
    var luminance: Float { dot(Colour(0.2126, 0.7152, 0.0722)) }

    /// Colour strength: 0 is grey, 1 as it is, more is more vivid.
    @inline(__always)
    func saturated(_ amount: Float) -> Colour {
        let grey = Colour(repeating: luminance)
        let result = grey + (self - grey) * amount
        return result.clamped(lowerBound: .zero, upperBound: Colour(repeating: 64))
    }
}

/// Colours at places of a line, with smooth passages between.
struct Gradient: Sendable {
    private let table: [Colour]

    private init(table: [Colour]) { self.table = table }

    func blended(with other: Gradient, _ amount: Float) -> Gradient {
        Gradient(table: zip(table, other.table).map { mix($0, $1, amount) })
    }

    /// `stops` are in order of their places, which lie in [0, 1].
    init(_ stops: [(place: Float, colour: Colour)]) {
        let size = 512
        table = (0..<size).map { index in
            let t = Float(index) / Float(size - 1)
            guard let upper = stops.firstIndex(where: { $0.place >= t }) else { return stops[stops.count - 1].colour }
            guard upper > 0 else { return stops[0].colour }
            let (a, b) = (stops[upper - 1], stops[upper])
            return mix(a.colour, b.colour, smoothstep(a.place, b.place, t))
        }
    }

    /// Evenly spaced `0xRRGGBB` colours.
    init(_ colours: UInt32...) {
        self.init(
            colours.enumerated().map { (Float($0.offset) / Float(max(colours.count - 1, 1)), Colour(hex: $0.element)) }
        )
    }

    @inline(__always)
    func callAsFunction(_ place: Float) -> Colour {
        let t = clamp(place) * Float(table.count - 1)
        let index = min(Int(t), table.count - 2)
        return mix(table[index], table[index + 1], t - Float(index))
    }
}
