import Foundation

/// A sandy bottom under clear water, from above, with the net of light that waves throw on it.
struct ShallowsScene: Scene {
    var sand: Colour = Colour(hex: 0xF0D29A)
    var water: Colour = Colour(hex: 0x35B7C0)
    /// How much of the bottom the water hides, from one corner to the other.
    var depth: ClosedRange<Float> = 0.15...0.7
    var caustics: Float = 1
    var coat: FishCoat = .snapper
    var fishCount = 130
    var fishLength: Float = 0.085
    var stars = 3
    var pebbles: Float = 0.4
    var seed: UInt64

    func paint(on canvas: inout Canvas) {
        var randomness = Randomness(seed: seed)
        let noise = Noise(seed: randomness.seed())
        let fine = Noise(seed: randomness.seed())
        let slope = randomness.uniform(0, 6.28)
        let (middle, along) = (Point(canvas.aspect, 1) / 2, Point(cos(slope), sin(slope)))
        func veil(_ point: Point) -> Float {
            let t = smoothstep(-0.75, 0.75, (point - middle).dot(along) + noise(point * 1.7) * 0.2)
            return mix(depth.lowerBound, depth.upperBound, t)
        }
        canvas.fill { point in bottom(at: point, noise: noise, fine: fine, along: along) }
        for _ in 0..<stars {
            let place = Point(randomness.uniform(0.1, 0.9) * canvas.aspect, randomness.uniform(0.1, 0.9))
            paintStarfish(at: place, randomness: &randomness, fine: fine, on: &canvas)
        }
        let (fish, lens) = (shoal(&randomness), Lens(aspect: canvas.aspect))
        paintShadows(of: fish, lens: lens, on: &canvas)
        canvas.update { point, colour in
            let light = causticLight(at: point, noise: noise)
            let veil = veil(point)
            let lit = colour * (0.62 + light * 1.25 * caustics)
            // Water takes the red first.
            let tint = mix(Colour(repeating: 1), water * 1.6, min(veil * 1.25, 1))
            return mix(lit * tint, water * (0.75 + 0.35 * light), veil * veil)
        }
        FishBrush(
            coat: coat,
            lens: lens,
            haze: water,
            clarity: 14,
            light: Colour(repeating: 0.95),
            focus: 2,
            blur: 0
        ).paint(fish, on: &canvas)
        canvas.update { point, colour in
            let glitter = noise.fractal(point * Point(9, 14) + Point(3, 90), octaves: 4)
            return colour + Colour(hex: 0xDDF5FF) * (0.55 * pow(max(glitter - 0.24, 0) * 2.4, 2))
        }
    }

    private func bottom(at point: Point, noise: Noise, fine: Noise, along: Point) -> Colour {
        let bend = Point(noise.fractal(point * 2.2, octaves: 3), noise.fractal(point * 2.2 + Point(9, 5), octaves: 3))
        let p = point + bend * 0.12
        // Ripples stand across the waves: a steep and a gentle side, forked where the bed turns.
        let phase = p.dot(along) * 46 + noise.fractal(p * 5 + Point(40, 0), octaves: 2) * 5
        let ripple = sin(phase + 0.55 * sin(phase))
        let strength = 0.35 + 0.65 * smoothstep(-0.25, 0.3, noise(point * 1.5 + Point(70, 3)))
        let grain = fine.fractal(point * 260, octaves: 2)
        let mottle = fine.fractal(point * 11, octaves: 5)
        var colour = sand * (0.72 + ripple * 0.15 * strength + grain * 0.3 + mottle * 0.16)
        colour = mix(colour, colour * Colour(0.72, 0.66, 0.58), smoothstep(0.1, -0.9, ripple) * 0.5 * strength)
        if pebbles > 0 {
            let bed = smoothstep(0.35 - pebbles, 0.75 - pebbles, noise.fractal(point * 3.3 + Point(5, 55), octaves: 4))
            let stone = fine.cells(point * 38)
            let size = 0.18 + 0.3 * Float((stone.id >> 16) & 0xFF) / 255
            let present = Float(stone.id & 0xFF) / 255 < bed * 0.75 ? Float(1) : 0
            let inside = smoothstep(size, size * 0.82, stone.nearest) * present
            let dome = (1 - min(stone.nearest / size, 1)).squareRoot()
            let towards = fine.cells(point * 38 + Point(0.06, 0.06)).nearest - stone.nearest
            let hue = mix(Colour(hex: 0x7D6B5A), Colour(hex: 0xF1E4CE), Float((stone.id >> 8) & 0xFF) / 255)
            let shade = 0.62 + 0.5 * dome - towards * 2.6 + grain * 0.25
            let shadow =
                smoothstep(size * 1.35, size * 0.8, fine.cells(point * 38 - Point(0.16, 0.16)).nearest) * present
            colour *= 1 - shadow * 0.35
            colour = mix(colour, hue * max(shade, 0.12), inside)
        }
        return colour
    }

