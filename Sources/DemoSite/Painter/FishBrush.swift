import Foundation

/// Projects space on the picture plane. The eye is at the origin and looks along z.
struct Lens {
    let aspect: Float
    /// Height of a thing of height 1 at distance 1.
    var focal: Float = 1

    @inline(__always)
    func callAsFunction(_ position: Vector) -> Point {
        let scale = focal / max(position.z, 0.05)
        return Point(aspect / 2 + position.x * scale, 0.5 - position.y * scale)
    }
}

/// The coat of a kind of fish, as it looks close by.
struct FishCoat {
    var back: Colour
    var flank: Colour
    var belly: Colour
    /// A stripe along the flank; black for none.
    var stripe: Colour = .zero
    /// How strongly a flank that turns to the light flashes.
    var flash: Float = 1
    /// Height of the body in lengths.
    var depth: Float = 0.24
    /// Radius of the eye in lengths.
    var eye: Float = 0.028

    static let herring = FishCoat(
        back: Colour(hex: 0x1B3B4D),
        flank: Colour(hex: 0x9FC4D0),
        belly: Colour(hex: 0xE9F3F2),
        flash: 2.2,
        depth: 0.22
    )
    static let fusilier = FishCoat(
        back: Colour(hex: 0x12507E),
        flank: Colour(hex: 0x3E93C4),
        belly: Colour(hex: 0xBFDCE4),
        stripe: Colour(hex: 0xE9C443),
        flash: 0.9,
        depth: 0.27
    )
    static let anthias = FishCoat(
        back: Colour(hex: 0xC8452C),
        flank: Colour(hex: 0xF07C3E),
        belly: Colour(hex: 0xF7B58A),
        stripe: Colour(hex: 0xF2A0C0),
        flash: 0.5,
        depth: 0.33
    )
    static let snapper = FishCoat(
        back: Colour(hex: 0x8C7A22),
        flank: Colour(hex: 0xE7C93F),
        belly: Colour(hex: 0xF4EDCB),
        stripe: Colour(hex: 0x7FB6D9),
        flash: 0.6,
        depth: 0.36
    )
    static let shark = FishCoat(
        back: Colour(hex: 0x16303F),
        flank: Colour(hex: 0x3A5A69),
        belly: Colour(hex: 0x9FB4B8),
        flash: 0,
        depth: 0.2,
        eye: 0.011
    )
}

/// Paints fish that swim in water of one colour.
struct FishBrush {
    var coat: FishCoat
    var lens: Lens
    /// What distance fades to, and the distance at which 63 % is lost.
    var haze: Colour
    var clarity: Float
    /// Light from above.
    var light: Colour
    /// Distance at which fish are sharp, and the blur (in picture heights) that far behind it adds.
    var focus: Float = 2
    var blur: Float = 0

    /// Paints the shoal, the farthest fish first.
    func paint(_ shoal: [Fish], on canvas: inout Canvas) {
        for fish in shoal.filter({ $0.position.z > 0.25 }).sorted(by: { $0.position.z > $1.position.z }) {
            paint(fish, on: &canvas)
        }
    }

    func paint(_ fish: Fish, on canvas: inout Canvas) {
        let heading = fish.velocity.normalized
        let nose = lens(fish.position + heading * (fish.length / 2))
        let tail = lens(fish.position - heading * (fish.length / 2))
        let full = fish.length * lens.focal / fish.position.z
        // Seen from the front a fish is short, but not a line.
        let seen = max((nose - tail).length, full * 0.3)
        let axis = (tail - nose).normalized
        guard full > canvas.pixel * 1.5 else { return }
        // The back is up, whichever way the fish swims.
        let across = axis.x > 0 ? Point(axis.y, -axis.x) : Point(-axis.y, axis.x)
        let distance = fish.position.z
        let fade = 1 - exp(-distance / clarity)
        let defocus = blur * abs(distance - focus) / distance
        let softness = max(canvas.pixel * 0.8, defocus) / full
        let roll = sin(fish.character * 40 + atan2(heading.x, heading.z) * 3)
        let flash = coat.flash * pow(max(roll, 0), 12)
        let middle = (nose + tail) / 2
        let (sine, cosine) = (abs(axis.y), abs(axis.x))
        let (half, thick) = (seen * 0.62 + defocus, full * (coat.depth * 0.75 + 0.06) + defocus)
        let reach = Point(cosine * half + sine * thick, sine * half + cosine * thick)
        let eye = Point(0.1, 0.02)
        let stretch = full / seen
        canvas.update(from: middle - reach, to: middle + reach) { point, colour in
            let offset = (point - nose) / full
            let u = offset.dot(axis) * stretch
            guard u > -0.1, u < 1.1 else { return colour }
            // The wave of the tail beat runs backwards and grows towards the tail.
            let bend = sin(fish.beat - u * 5) * 0.055 * u * u
            let v = offset.dot(across) + bend
            let cover = smoothstep(softness, -softness, Self.outline(u, v, depth: coat.depth))
            guard cover > 0.003 else { return colour }
            let height = clamp(v / (coat.depth * 0.5), -1, 1)
            var paint = height > 0 ? mix(coat.flank, coat.back, smoothstep(0.05, 0.75, height)) : coat.flank
            paint = mix(paint, coat.belly, smoothstep(-0.15, -0.8, height))
            let line = smoothstep(0.16, 0.04, abs(height - 0.22)) * smoothstep(0.02, 0.2, u)
            if coat.stripe != .zero { paint = mix(paint, coat.stripe, line * 0.85) }
            let sheen =
                0.5 + 0.35 * height + flash * smoothstep(0.75, 0.1, abs(height + 0.1)) * smoothstep(0.95, 0.5, u)
            paint = paint * light * (max(sheen, 0.12) * (0.85 + 0.3 * fish.character))
            let pupil = smoothstep(coat.eye + softness, coat.eye - softness, (Point(u, v) - eye).length)
            paint = mix(paint, Colour(repeating: 0.004), pupil * 0.9)
            return mix(colour, mix(paint, haze, fade), cover * (1 - 0.12 * fade))
        }
    }

    /// Roughly the signed distance, in lengths, from the outline of a fish whose nose is at u = 0 and whose tail fin ends at u = 1.
    @inline(__always)
    private static func outline(_ u: Float, _ v: Float, depth: Float) -> Float {
        let t = clamp(u / 0.86)
        let body = abs(v) - depth * 1.02 * (t * (1.02 - t)).squareRoot() * (1.15 - 0.55 * t)
        let back = max(-u, u - 0.86)
        let trunk = max(body, back)
        let along = clamp((u - 0.76) / 0.24)
        let fork = 1 - 0.11 * (1 - min(abs(v) / (depth * 0.6), 1))
        let tail = max(max(abs(v) - (0.018 + depth * 0.62 * along * along), 0.76 - u), u - fork)
        let fin = clamp((u - 0.36) / 0.22)
        let dorsal = max(max(v - depth * (0.44 + 0.34 * fin * (1 - fin) * (1 + 2 * fin)), 0.36 - u), max(u - 0.58, -v))
        return min(trunk, min(tail, dorsal))
    }
}
