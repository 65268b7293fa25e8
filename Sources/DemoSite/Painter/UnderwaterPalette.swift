/// The light of a place and an hour under water.
struct UnderwaterPalette: Sendable {
    var water: Gradient
    var sunlight: Colour
    var haze: Colour

    func blended(with other: UnderwaterPalette, _ amount: Float) -> UnderwaterPalette {
        UnderwaterPalette(
            water: water.blended(with: other.water, amount),
            sunlight: mix(sunlight, other.sunlight, amount),
            haze: mix(haze, other.haze, amount)
        )
    }

    static let lagoon = UnderwaterPalette(
        water: Gradient(0x7FE3E6, 0x1FA7C4, 0x0A6A9A, 0x05365F),
        sunlight: Colour(hex: 0xD6FFF3),
        haze: Colour(hex: 0x1583AC)
    )
    static let deep = UnderwaterPalette(
        water: Gradient(0x3E9CCB, 0x12609D, 0x082F63, 0x030F2B),
        sunlight: Colour(hex: 0xBFE6FF),
        haze: Colour(hex: 0x0B3F78)
    )
    static let emerald = UnderwaterPalette(
        water: Gradient(0xBFE8A6, 0x4FB089, 0x14675F, 0x062B33),
        sunlight: Colour(hex: 0xF4FFCF),
        haze: Colour(hex: 0x1E7268)
    )
    static let brass = UnderwaterPalette(
        water: Gradient(0xF2E2A0, 0xB9A95E, 0x5F6F4A, 0x1C332E),
        sunlight: Colour(hex: 0xFFF2C0),
        haze: Colour(hex: 0x6E7448)
    )
    static let dusk = UnderwaterPalette(
        water: Gradient(0xF0B27E, 0x9A7A93, 0x39466F, 0x0D1533),
        sunlight: Colour(hex: 0xFFD9A6),
        haze: Colour(hex: 0x4A4F78)
    )
    static let night = UnderwaterPalette(
        water: Gradient(0x2A4A72, 0x122447, 0x081227, 0x02050E),
        sunlight: Colour(hex: 0xA9C6F2),
        haze: Colour(hex: 0x0B1B38)
    )
}