    /// Light gathered by a wavy surface: bright seams between dark cells, at two sizes.
    private func causticLight(at point: Point, noise: Noise) -> Float {
        let shift = Point(noise(point * 3.1 + Point(8, 2)), noise(point * 3.1 + Point(1, 19)))
        let p = point + shift * 0.09
        let large = noise.cells(p * 7)
        let small = noise.cells(p * 13.5 + Point(4, 31))
        let a = smoothstep(0.3, 0, large.second - large.nearest)
        let b = smoothstep(0.34, 0, small.second - small.nearest)
        return 0.3 + a * a * a * 1.2 + b * b * 0.4 + a * b * 0.6
    }

    /// A shoal under the eye: what is "up" for a lens that looks ahead is the picture's top here, so the shoal lies flat in it.
    private func shoal(_ randomness: inout Randomness) -> [Fish] {
        let centre = Vector(randomness.uniform(-0.3, 0.3), randomness.uniform(-0.2, 0.2), 2)
        let angle = randomness.uniform(-0.5, 0.5)
        let manner = FishShoal.Manner(
            count: fishCount,
            sight: 0.35,
            speed: 0.4,
            fishLength: fishLength * 2,
            room: 1.6,
            spread: 0.9,
            flatness: 0.9
        )
        let side: Float = randomness.chance(0.5) ? 1 : -1
        var shoal = FishShoal(
            manner,
            around: centre,
            heading: Vector(side * cos(angle), sin(angle), 0),
            randomness: &randomness
        )
        shoal.swim(for: 5, guide: centre)
        return shoal.fish.map { fish in
            var flat = fish
            flat.position.z = 2 + (fish.position.z - 2) * 0.12
            flat.velocity.z = 0
            return flat
        }
    }

    private func paintShadows(of fish: [Fish], lens: Lens, on canvas: inout Canvas) {
        for fish in fish {
            let heading = Point(fish.velocity.x, -fish.velocity.y).normalized
            let middle = lens(fish.position) + Point(0.035, 0.06)
            let half = fish.length / fish.position.z / 2
            let body: [(along: Float, width: Float)] = [
                (-1, 0.02), (-0.6, 0.16), (-0.1, 0.24), (0.4, 0.14), (0.7, 0.05), (1, 0.14),
            ]
            let points = body.map {
                StrokePoint(
                    place: middle - heading * ($0.along * half),
                    halfWidth: $0.width * half,
                    paint: sand * 0.22,
                    opacity: 0.42
                )
            }
            canvas.stroke(points, softness: 0.006)
        }
    }

    private func paintStarfish(at place: Point, randomness: inout Randomness, fine: Noise, on canvas: inout Canvas) {
        let size = randomness.uniform(0.035, 0.06)
        let turn = randomness.uniform(0, 6.28)
        let hue = [Colour(hex: 0xD9622B), Colour(hex: 0xB83A4B), Colour(hex: 0xE0A03C)][randomness.index(below: 3)]
        let reach = Point(repeating: size * 1.5)
        canvas.update(from: place - reach, to: place + reach) { point, colour in
            func edge(_ offset: Point) -> (distance: Float, arm: Float) {
                let angle = atan2(offset.y, offset.x) + turn + fine(offset / size * 1.3) * 0.12
                let arm = cos(angle * 5)
                let radius = size * (0.36 + 0.64 * pow(max(0.5 + 0.5 * arm, 0), 2.4))
                return (offset.length - radius, arm)
            }
            let shadow = smoothstep(size * 0.12, -size * 0.12, edge(point - place - Point(0.25, 0.3) * size).distance)
            let (distance, arm) = edge(point - place)
            let cover = smoothstep(edgeSoftness, -edgeSoftness, distance)
            let bumps = fine.cells((point - place) / size * 9).nearest
            let ridge = smoothstep(0.55, 1, arm) * 0.35
            let paint = hue * (0.5 + smoothstep(0.5, 0.1, bumps) * 0.45 + ridge - distance / size * 0.3)
            return mix(colour * (1 - shadow * 0.4), paint, cover)
        }
    }

    private var edgeSoftness: Float { 0.0012 }
}
