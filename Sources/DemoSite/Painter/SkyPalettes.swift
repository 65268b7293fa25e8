extension Sky.Palette {
    static let dawn = Sky.Palette(
        air: Gradient(0xFFB98A, 0xF2A7A0, 0x9C8FB8, 0x4D6598),
        sun: Colour(hex: 0xFFD9A0) * 14,
        cloudLight: Colour(hex: 0xFFC9A8),
        cloudShade: Colour(hex: 0x7D6C93),
        glow: Colour(hex: 0xFF9C50) * 1.2
    )
    static let dusk = Sky.Palette(
        air: Gradient(0xFF8A4A, 0xE0604F, 0x7C3F66, 0x261F47),
        sun: Colour(hex: 0xFFB060) * 12,
        cloudLight: Colour(hex: 0xFF8E5E),
        cloudShade: Colour(hex: 0x3E2A4E),
        glow: Colour(hex: 0xFF6A28) * 1.3
    )
    static let noon = Sky.Palette(
        air: Gradient(0xD9ECF2, 0x9CCBE6, 0x4E93CC, 0x2466A8),
        sun: Colour(hex: 0xFFF7E0) * 20,
        cloudLight: Colour(hex: 0xFFFFFF) * 1.15,
        cloudShade: Colour(hex: 0x9DB1C4),
        glow: Colour(hex: 0xFFF0C8) * 0.6
    )
    static let gold = Sky.Palette(
        air: Gradient(0xFFE2A6, 0xF5C583, 0xB8A58C, 0x6C7F93),
        sun: Colour(hex: 0xFFE9B0) * 18,
        cloudLight: Colour(hex: 0xFFEBC2),
        cloudShade: Colour(hex: 0x8E8076),
        glow: Colour(hex: 0xFFC766) * 1.1
    )
    static let storm = Sky.Palette(
        air: Gradient(0xC9CFC4, 0x8A9AA0, 0x56646F, 0x323D49),
        sun: Colour(hex: 0xFFF3D0) * 5,
        cloudLight: Colour(hex: 0xB9C0C0),
        cloudShade: Colour(hex: 0x39434D),
        glow: Colour(hex: 0xE8E0B8) * 0.6
    )
    static let nordic = Sky.Palette(
        air: Gradient(0xF1E6DC, 0xC5D3DC, 0x8FAEC2, 0x5F86A4),
        sun: Colour(hex: 0xFFF4E4) * 10,
        cloudLight: Colour(hex: 0xF6F0EA),
        cloudShade: Colour(hex: 0x93A3B0),
        glow: Colour(hex: 0xFFE6CC) * 0.7
    )
    static let moon = Sky.Palette(
        air: Gradient(0x2B4763, 0x162B4A, 0x0B1730, 0x050A18),
        sun: Colour(hex: 0xE8F0FF) * 5,
        cloudLight: Colour(hex: 0x52688A),
        cloudShade: Colour(hex: 0x0D1728),
        glow: Colour(hex: 0x9DBBEA) * 0.5
    )
    static let polar = Sky.Palette(
        air: Gradient(0x1D3B4F, 0x10283F, 0x081426, 0x030814),
        sun: Colour(hex: 0xE8F0FF) * 3,
        cloudLight: Colour(hex: 0x2C4858),
        cloudShade: Colour(hex: 0x081420),
        glow: Colour(hex: 0x6FA8B8) * 0.2
    )
}
