import Foundation

/// The sea from a boat: waves to the horizon under a sky.
struct OpenSeaScene: Scene {
    var sky: Sky.Palette
    /// Azimuth (radians, 0 is the middle of the picture) and height of the sun.
    var sunAzimuth: Float = 0.1
    var sunHeight: Float = 0.12
    var disc: Float = 0.022
    var cover: Float = 0.45
    var stars: Float = 0
    var aurora: Float = 0
    /// Light that comes back from within the water, and through the crests.
    var water: Colour
    var crest: Colour
    /// Height of the waves and of the eye, in metres.
    var swell: Float = 0.9
    var eye: Float = 3.2
    /// Where the horizon is, in picture heights from the top.
    var horizon: Float = 0.42
    var boat: Boat?
    var gulls = 0
    var seed: UInt64

    struct Boat: Sendable {
        /// In parts of the width.
        var place: Float
        var size: Float
        var colour = Colour(repeating: 0.012)
    }

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
        let waves = Waves(height: swell, noise: Noise(seed: randomness.seed()))
        let (middle, pixel) = (canvas.aspect / 2, canvas.pixel)
        canvas.fill { point in
            let ray = Vector(point.x - middle, horizon - point.y, 1.05).normalized
            guard ray.y < -0.0008 else { return sky(Vector(ray.x, max(ray.y, 0), ray.z)) }
            let colour = sea(ray, sky: sky, waves: waves, pixel: pixel)
            // The line of the horizon is soft: air lies over it.
            let air = sky(Vector(ray.x, 0.004, ray.z).normalized, details: false)
            return mix(air, colour, 0.15 + 0.85 * smoothstep(0, 0.014, -ray.y))
        }
        if let boat { paint(boat, on: &canvas) }
        for _ in 0..<gulls {
            let place = Point(randomness.uniform(0.15, 0.85) * canvas.aspect, randomness.uniform(0.12, 0.9) * horizon)
            paintGull(at: place, size: randomness.uniform(0.008, 0.024), &randomness, on: &canvas)
        }
    }

    private func sea(_ ray: Vector, sky: Sky, waves: Waves, pixel: Float) -> Colour {
        let range = distance(along: ray, to: waves)
        let place = Point(ray.x, ray.z) * range
        let footprint = range * pixel * (1 + 0.35 / max(-ray.y, 0.02))
        let (level, slope) = waves.surface(at: place, footprint: footprint)
        let normal = Vector(-slope.x, 1, -slope.y).normalized
        let facing = max(-ray.dot(normal), 0.02)
        let fresnel: Float = 0.02 + 0.8 * pow(1 - facing, 5)
        var mirror = ray + normal * (2 * facing)
        mirror.y = abs(mirror.y) + 0.01
        mirror = mirror.normalized
        let reflected = sky(mirror, details: false)
        let lift = clamp(level / max(swell, 0.05))
        let through = smoothstep(0.62, 1.15, lift) * (0.35 + 0.65 * max(ray.dot(sky.sun), 0))
        let body = water + crest * (through * 0.9)
        var colour = mix(body, reflected, fresnel)
        // What is finer than a pixel blurs the mirrored sun instead of showing.
        let roughness = 0.0022 + 0.02 * smoothstep(2, 160, range)
        let spread = 1 - mirror.dot(sky.sun)
        let glitter: Float = 0.05 * exp(-spread / roughness) * (0.3 + fresnel) / (0.12 + roughness * 22)
        let shimmer: Float = 0.16 * exp(-spread / (roughness * 14))
        colour += sky.palette.sun * glitter + sky.palette.glow * shimmer
        let froth =
            lift + waves.noise.fractal(place * 2.3, octaves: 2) * 0.3 + waves.noise.fractal(place * 13, octaves: 3)
            * 0.4
        let foam: Float = smoothstep(0.98, 1.25, froth) * smoothstep(70, 4, range) * smoothstep(0.55, 1.2, swell) * 0.75
        return mix(colour, sky.palette.cloudLight * 0.8, foam)
    }

    /// Where a ray meets the water, in metres: false position between the crests' plane and the troughs'.
    ///
    /// Halving the stretch instead would leave steps in the picture, or need twice as many looks at the waves.
    private func distance(along ray: Vector, to waves: Waves) -> Float {
        let (start, end) = (max((eye - swell) / -ray.y, 0), eye / -ray.y)
        // Far away the waves are lower than a pixel.
        guard end < 90 else { return mix(start, end, 0.6) }
        func clearance(_ distance: Float) -> Float {
            let place = ray * distance
            return eye + place.y - waves.level(at: Point(place.x, place.z), octaves: 3)
        }
        var (near, far) = (start, end)
        var (above, below) = (max(clearance(near), 0.001), min(clearance(far), -0.001))
        for _ in 0..<4 {
            let share = clamp(above / (above - below), 0.08, 0.92)
            let middle = mix(near, far, share)
            let value = clearance(middle)
            if value > 0 { (near, above) = (middle, value) } else { (far, below) = (middle, value) }
        }
        return mix(near, far, above / (above - below))
    }

    private func paint(_ boat: Boat, on canvas: inout Canvas) {
        let place = Point(boat.place * canvas.aspect, horizon + boat.size * 0.04)
        let softness = canvas.pixel
        let hull: [Point] = [
            Point(-0.42, -0.03), Point(0.46, -0.08), Point(0.36, 0.05), Point(-0.32, 0.05),
        ]
        let main: [Point] = [Point(-0.02, -1.05), Point(0.0, -0.12), Point(-0.44, -0.1), Point(-0.2, -0.55)]
        let jib: [Point] = [Point(0.015, -0.98), Point(0.42, -0.1), Point(0.04, -0.14)]
        for shape in [hull, main, jib] {
            canvas.fill(Outline(shape.map { $0 * boat.size + place }), softness: softness) { _ in boat.colour }
        }
        // Its broken image in the water.
        for stripe in 0..<14 {
            let depth = Float(stripe) / 14
            let sway = sin(depth * 19 + Float(seed % 7)) * 0.05 * (0.3 + depth)
            let from = place + Point(sway - 0.3 * (1 - depth), 0.07 + depth * 0.6) * boat.size
            canvas.stroke(
                [
                    StrokePoint(
                        place: from,
                        halfWidth: 0.012 * boat.size,
                        paint: boat.colour,
                        opacity: 0.55 * (1 - depth)
                    ),
                    StrokePoint(
                        place: from + Point(0.5 * (1 - depth * 0.8) * boat.size, 0),
                        halfWidth: 0.008 * boat.size,
                        paint: boat.colour,
                        opacity: 0.4 * (1 - depth)
                    ),
                ],
                softness: softness
            )
        }
    }

    private func paintGull(at place: Point, size: Float, _ randomness: inout Randomness, on canvas: inout Canvas) {
        let tilt = randomness.uniform(-0.35, 0.35)
        let lift = randomness.uniform(0.25, 0.55)
        let wing: [(Float, Float, Float)] = [
            (-1, 0.1 - lift * 0.3, 0.01), (-0.5, -lift, 0.05), (0, 0, 0.085), (0.5, -lift, 0.05),
            (1, 0.1 - lift * 0.3, 0.01),
        ]
        let points = wing.map {
            StrokePoint(
                place: (Point($0.0, $0.1) * size).rotated(by: tilt) + place,
                halfWidth: $0.2 * size,
                paint: mix(Colour(repeating: 0.02), water, 0.3),
                opacity: 0.85
            )
        }
        canvas.stroke(points, softness: canvas.pixel * 0.8)
    }
}

