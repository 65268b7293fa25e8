import Foundation

/// Headlands one behind the other in the haze, over a calm sea that mirrors them.
struct HeadlandsScene: Scene {
    var sky: Sky.Palette
    var sunAzimuth: Float = 0.1
    var sunHeight: Float = 0.15
    var disc: Float = 0.03
    var cover: Float = 0.35
    var stars: Float = 0
    var aurora: Float = 0
    /// Colour of the nearest headland, and of the haze that the farthest fades to.
    var near: Colour
    var haze: Colour
    var layers = 6
    var shoreline: Float = 0.62
    /// Height of the hills in picture heights.
    var relief: Float = 0.3
    var lighthouse = false
    var gulls = 0
    var seed: UInt64

    func paint(on canvas: inout Canvas) {
        var randomness = Randomness(seed: seed)
        let direction = Vector(sin(sunAzimuth), sunHeight, cos(sunAzimuth)).normalized
        let sky = Sky(
            palette: sky,
            sun: direction,
            disc: disc,
            cover: cover,
            stars: stars,
            aurora: aurora,
            noise: Noise(seed: randomness.seed())
        )
        let middle = canvas.aspect / 2
        canvas.fill { point in
            sky(Vector(point.x - middle, max(shoreline - point.y, 0), 1.1).normalized)
        }
        for index in 0..<layers {
            paintHeadland(Headland(index, of: layers, aspect: canvas.aspect, &randomness), sky: sky, on: &canvas)
        }
        if lighthouse { paintLighthouse(on: &canvas) }
        for _ in 0..<gulls {
            let place = Point(randomness.uniform(0.1, 0.9) * canvas.aspect, randomness.uniform(0.1, 0.45))
            let size = randomness.uniform(0.006, 0.02)
            let wing = [Point(-1, -0.25), Point(-0.45, -0.5), Point(0, 0), Point(0.45, -0.5), Point(1, -0.25)]
            canvas.stroke(
                wing.map { StrokePoint(place: place + $0 * size, halfWidth: size * 0.06, paint: near, opacity: 0.8) },
                softness: canvas.pixel * 0.8
            )
        }
        mirror(seed: randomness.seed(), on: &canvas)
    }

    /// One ridge that falls from its side of the picture into the sea.
    private struct Headland {
        let distance: Float
        let fromLeft: Bool
        let reach: Float
        let noise: Noise

        init(_ index: Int, of layers: Int, aspect: Float, _ randomness: inout Randomness) {
            distance = 1 - Float(index) / Float(max(layers - 1, 1))
            fromLeft = (index % 2 == 0) == randomness.chance(0.8)
            reach = aspect * mix(randomness.uniform(0.34, 0.62), randomness.uniform(0.75, 1.15), distance)
            noise = Noise(seed: randomness.seed())
        }

        /// Height of the ridge above the sea, in parts of the relief.
        func ridge(_ x: Float, aspect: Float) -> Float {
            let along = fromLeft ? x : aspect - x
            let fall = smoothstep(reach, reach * 0.25, along)
            let detail = 1.6 + distance * 2.2
            let shape = noise.fractal(Point(x * detail, 0.5), octaves: 7, gain: 0.48)
            return max((0.62 + shape * 0.75) * fall - 0.05 * (1 - fall), -0.02) * mix(0.85, 0.62, distance)
        }
    }

    private func paintHeadland(_ headland: Headland, sky: Sky, on canvas: inout Canvas) {
        let aspect = canvas.aspect
        let fade = pow(headland.distance, 0.75) * 0.93
        let ground = mix(near, haze, fade)
        let softness = canvas.pixel * 0.8
        var ridges: [Float] = []
        for x in 0..<canvas.width {
            ridges.append(shoreline - relief * headland.ridge((Float(x) + 0.5) * canvas.pixel, aspect: aspect))
        }
        let sunSide: Float = sky.sun.x > 0 ? 1 : -1
        let step = canvas.pixel
        canvas.update(from: Point(0, 0), to: Point(aspect, shoreline)) { point, colour in
            let top = ridges[min(Int(point.x / step), ridges.count - 1)]
            let cover = smoothstep(-softness, softness, point.y - top)
            guard cover > 0 else { return colour }
            let below = point.y - top
            // Gullies run down the slope; the side towards the sun is lighter.
            let lean = Point(point.x * 7 + below * 3.5, point.y * 7)
            let relief = headland.noise.fractal(lean, octaves: 6, gain: 0.6)
            let lit = headland.noise.fractal(lean + Point(0.12 * sunSide, -0.05), octaves: 4, gain: 0.6)
            let shade = 1 + (relief - lit) * 1.9 * (1 - fade) + relief * 0.35 * (1 - fade)
            let rim = exp(-below * 90) * 0.35
            // Haze gathers at the foot.
            let mist = smoothstep(0.12, 0, shoreline - point.y) * mix(0.25, 0.75, headland.distance)
            var paint = ground * max(shade, 0.2) + sky.palette.glow * (rim * 0.35 * fade)
            paint = mix(paint, haze, mist)
            return mix(colour, paint, cover)
        }
    }

