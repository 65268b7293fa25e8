/// The second half of the gallery; a list of thirty does not fit in one head.
extension Catalogue {
    static let secondHall: [Painting] = [
        Painting(
            name: "black-beach",
            title: "Black beach",
            description: "From above: white surf on a beach of black sand below mossy slopes",
            width: 1400,
            height: 1750,
            scene: AerialCoastScene(palette: .volcanic, shape: .shore(angle: 0.5), surf: 1.2, trees: false, seed: 116)
        ),
        Painting(
            name: "moon-road",
            title: "Moon road",
            description: "The full moon over a quiet sea, its light a road to the horizon",
            width: 2000,
            height: 1333,
            development: Development(exposure: 1.25),
            scene: OpenSeaScene(
                sky: .moon,
                sunAzimuth: 0.2,
                sunHeight: 0.3,
                disc: 0.03,
                cover: 0.32,
                stars: 1,
                water: Colour(hex: 0x030914),
                crest: Colour(hex: 0x10304A),
                swell: 0.6,
                horizon: 0.6,
                seed: 117
            )
        ),
        Painting(
            name: "coral-anthias",
            title: "Anthias",
            description: "Orange fish hover among blue-green kelp",
            width: 2000,
            height: 1333,
            quality: 1,
            scene: KelpScene(
                palette: .lagoon,
                frond: Colour(hex: 0xB9C24A),
                coat: .anthias,
                fishCount: 220,
                sunPlace: 0.65,
                seed: 118
            )
        ),
        Painting(
            name: "skerries",
            title: "Skerries",
            description: "From above: bare rocky islands ringed with foam in a cold sea",
            width: 2000,
            height: 1500,
            quality: 1,
            scene: AerialCoastScene(palette: .northern, shape: .islands, level: 0.1, seed: 119)
        ),
        Painting(
            name: "last-sail",
            title: "Last sail",
            description: "A boat before a burning evening sky, the sea red and violet",
            width: 1280,
            height: 1600,
            scene: OpenSeaScene(
                sky: .dusk,
                sunAzimuth: -0.08,
                sunHeight: 0.05,
                disc: 0.035,
                cover: 0.5,
                water: Colour(hex: 0x120F26),
                crest: Colour(hex: 0x5A2A4A),
                swell: 0.7,
                horizon: 0.5,
                boat: .init(place: 0.66, size: 0.13),
                gulls: 3,
                seed: 120
            )
        ),
        Painting(
            name: "blue-lagoon-floor",
            title: "Lagoon floor",
            description: "Blue fish over pebbles where the sand falls away into deep water",
            width: 1700,
            height: 1133,
            development: Development(exposure: 1.3),
            scene: ShallowsScene(
                water: Colour(hex: 0x1F9FC0),
                depth: 0.25...0.85,
                coat: .fusilier,
                fishCount: 240,
                fishLength: 0.07,
                pebbles: 0.62,
                seed: 121
            )
        ),
        Painting(
            name: "grey-fjord",
            title: "Grey fjord",
            description: "A fjord in the rain light of the north, every ridge a paler grey",
            width: 2400,
            height: 1350,
            scene: HeadlandsScene(
                sky: .nordic,
                sunAzimuth: 0.3,
                sunHeight: 0.3,
                disc: 0,
                cover: 0.55,
                near: Colour(hex: 0x1D2F33),
                haze: Colour(hex: 0xB4C0C6),
                layers: 8,
                relief: 0.36,
                seed: 122
            )
        ),
        Painting(
            name: "midnight-whirl",
            title: "Midnight whirl",
            description: "Fish gleam in a whirl of moonlit dark water",
            width: 1600,
            height: 1600,
            quality: 1,
            development: Development(exposure: 1.5),
            scene: UnderwaterScene(
                palette: .night,
                coat: .herring,
                manner: .init(count: 1500, sight: 0.28, fishLength: 0.11, spread: 0.6, flatness: 1, whirl: 1.5),
                surface: 0.25,
                centre: Vector(0, -0.08, 2.1),
                seed: 123
            )
        ),
        Painting(
            name: "autumn-bay",
            title: "Autumn bay",
            description: "From above: rust-red woods around a green bay with breaking waves",
            width: 2100,
            height: 1400,
            quality: 1,
            scene: AerialCoastScene(palette: .autumn, shape: .shore(angle: -1.2), boats: 1, seed: 124)
        ),
        Painting(
            name: "rose-medusa",
            title: "Rose medusa",
            description: "A single large rose-coloured jellyfish with two companions",
            width: 1200,
            height: 1500,
            scene: JellyfishScene(
                water: Gradient(0x4A1E5C, 0x2A1248, 0x100826, 0x04020C),
                bell: Colour(hex: 0xFF9CC8),
                organs: Colour(hex: 0xFFC070),
                tentacle: Colour(hex: 0xFF8AB4),
                count: 3,
                seed: 125
            )
        ),
        Painting(
            name: "honey-swell",
            title: "Honey swell",
            description: "Long golden waves towards a low sun",
            width: 2400,
            height: 1200,
            quality: 1,
            scene: OpenSeaScene(
                sky: .gold,
                sunAzimuth: 0.25,
                sunHeight: 0.14,
                disc: 0.018,
                cover: 0.4,
                water: Colour(hex: 0x2A2E2A),
                crest: Colour(hex: 0x8A7A3A),
                swell: 1.5,
                eye: 3.6,
                horizon: 0.4,
                gulls: 6,
                seed: 126
            )
        ),
        Painting(
            name: "evening-anthias",
            title: "Evening commute",
            description: "Orange fish below a surface lit by the setting sun",
            width: 1000,
            height: 1250,
            development: Development(exposure: 1.15),
            scene: UnderwaterScene(
                palette: .dusk,
                coat: .anthias,
                manner: .init(count: 380, sight: 0.36, fishLength: 0.14, room: 2, spread: 0.9),
                sunPlace: 0.6,
                surface: 0.4,
                centre: Vector(0, -0.05, 1.9),
                swimTime: 3.5,
                seed: 127
            )
        ),
        Painting(
            name: "silt-river",
            title: "Silt and salt",
            description: "From above: sand bars and channels of green and white water",
            width: 1800,
            height: 1800,
            quality: 1,
            scene: AerialCoastScene(
                palette: .northern,
                shape: .banks,
                level: 0.04,
                scale: 2.6,
                surf: 0.5,
                trees: false,
                seed: 128
            )
        ),
        Painting(
            name: "ember-coast",
            title: "Ember coast",
            description: "Dark ridges against a red evening sky, mirrored in the bay",
            width: 1500,
            height: 1000,
            scene: HeadlandsScene(
                sky: .dusk,
                sunAzimuth: -0.25,
                sunHeight: 0.1,
                cover: 0.5,
                near: Colour(hex: 0x160E1C),
                haze: Colour(hex: 0xB0504A),
                layers: 5,
                gulls: 4,
                seed: 129
            )
        ),
        Painting(
            name: "tide-pool",
            title: "Tide pool",
            description: "Starfish and pebbles under a hand of clear water",
            width: 1200,
            height: 900,
            development: Development(exposure: 1.25),
            scene: ShallowsScene(
                sand: Colour(hex: 0xC9B48E),
                water: Colour(hex: 0x58B9A0),
                depth: 0.05...0.4,
                caustics: 0.85,
                fishCount: 14,
                fishLength: 0.07,
                stars: 7,
                pebbles: 0.85,
                seed: 130
            )
        ),
    ]
}
