import Foundation

/// A coast from straight above: deep water, shallows, surf, beach and land.
struct AerialCoastScene: Scene {
    struct Palette: Sendable {
        /// From the water's edge (0) to deep water (1).
        var water: Gradient
        var sand: Colour
        var wetSand: Colour
        /// From behind the beach (0) to the heights (1).
        var land: Gradient
        var foam = Colour(hex: 0xFDFEFC)

        static let tropical = Palette(
            water: Gradient(0xBFF3E2, 0x5EDCD2, 0x17A9BE, 0x0A6EA1, 0x073F77, 0x05295A),
            sand: Colour(hex: 0xF6E8C8),
            wetSand: Colour(hex: 0xC9AE84),
            land: Gradient(0xA9B06A, 0x4E7A3A, 0x2A5A30, 0x1C4027, 0x4A6A3A)
        )
        static let northern = Palette(
            water: Gradient(0x9DBFB4, 0x4D8C8C, 0x1F5F72, 0x11405A, 0x0A2A42),
            sand: Colour(hex: 0xC9BFA6),
            wetSand: Colour(hex: 0x7C7362),
            land: Gradient(0x8E9459, 0x5E7243, 0x47603B, 0x6B6A55, 0x8A8578)
        )
        static let volcanic = Palette(
            water: Gradient(0xA8C6C4, 0x4F8F9B, 0x1C5870, 0x0C3350, 0x071E36),
            sand: Colour(hex: 0x2A2A2D),
            wetSand: Colour(hex: 0x151518),
            land: Gradient(0x33332F, 0x4D5A33, 0x6C7A3C, 0x3F4A30, 0x2A2A28)
        )
        static let banks = Palette(
            water: Gradient(0xF4F1DC, 0xC9EEDD, 0x7FDCD5, 0x2FB4C6, 0x0F7FB0, 0x0A4C8C, 0x073070),
            sand: Colour(hex: 0xFBF3DF),
            wetSand: Colour(hex: 0xE7DDBD),
            land: Gradient(0xFBF3DF, 0xEFE2BF, 0xD9D09A, 0xA9B070)
        )
        static let autumn = Palette(
            water: Gradient(0xA9C9A9, 0x4F9A8E, 0x1D6C78, 0x124B66, 0x0B2E4C),
            sand: Colour(hex: 0xE0CBA0),
            wetSand: Colour(hex: 0x9B845C),
            land: Gradient(0xB98F3A, 0xB4642A, 0x7E4A24, 0x55602E, 0x3A4A2A)
        )
    }

    enum Shape: Sendable {
        /// Land on one side; the angle says on which.
        case shore(angle: Float)
        case islands
        /// Tongues of sand that barely reach the surface.
        case banks
        /// A ring of reef around a lagoon.
        case atoll
    }

    var palette: Palette
    var shape: Shape
    /// How much land there is: 0 is half and half.
    var level: Float = 0
    var scale: Float = 1.7
    /// Surf: how many rows of breakers, 0 for none.
    var surf: Float = 1
    var trees = true
    var boats = 0
    var seed: UInt64

    func paint(on canvas: inout Canvas) {
        var randomness = Randomness(seed: seed)
        let noise = Noise(seed: randomness.seed())
        let fine = Noise(seed: randomness.seed())
        let aspect = canvas.aspect
        let step = canvas.pixel
        canvas.fill { point in
            let height = self.height(at: point, aspect: aspect, noise: noise)
            if height < 0 {
                return water(at: point, depth: -height, noise: noise, fine: fine)
            }
            let right = self.height(at: point + Point(step * 1.5, 0), aspect: aspect, noise: noise) - height
            let down = self.height(at: point + Point(0, step * 1.5), aspect: aspect, noise: noise) - height
            return land(at: point, height: height, slope: Point(right, down) / (step * 1.5), noise: noise, fine: fine)
        }
        var placed = 0
        for _ in 0..<400 where placed < boats {
            let place = Point(randomness.uniform(0.08, 0.92) * aspect, randomness.uniform(0.08, 0.92))
            guard height(at: place, aspect: aspect, noise: noise) < -0.12 else { continue }
            paintBoat(
                at: place,
                size: randomness.uniform(0.008, 0.013),
                angle: randomness.uniform(0, 6.28),
                on: &canvas
            )
            placed += 1
        }
    }

