import Foundation

/// A kelp forest against the light, with a shoal between its fronds.
struct KelpScene: Scene {
    var palette: UnderwaterPalette
    /// Light that shines through a frond, and a frond in shade.
    var frond: Colour = Colour(hex: 0xD9A93A)
    var shade: Colour = Colour(hex: 0x2A2E12)
    var strands = 16
    var coat: FishCoat = .snapper
    var fishCount = 160
    var sunPlace: Float = 0.45
    var seed: UInt64

    func paint(on canvas: inout Canvas) {
        var randomness = Randomness(seed: seed)
        var water = Water(colours: palette.water, sunlight: palette.sunlight, seed: randomness.seed())
        (water.sunPlace, water.surface, water.shafts) = (sunPlace, 0.5, 1.1)
        water.time = randomness.uniform(0, 30)
        water.paint(on: &canvas)
        let lens = Lens(aspect: canvas.aspect)
        var shoal = FishShoal(
            FishShoal.Manner(count: fishCount, sight: 0.4, speed: 0.45, fishLength: 0.15, spread: 1),
            around: Vector(0.05, 0, 1.7),
            heading: Vector(-1, 0.05, 0.25),
            randomness: &randomness
        )
        shoal.swim(for: 6, guide: Vector(0.05, 0, 1.7))
        let brush = FishBrush(
            coat: coat,
            lens: lens,
            haze: palette.haze,
            clarity: 4,
            light: palette.sunlight * 1.2,
            focus: 2,
            blur: 0.006
        )
        let depths: [Float] = [4.2, 3.2, 2.5, 1.9, 1.35, 0.95]
        var nearer = Float.infinity
        for (index, depth) in depths.enumerated() {
            brush.paint(shoal.fish.filter { $0.position.z < nearer && $0.position.z >= depth }, on: &canvas)
            nearer = depth
            let share = max(strands * (depths.count - index) / 12, index == depths.count - 1 ? 1 : 2)
            for strand in 0..<share {
                let slot = (Float(strand) + randomness.uniform(0.1, 0.9)) / Float(share)
                // The nearest strands frame the picture and leave its middle free.
                let place = index < 4 ? slot : (randomness.chance(0.5) ? slot * 0.2 : 1 - slot * 0.2)
                paintStrand(at: place * canvas.aspect, depth: depth, randomness: &randomness, on: &canvas)
            }
        }
        brush.paint(shoal.fish.filter { $0.position.z < nearer }, on: &canvas)
        water.specks(300, on: &canvas, randomness: &randomness)
    }

    private func paintStrand(at x: Float, depth: Float, randomness: inout Randomness, on canvas: inout Canvas) {
        let fade = 1 - exp(-depth / 2.4)
        let size = 1.6 / depth
        let softness = canvas.pixel + (depth < 1.5 ? 0.004 : 0.0008 * depth)
        let (lean, sway, phase) = (
            randomness.uniform(-0.1, 0.1), randomness.uniform(0.02, 0.07), randomness.uniform(0, 6.28)
        )
        func stem(_ t: Float) -> Point {
            Point(x + lean * t + sway * sin(t * 5 + phase) * (0.4 + t), 1.08 - t * 1.25)
        }
        let stipe = mix(shade * 0.8, palette.haze, fade)
        let line = (0...26).map {
            StrokePoint(place: stem(Float($0) / 26), halfWidth: 0.0042 * size, paint: stipe, opacity: 1 - 0.35 * fade)
        }
        canvas.stroke(line, softness: softness)
        let blades = Int(10 + 26 / size)
        for index in 0..<blades {
            let t = (Float(index) + randomness.uniform(0, 0.7)) / Float(blades)
            let side: Float = index % 2 == 0 ? 1 : -1
            paintBlade(
                from: stem(t),
                side: side,
                length: randomness.uniform(0.09, 0.19) * size * (1.1 - 0.35 * t),
                height: t,
                fade: fade,
                softness: softness,
                randomness: &randomness,
                on: &canvas
            )
        }
    }

    private func paintBlade(
        from root: Point,
        side: Float,
        length: Float,
        height: Float,
        fade: Float,
        softness: Float,
        randomness: inout Randomness,
        on canvas: inout Canvas
    ) {
        var angle = randomness.uniform(-0.5, 0.35)
        let curl = randomness.uniform(-0.05, 0.13)
        let ruffle = randomness.uniform(0, 6.28)
        // Blades that turn their face to the light shine through.
        let glow = randomness.uniform(0.2, 1) * (0.35 + 0.75 * height)
        let leaf = mix(shade, frond, glow) * palette.sunlight
        var place = root
        var (upper, lower): ([Point], [Point]) = ([], [])
        let count = 14
        for index in 0...count {
            let t = Float(index) / Float(count)
            let half = length * 0.075 * pow(sin(.pi * clamp(t * 0.95 + 0.04)), 0.7) + 0.0005
            let ahead = Point(cos(angle) * side, sin(angle))
            upper.append(place + ahead.perpendicular * (half * (1 + 0.12 * sin(t * 23 + ruffle))))
            lower.append(place - ahead.perpendicular * (half * (1 + 0.12 * sin(t * 19 + ruffle * 2))))
            place += ahead * (length / Float(count))
            angle += curl
        }
        let chord = (place - root).normalized
        let veins = Noise(seed: UInt32(ruffle * 1000))
        canvas.fill(Outline(upper + lower.reversed()), softness: softness, opacity: 0.95 - 0.25 * fade) { point in
            let local = (point - root) / length
            let (along, across) = (local.dot(chord), local.dot(chord.perpendicular))
            // Wrinkles run from the middle to the edges, and let more or less light through.
            let wrinkle = veins(Point(along * 17 + abs(across) * 60, across * 22))
            let light = (0.62 + 0.6 * along) * (1 + 0.5 * wrinkle)
            return mix(leaf * max(light, 0.1), palette.haze, fade)
        }
        // The float at the blade's root.
        let bulb = length * 0.055
        canvas.disc(
            at: root + Point(side * bulb, 0),
            radius: bulb,
            softness: softness,
            mix(leaf * 1.15, palette.haze, fade)
        )
    }
}
