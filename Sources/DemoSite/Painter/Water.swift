import Foundation

/// Open water seen from inside: colour by depth, shafts of light from the surface, drifting specks.
struct Water {
    /// From the surface (0) to the depth (1).
    var colours: Gradient
    var sunlight: Colour
    /// Where the sun stands above the picture, x in parts of the width.
    var sunPlace: Float = 0.5
    var shafts: Float = 0.8
    /// How brightly the waves of the surface shine at the upper edge; 0 when the surface is out of sight.
    var surface: Float = 0.7
    var seed: UInt32
    /// Seconds; what moves, moves with it.
    var time: Float = 0

    /// Paints the water over the whole canvas.
    func paint(on canvas: inout Canvas) {
        let noise = Noise(seed: seed)
        let aspect = canvas.aspect
        let sun = Point(sunPlace * aspect, -0.55)
        canvas.fill { point in
            let sway = noise(Point(point.x * 1.1, point.y * 1.4 + time * 0.05)) * 0.07
            var colour = colours(point.y + sway)
            let offset = point - sun
            let range = offset.length
            let angle = atan2(offset.x, offset.y)
            let broad = noise(Point(angle * 9, time * 0.16 + 3.3))
            let fine = noise(Point(angle * 27 + 11, time * 0.3 + range * 0.25))
            let ray = max(broad * 0.75 + fine * 0.45 + 0.12, 0)
            let fade = smoothstep(1.75, 0.55, range) * smoothstep(1.25, 0.1, abs(angle))
            // Light takes on the colour of the water that it crosses.
            let shaft = sunlight * (0.14 + 0.3 * smoothstep(0.9, 0, point.y)) + colour * 1.5
            colour += shaft * (shafts * ray * ray * fade * 1.7)
            colour += sunlight * (0.5 * pow(max(1 - range / 1.5, 0), 2.6))
            if surface > 0 {
                colour += sunlight * (surface * surfaceLight(at: point, sun: sun, noise: noise))
            }
            return colour
        }
    }

    /// The moving bright net that is the surface, seen from below at a grazing angle.
    private func surfaceLight(at point: Point, sun: Point, noise: Noise) -> Float {
        let edge = 0.2 + noise(Point(point.x * 2, time * 0.2)) * 0.03
        guard point.y < edge else { return 0 }
        let depth = 1 / (edge + 0.03 - point.y)
        let place = Point((point.x - sun.x) * depth * 0.36, depth * 0.85)
        let ripple = noise.ridged(place + Point(time * 0.25, time * 0.35), octaves: 3, gain: 0.6)
        let glint = pow(ripple, 3) * 2.4
        let near = exp(-abs(point.x - sun.x) * 1.6)
        return glint * smoothstep(edge, edge * 0.15, point.y) * (0.25 + 0.9 * near)
    }

    /// Specks that drift in the light, most of them out of focus.
    func specks(_ count: Int, on canvas: inout Canvas, randomness: inout Randomness) {
        for _ in 0..<count {
            let drift = Point(randomness.uniform(-0.02, 0.02), randomness.uniform(0.004, 0.02)) * time
            var place = Point(randomness.uniform(0, canvas.aspect), randomness.unit()) + drift
            place.y -= place.y.rounded(.down)
            let near = pow(randomness.unit(), 5)
            let radius = 0.0012 + 0.011 * near
            let brightness = randomness.uniform(0.1, 0.6) * (1 - place.y * 0.6) / (1 + near * 14)
            canvas.glow(at: place, radius: radius, sunlight * brightness)
        }
    }
}