    /// Height above the sea, negative below it; about -1 to 1.
    private func height(at point: Point, aspect: Float, noise: Noise) -> Float {
        let p = point * scale
        let middle = point - Point(aspect, 1) / 2
        switch shape {
        case .shore(let angle):
            let side = middle.dot(Point(cos(angle), sin(angle)))
            return noise.warped(p, octaves: 8, strength: 0.45) * 0.62 + side * 1.15 + level
        case .islands:
            return noise.warped(p, octaves: 8, strength: 0.6) * 1.1 - 0.2 + level - 0.25 * middle.dot(middle)
        case .banks:
            let flow = noise.warped(p * Point(0.7, 1.5).rotated(by: 0), octaves: 7, strength: 1.5)
            return flow * 0.55 - abs(noise(p * 0.6 + Point(9, 4))) * 0.5 - 0.05 + level
        case .atoll:
            let bend = noise.warped(p, octaves: 7, strength: 0.5)
            let ring = abs((middle * Point(0.85, 1.1)).length - 0.32 + bend * 0.13)
            let gaps = noise.fractal(p * 1.3 + Point(20, 3), octaves: 4) * 0.5
            let inside = smoothstep(0.36, 0.2, (middle * Point(0.85, 1.1)).length)
            return max(0.09 + gaps * 0.75 - ring * 2.6, -0.2 - 0.12 * bend - (1 - inside) * (ring * 2.2)) + bend * 0.05
                + level
        }
    }

    private func water(at point: Point, depth: Float, noise: Noise, fine: Noise) -> Colour {
        // The bottom shows through: sand waves and weed, less with depth.
        let weed = fine.fractal(point * 13, octaves: 5)
        let ripple = fine.fractal(point * Point(38, 90), octaves: 3)
        let clear = exp(-depth * 5.5)
        let seen = depth + (weed * 0.055 + ripple * 0.012) * (0.3 + clear)
        var colour = palette.water(clamp(seen * 1.25).squareRoot())
        let patch = smoothstep(0.12, 0.45, fine.fractal(point * 6 + Point(7, 7), octaves: 5) + weed * 0.4)
        colour *= 1 - patch * 0.42 * smoothstep(0.04, 0.14, depth) * clear
        // Wind on the surface, and the sun in it.
        let wind = fine.fractal(point * Point(150, 60).rotated(by: 0.4), octaves: 3)
        let gust = 0.5 + 0.5 * noise.fractal(point * 3.1 + Point(2, 8), octaves: 3)
        colour *= 1 + wind * 0.11 * (0.4 + gust)
        colour += Colour(repeating: 0.5 * pow(max(wind - 0.22, 0) * 2.2, 2) * gust)
        guard surf > 0 else { return edged(colour, depth: depth, noise: fine, at: point) }
        // Breakers follow lines of equal depth and are torn by noise.
        let torn = fine.fractal(point * 16, octaves: 5)
        let sets = noise.fractal(point * 5 + Point(60, 1), octaves: 3)
        let phase = (depth * 17 + sets * 1.6 + torn * 0.5) * surf
        let saw = phase - phase.rounded(.down)
        let crest = pow(1 - saw, 3.2) * smoothstep(0.0, 0.12, saw)
        let lace = fine.ridged(point * 44, octaves: 3)
        let reach = smoothstep(0.15, 0.01, depth + sets * 0.09)
        let foam = clamp(crest * (0.35 + 1.3 * lace) * reach * 1.5 + torn * 0.5 * reach * crest)
        return edged(mix(colour, palette.foam, foam * 0.92), depth: depth, noise: fine, at: point)
    }

