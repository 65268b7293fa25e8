import Foundation

/// The sky above a sea, by direction.
struct Sky {
    struct Palette: Sendable {
        /// From the horizon (0) to the zenith (1).
        var air: Gradient
        var sun: Colour
        /// Clouds where the sun reaches them, and where it does not.
        var cloudLight: Colour
        var cloudShade: Colour
        /// Warm light around the sun.
        var glow: Colour
    }

    var palette: Palette
    /// Direction of the sun or moon.
    var sun: Vector
    /// Sine of the half angle under which its disc is seen; 0 hides it behind the air.
    var disc: Float = 0.02
    /// Share of the sky that clouds cover, about.
    var cover: Float = 0.45
    var stars: Float = 0
    /// Strength of the northern lights.
    var aurora: Float = 0
    var noise: Noise

    /// Light from `direction`. The sea, which blurs what it mirrors, does without `details`.
    func callAsFunction(_ direction: Vector, details: Bool = true) -> Colour {
        let height = max(direction.y, 0)
        var colour = palette.air(height.squareRoot())
        let facing = direction.dot(sun)
        let near = max(facing, 0)
        colour += palette.glow * (pow(near, 6) * 0.35 + pow(near, 48) * 0.7)
        if details {
            if stars > 0 { colour += starlight(direction) }
            if disc > 0 { colour += palette.sun * smoothstep(disc * 1.06, disc * 0.94, (direction - sun).length) }
        }
        if aurora > 0 { colour += auroraLight(direction) }
        return cover > 0 ? clouds(over: colour, direction, near: near, octaves: details ? 6 : 3) : colour
    }

    private func clouds(over colour: Colour, _ direction: Vector, near: Float, octaves: Int) -> Colour {
        // A plane above, seen flatter towards the horizon; the offset keeps it from becoming infinitely fine there.
        let scale = 1.15 / (max(direction.y, 0) + 0.13)
        let place = Point(direction.x, direction.z) * scale
        let body = noise.fractal(place + Point(4.2, 1.3), octaves: octaves)
        let shape = noise.fractal(place * 0.42, octaves: 2)
        let density = smoothstep(0.62 - cover, 1.15 - cover, body * 0.9 + shape * 0.75 + 0.42)
        guard density > 0 else { return colour }
        let towards = Point(sun.x, sun.z).normalized * 0.22
        let shadow = noise.fractal(place + Point(4.2, 1.3) + towards, octaves: min(octaves, 4))
        let lit = clamp(0.5 + (body - shadow) * 1.8 + 0.2 * (1 - density))
        var cloud = mix(palette.cloudShade, palette.cloudLight, lit)
        // Thin edges in front of the sun shine.
        cloud += palette.glow * (pow(near, 10) * (1 - density) * 1.1 + pow(near, 3) * 0.12)
        return mix(colour, cloud, density * 0.94 * smoothstep(0.0, 0.09, direction.y))
    }

    private func starlight(_ direction: Vector) -> Colour {
        let place = Point(direction.x, direction.y) / (direction.z + 0.4) * 110
        let cell = noise.cells(place)
        let size = Float(cell.id >> 24) / 255
        let point = smoothstep(0.07 + 0.09 * size, 0, cell.nearest) * (0.03 + 3 * pow(size, 18))
        let tint = mix(Colour(0.75, 0.85, 1.2), Colour(1.2, 0.95, 0.75), Float((cell.id >> 8) & 0xFF) / 255)
        let band = place.dot(Point(0.55, -0.83)) / 110 + 0.12
        let dust = noise.fractal(place * 0.035, octaves: 5)
        let milk = exp(-band * band * 14) * max(0.45 + dust * 1.3, 0)
        return tint * (point * stars * smoothstep(0, 0.25, direction.y)) + Colour(0.05, 0.055, 0.085) * (milk * stars)
    }

    private func auroraLight(_ direction: Vector) -> Colour {
        let azimuth = direction.x / (direction.z + 0.3)
        var light = Colour.zero
        for curtain in 0..<3 {
            let offset = Float(curtain)
            let bend = noise.fractal(Point(azimuth * 1.3 + offset * 7.1, offset), octaves: 4)
            let foot = 0.16 + offset * 0.11 + bend * 0.2
            let above = direction.y - foot
            let streaks = noise(Point(azimuth * 30 + bend * 24, offset * 3.7 + direction.y))
            let rays = max(0.4 + 0.9 * streaks, 0.06)
            let fall = above > 0 ? exp(-above * 8) : exp(above * 42)
            let hue = mix(Colour(0.1, 1, 0.45), Colour(0.55, 0.15, 0.9), smoothstep(0.02, 0.36, above))
            light += hue * (fall * rays * max(0.3 + bend * 2.2, 0.02))
        }
        return light * (aurora * 0.85)
    }
}
