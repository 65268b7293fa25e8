import Foundation

/// The film of the demo site: an afternoon under water, in which a shoal swims past, a hunter parts it, and night falls.
///
/// The fish of a frame follow from those of the frame before, so frames are made in order (cheap) and can then be painted
/// in any order and at once (`Frame`, the work).
struct Film: Sequence, Sendable {
    static let standard = Film(width: 1152, height: 648, framesPerSecond: 24, seconds: 20)

    var width: Int
    var height: Int
    var framesPerSecond: Int
    var seconds: Int
    var fishCount = 750
    var seed: UInt64 = 2026

    var frameCount: Int { framesPerSecond * seconds }

    func makeIterator() -> Frames { Frames(of: self) }

    struct Frames: IteratorProtocol {
        private let film: Film
        private let waterSeed: UInt32
        private var shoal: FishShoal
        private var index = 0

        fileprivate init(of film: Film) {
            self.film = film
            var randomness = Randomness(seed: film.seed)
            waterSeed = randomness.seed()
            let manner = FishShoal.Manner(
                count: film.fishCount,
                sight: 0.3,
                speed: 0.55,
                fishLength: 0.12,
                room: 1.6,
                spread: 0.75,
                flatness: 0.7,
                whirl: 0.55
            )
            shoal = FishShoal(manner, around: Film.guide(0), heading: Vector(1, 0, 0.3), randomness: &randomness)
            shoal.swim(for: 6, guide: Film.guide(0))
        }

        mutating func next() -> Frame? {
            guard index < film.frameCount else { return nil }
            // The story is told in parts of the whole, so that a shorter film tells all of it.
            let progress = Float(index) / Float(film.frameCount)
            let hunter = Film.hunter(progress)
            shoal.swim(for: 1 / Float(film.framesPerSecond), guide: Film.guide(progress), predator: hunter?.position)
            defer { index += 1 }
            return Frame(
                index: index,
                width: film.width,
                height: film.height,
                time: Float(index) / Float(film.framesPerSecond),
                progress: progress,
                fish: shoal.fish,
                hunter: hunter,
                waterSeed: waterSeed
            )
        }
    }

    /// Where the shoal is drawn to: a slow loop that comes near the eye twice.
    private static func guide(_ progress: Float) -> Vector {
        let turn = progress * 2 * .pi
        return Vector(0.75 * sin(turn * 2), 0.13 * sin(turn * 3) - 0.06, 2.1 - 0.5 * sin(turn * 1.5))
    }

    /// The hunter crosses between a third and two thirds of the film.
    private static func hunter(_ progress: Float) -> Fish? {
        let t = (progress - 0.32) / 0.36
        guard t > 0, t < 1 else { return nil }
        let position = Vector(mix(-3.2, 3.2, t), 0.16 * sin(t * 5) - 0.05, 2.3 - 0.55 * sin(t * .pi))
        let ahead = Vector(6.4, 0.16 * 5 * cos(t * 5), -0.55 * .pi * cos(t * .pi))
        return Fish(position: position, velocity: ahead, length: 1.05, beat: progress * 150, character: 0.35)
    }
}

/// One frame of the film.
struct Frame: Sendable {
    let index: Int
    let width: Int
    let height: Int
    let time: Float
    /// Place in the film, from 0 to 1.
    let progress: Float
    let fish: [Fish]
    let hunter: Fish?
    let waterSeed: UInt32

    /// Rows of RGB pixels, three bytes each.
    func pixels() -> [UInt8] {
        let light = FilmLight(at: progress)
        var canvas = paintWater(light)
        let haze = light.palette.haze
        let lens = Lens(aspect: canvas.aspect)
        // Two mantas pass far behind, one early and one late.
        for (start, height, size) in [(Float(-0.05), Float(0.3), Float(0.1)), (0.55, 0.22, 0.13)] {
            let t = (progress - start) / 0.45
            guard t > 0, t < 1 else { continue }
            let manta = MantaRay(
                place: Point(mix(canvas.aspect + 0.3, -0.3, t), height + 0.05 * sin(t * 6)),
                size: size,
                angle: -1.25,
                haze: 0.72,
                beat: time * 2.6
            )
            manta.paint(in: light.palette, on: &canvas)
        }
        var brush = FishBrush(
            coat: .herring,
            lens: lens,
            haze: haze,
            clarity: 4.2,
            light: light.palette.sunlight * light.fishLight,
            focus: 1.9,
            blur: 0.004
        )
        let hunterDistance = hunter?.position.z ?? 0
        brush.paint(fish.filter { $0.position.z >= hunterDistance }, on: &canvas)
        if let hunter {
            brush.coat = .shark
            brush.paint(hunter, on: &canvas)
            brush.coat = .herring
            brush.paint(fish.filter { $0.position.z < hunterDistance }, on: &canvas)
        }
        var randomness = Randomness(seed: UInt64(waterSeed))
        var water = light.water(seed: waterSeed)
        water.time = time
        water.specks(240, on: &canvas, randomness: &randomness)
        let development = Development(
            exposure: light.exposure,
            vignette: 0.3,
            grain: 3,
            grainSeed: waterSeed &+ UInt32(index) &* 0x9E37_79B1
        )
        return development.develop(canvas)
    }

    /// The water at a third of the size, enlarged: it has no fine detail, and this saves most of the film's work.
    private func paintWater(_ light: FilmLight) -> Canvas {
        var small = Canvas(width: max(width / 3, 1), height: max(height / 3, 1))
        var water = light.water(seed: waterSeed)
        water.time = time
        water.paint(on: &small)
        var canvas = Canvas(width: width, height: height)
        let stretch = small.aspect / canvas.aspect
        canvas.fill { small.sample(Point($0.x * stretch, $0.y)) }
        return canvas
    }
}

/// The light of the film by the hour: noon, evening, night.
private struct FilmLight {
    let palette: UnderwaterPalette
    let sunPlace: Float
    let exposure: Float
    let fishLight: Float

    init(at progress: Float) {
        let evening = smoothstep(0.36, 0.58, progress)
        let night = smoothstep(0.7, 0.9, progress)
        palette = .lagoon.blended(with: .dusk, evening).blended(with: .night, night)
        sunPlace = mix(0.3, 0.72, progress)
        exposure = mix(1.1, 1.4, night)
        fishLight = mix(1.15, 1.3, night)
    }

    func water(seed: UInt32) -> Water {
        var water = Water(colours: palette.water, sunlight: palette.sunlight, seed: seed)
        (water.sunPlace, water.surface, water.shafts) = (sunPlace, 0.55, 1)
        return water
    }
}
