/// The thirty pictures of the gallery, in the order in which they hang.
enum Catalogue {
    static let paintings = firstHall + secondHall

    private static let firstHall: [Painting] = [
        Painting(
            name: "silver-tide",
            title: "Silver tide",
            description: "A great ring of herring turning in blue water under shafts of light",
            width: 2400,
            height: 1500,
            quality: 1,
            development: Development(exposure: 1.2),
            scene: UnderwaterScene(
                palette: .deep,
                coat: .herring,
                manner: .init(count: 2600, sight: 0.25, fishLength: 0.1, spread: 0.75, flatness: 0.8, whirl: 1.2),
                surface: 0,
                seed: 101
            )
        ),
        Painting(
            name: "first-light",
            title: "First light",
            description: "A sailing boat on a rosy sea beside the rising sun, gulls above it",
            width: 2100,
            height: 1400,
            scene: OpenSeaScene(
                sky: .dawn,
                water: Colour(hex: 0x1D2F45),
                crest: Colour(hex: 0x3C6B70),
                boat: .init(place: 0.3, size: 0.12),
                gulls: 5,
                seed: 102
            )
        ),
        Painting(
            name: "moon-jellies",
            title: "Moon jellies",
            description: "Blue and violet jellyfish glowing in the dark, their tentacles trailing",
            width: 1280,
            height: 1700,
            scene: JellyfishScene(
                water: Gradient(0x12407A, 0x081F4A, 0x030A20, 0x01030C),
                bell: Colour(hex: 0xA9D4FF),
                organs: Colour(hex: 0xE0A8FF),
                tentacle: Colour(hex: 0x9CC4FF),
                seed: 103
            )
        ),
        Painting(
            name: "palm-coast",
            title: "Where the forest ends",
            description: "From above: forest, a white beach, surf and turquoise water with two boats",
            width: 2200,
            height: 1467,
            quality: 1,
            scene: AerialCoastScene(palette: .tropical, shape: .shore(angle: 2.6), boats: 2, seed: 104)
        ),
        Painting(
            name: "kelp-cathedral",
            title: "Kelp cathedral",
            description: "Golden kelp reaching for the light in green water, yellow fish between the fronds",
            width: 1500,
            height: 1875,
            scene: KelpScene(palette: .emerald, strands: 14, seed: 105)
        ),
        Painting(
            name: "seven-headlands",
            title: "Seven headlands",
            description: "Headlands one behind the other in violet haze, the sun between them mirrored in calm water",
            width: 2560,
            height: 1280,
            scene: HeadlandsScene(
                sky: .dawn,
                near: Colour(hex: 0x2A2440),
                haze: Colour(hex: 0xE0A79C),
                layers: 7,
                gulls: 7,
                seed: 106
            )
        ),
        Painting(
            name: "lit-sand",
            title: "Lit sand",
            description: "A net of sunlight on rippled sand in shallow water, with fish and starfish",
            width: 1800,
            height: 1350,
            quality: 1,
            development: Development(exposure: 1.35),
            scene: ShallowsScene(seed: 107)
        ),
        Painting(
            name: "manta-noon",
            title: "Manta at noon",
            description: "A manta ray glides over blue and yellow fish in clear water",
            width: 2100,
            height: 1400,
            development: Development(exposure: 1.1),
            scene: UnderwaterScene(
                palette: .lagoon,
                coat: .fusilier,
                manner: .init(count: 420, sight: 0.36, fishLength: 0.15, room: 2, spread: 1.1),
                centre: Vector(-0.35, -0.25, 1.9),
                manta: .init(place: Point(1.02, 0.33), size: 0.26, angle: 0.55, haze: 0.5),
                seed: 108
            )
        ),
        Painting(
            name: "outer-reef",
            title: "Outer reef",
            description: "From above: a ring of islands and reef around a pale lagoon in a dark blue sea",
            width: 2000,
            height: 1400,
            scene: AerialCoastScene(palette: .tropical, shape: .atoll, scale: 3, boats: 2, seed: 109)
        ),
        Painting(
            name: "green-weather",
            title: "Green weather",
            description: "Steep green waves under a dark sky with a bright gap",
            width: 2250,
            height: 1500,
            quality: 1,
            scene: OpenSeaScene(
                sky: .storm,
                sunAzimuth: -0.3,
                sunHeight: 0.25,
                disc: 0,
                cover: 0.75,
                water: Colour(hex: 0x0B2229),
                crest: Colour(hex: 0x3A7A72),
                swell: 2.4,
                eye: 4.3,
                horizon: 0.36,
                gulls: 4,
                seed: 110
            )
        ),
        Painting(
            name: "ember-drift",
            title: "Ember drift",
            description: "Amber jellyfish rising through teal water",
            width: 1900,
            height: 1267,
            scene: JellyfishScene(
                water: Gradient(0x0C5A6B, 0x073A55, 0x031A33, 0x010A18),
                bell: Colour(hex: 0xFFB070),
                organs: Colour(hex: 0xFF7A4A),
                tentacle: Colour(hex: 0xFFA070),
                count: 9,
                seed: 111
            )
        ),
        Painting(
            name: "white-banks",
            title: "White banks",
            description: "From above: tongues of white sand drawn out by currents in turquoise water",
            width: 2400,
            height: 1350,
            quality: 1,
            scene: AerialCoastScene(
                palette: .banks,
                shape: .banks,
                level: -0.03,
                scale: 2.2,
                surf: 0,
                trees: false,
                boats: 1,
                seed: 112
            )
        ),
        Painting(
            name: "northern-lamp",
            title: "Northern lamp",
            description: "A lighthouse on a rock below northern lights and stars, mirrored in still water",
            width: 1600,
            height: 2000,
            development: Development(exposure: 1.15),
            scene: HeadlandsScene(
                sky: .polar,
                sunAzimuth: -0.3,
                sunHeight: 0.4,
                disc: 0,
                cover: 0.05,
                stars: 1.2,
                aurora: 1,
                near: Colour(hex: 0x060B14),
                haze: Colour(hex: 0x1B3A4C),
                lighthouse: true,
                seed: 113
            )
        ),
        Painting(
            name: "sunday-breeze",
            title: "Sunday breeze",
            description: "A blue sea with small white crests and a sail on the horizon, fair clouds above",
            width: 1920,
            height: 1200,
            scene: OpenSeaScene(
                sky: .noon,
                sunAzimuth: 0.7,
                sunHeight: 0.6,
                cover: 0.42,
                water: Colour(hex: 0x06324F),
                crest: Colour(hex: 0x1F9C9C),
                swell: 1.0,
                eye: 3.4,
                horizon: 0.45,
                boat: .init(place: 0.62, size: 0.07, colour: Colour(repeating: 0.9)),
                gulls: 3,
                seed: 114
            )
        ),
        Painting(
            name: "golden-passage",
            title: "Golden passage",
            description: "A stream of fish crosses slanting light in water the colour of old brass",
            width: 1500,
            height: 1000,
            development: Development(exposure: 1.15),
            scene: UnderwaterScene(
                palette: .brass,
                coat: .herring,
                manner: .init(count: 800, sight: 0.3, speed: 0.7, fishLength: 0.16, room: 1.7, spread: 1.2),
                sunPlace: 0.72,
                surface: 0.4,
                centre: Vector(0, -0.05, 2),
                seed: 115
            )
        ),
    ]
}