    private func paintLighthouse(on canvas: inout Canvas) {
        let x = canvas.aspect * 0.78
        let (foot, size) = (shoreline - 0.012, Float(0.17))
        let rock = Outline(
            through: [
                Point(-0.6, 0.12), Point(-0.34, -0.03), Point(-0.1, -0.12), Point(0.2, -0.1), Point(0.48, 0),
                Point(0.9, 0.12),
            ],
            scale: size,
            angle: 0,
            at: Point(x, foot)
        )
        canvas.fill(rock, softness: canvas.pixel) { _ in near * 0.6 }
        let tower = [
            Point(-0.075, -0.08), Point(-0.05, -0.82), Point(-0.07, -0.83), Point(-0.07, -0.86), Point(-0.045, -0.86),
            Point(-0.045, -0.96), Point(0, -1.02), Point(0.045, -0.96), Point(0.045, -0.86), Point(0.07, -0.86),
            Point(0.07, -0.83), Point(0.05, -0.82), Point(0.075, -0.08),
        ]
        canvas.fill(Outline(tower.map { $0 * size + Point(x, foot) }), softness: canvas.pixel) { point in
            mix(near * 0.5, haze, smoothstep(0.08, -0.08, (point.x - x) / size) * 0.5)
        }
        let lamp = Point(x, foot - 0.91 * size)
        for side in [Float(-1), 1] {
            let beam = [
                StrokePoint(place: lamp, halfWidth: 0.004, paint: Colour(hex: 0xFFE3A8), opacity: 0.16),
                StrokePoint(
                    place: lamp + Point(side * 0.9, -0.1),
                    halfWidth: 0.07,
                    paint: Colour(hex: 0xFFE3A8),
                    opacity: 0
                ),
            ]
            canvas.stroke(beam, softness: 0.02, additive: true)
        }
        canvas.glow(at: lamp, radius: 0.13, Colour(hex: 0xFFD98A) * 0.22)
        canvas.glow(at: lamp, radius: 0.04, Colour(hex: 0xFFD98A) * 0.7)
        canvas.glow(at: lamp, radius: 0.013, Colour(repeating: 6))
    }

    /// Paints the sea from what stands above it: a mirror with small waves, which grow towards the eye.
    private func mirror(seed: UInt32, on canvas: inout Canvas) {
        let source = canvas
        let noise = Noise(seed: seed)
        canvas.update(from: Point(0, shoreline), to: Point(canvas.aspect, 1)) { point, colour in
            let below = point.y - shoreline
            guard below > 0 else { return colour }
            let far = 0.02 / (below + 0.012)
            let place = Point((point.x - source.aspect / 2) * (1.5 + far * 7), far * 26)
            let swell = noise.fractal(place, octaves: 4)
            let chop = noise.fractal(place * Point(3.1, 2.3) + Point(40, 0), octaves: 3)
            let slope = (swell * 0.75 + chop * 0.45) * (0.02 + below * 0.4)
            let from = Point(point.x + slope * 0.25, shoreline - abs(below * 0.92 + slope * 0.8) - 0.002)
            var light = source.sample(from)
            light += source.sample(from - Point(0, 0.012 + below * 0.09))
            light *= 0.5
            let depth = near * 0.25 + haze * 0.06
            let steep = smoothstep(0, 0.4, below)
            let glint = pow(max(chop * 0.6 + swell * 0.6 - 0.15, 0) * 1.8, 2) * 0.2
            return mix(light * (0.93 + glint), depth, 0.12 + steep * 0.42 - glint * 0.2)
        }
    }
}