    /// The white line where the water runs out on the land.
    private func edged(_ colour: Colour, depth: Float, noise: Noise, at point: Point) -> Colour {
        let lace = noise.ridged(point * 60, octaves: 3)
        let width = 0.011 * (0.5 + 0.8 * lace)
        return mix(
            colour,
            palette.foam,
            smoothstep(width, width * 0.25, depth) * (0.5 + 0.45 * lace) * min(surf + 0.4, 1)
        )
    }

    private func land(at point: Point, height: Float, slope: Point, noise: Noise, fine: Noise) -> Colour {
        let grain = fine.fractal(point * 190, octaves: 3)
        let rough = fine.fractal(point * 22, octaves: 5)
        let beach = 0.055 + 0.03 * noise.fractal(point * 4 + Point(1, 50), octaves: 3)
        var colour =
            mix(palette.wetSand, palette.sand, smoothstep(0.004, 0.03, height + rough * 0.008)) * (1 + grain * 0.14)
        let wrack = smoothstep(0.004, 0, abs(height - 0.034 - rough * 0.012))
        colour *= 1 - wrack * 0.35 * smoothstep(0, 0.3, fine(point * 60))
        var sun = clamp(0.86 - (slope.x * 0.75 + slope.y * 0.75) * 0.55, 0.3, 1.6)
        sun = mix(1, sun, smoothstep(0, beach * 1.6, height))
        let green = smoothstep(beach, beach + 0.035, height + rough * 0.03)
        if green > 0 {
            var ground = palette.land(clamp(height * 1.15 + rough * 0.22)) * (1 + grain * 0.2)
            if trees {
                let wood = smoothstep(-0.08, 0.12, noise.fractal(point * 7 + Point(33, 3), octaves: 4) + rough * 0.3)
                let crown = fine.cells(point * 120)
                let tint = 0.65 + 0.6 * Float(crown.id & 0xFF) / 255
                let dome = smoothstep(0.62, 0.1, crown.nearest)
                let side = fine.cells(point * 120 + Point(0.18, 0.18)).nearest - crown.nearest
                let tree =
                    palette.land(clamp(0.32 + height * 0.7 + rough * 0.2)) * (tint * (0.35 + 0.65 * dome + side * 1.1))
                ground = mix(ground, tree, wood)
                sun = mix(sun, 0.5 + sun * 0.5, wood)
            }
            colour = mix(colour, ground, green)
        }
        return colour * sun
    }

    private func paintBoat(at place: Point, size: Float, angle: Float, on canvas: inout Canvas) {
        let ahead = Point(cos(angle), sin(angle))
        for side in [Float(-1), 1] {
            let wake = (0...8).map { index in
                let t = Float(index) / 8
                return StrokePoint(
                    place: place - ahead * (t * size * 13) + ahead.perpendicular * (side * t * size * 2.1),
                    halfWidth: size * (0.08 + 0.34 * t),
                    paint: palette.foam,
                    opacity: 0.55 * (1 - t)
                )
            }
            canvas.stroke(wake, softness: size * 0.25)
        }
        let hull = [Point(1.1, 0), Point(0.4, 0.34), Point(-1, 0.3), Point(-1, -0.3), Point(0.4, -0.34)]
        let shadow = Outline(hull.map { ($0 * size).rotated(by: angle) + place + Point(0.4, 0.5) * size })
        canvas.fill(shadow, softness: canvas.pixel * 1.5, opacity: 0.45) { _ in Colour(repeating: 0.01) }
        canvas.fill(Outline(hull.map { ($0 * size).rotated(by: angle) + place }), softness: canvas.pixel) { _ in
            Colour(hex: 0xFAFAF5) * 1.1
        }
        canvas.disc(
            at: place - ahead * (size * 0.2),
            radius: size * 0.16,
            softness: canvas.pixel,
            Colour(hex: 0xB4452C)
        )
    }
}