/// A field of wind waves: octaves of creased noise that run in slightly different directions.
struct Waves {
    /// Height of the crests above the troughs, in metres.
    var height: Float
    var noise: Noise

    /// The water's level above the troughs, in metres.
    @inline(__always)
    func level(at place: Point, octaves: Int) -> Float {
        // Waves are longer across the wind than along it.
        var p = Point(place.x * 0.075, place.y * 0.13)
        var (amplitude, sum) = (Float(0.62), Float(0))
        for _ in 0..<octaves {
            let n = noise(p)
            let crest = 1 - (n * n + 0.004).squareRoot() * 1.7
            sum += amplitude * max(crest, -0.2)
            amplitude *= 0.42
            p = Point(1.75 * p.x + 1.05 * p.y, -1.05 * p.x + 1.75 * p.y) + Point(8.3, 2.9)
        }
        return sum * height
    }

    /// Level and slope, leaving out waves that are shorter than `footprint` metres.
    func surface(at place: Point, footprint: Float) -> (level: Float, slope: Point) {
        // An octave's wave length is 7.7 m halved each time.
        let octaves = Int(clamp(8.2 - log2(max(footprint, 0.01) * 4 + 0.05) * 1.05, 2, 8))
        let step = max(footprint * 0.7, 0.012)
        let here = level(at: place, octaves: octaves)
        let right = level(at: place + Point(step, 0), octaves: octaves)
        let ahead = level(at: place + Point(0, step), octaves: octaves)
        return (here, Point(right - here, ahead - here) / step)
    }
}
