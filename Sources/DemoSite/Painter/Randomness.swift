import Foundation

/// SplitMix64 (Steele, Lea, Flood 2014): small, seedable, the same on every machine, which `SystemRandomNumberGenerator` is not.
///
/// Not Presence's, which is the same: the demo stands for anybody's site, which has nothing of a tracker in it.
struct Randomness {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// Uniform in [0, 1).
    mutating func unit() -> Float { Float(next() >> 40) * 0x1p-24 }

    mutating func uniform(_ low: Float, _ high: Float) -> Float { low + (high - low) * unit() }

    mutating func index(below bound: Int) -> Int { Int(next() % UInt64(bound)) }

    mutating func chance(_ probability: Float) -> Bool { unit() < probability }

    /// Standard normal (Box–Muller).
    mutating func normal() -> Float {
        let radius = (-2 * log(max(unit(), 1e-7))).squareRoot()
        return radius * cos(2 * .pi * unit())
    }

    /// A new seed for a noise field.
    mutating func seed() -> UInt32 { UInt32(truncatingIfNeeded: next() >> 32) }
}
