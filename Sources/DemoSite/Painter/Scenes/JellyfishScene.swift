import Foundation

/// Jellyfish that drift in the dark and carry their own light.
struct JellyfishScene: Scene {
    var water: Gradient
    /// Light of the bell, of its rim and organs, and of the tentacles.
    var bell: Colour
    var organs: Colour
    var tentacle: Colour
    var count = 7
    var seed: UInt64

    func paint(on canvas: inout Canvas) {
        var randomness = Randomness(seed: seed)
        let noise = Noise(seed: randomness.seed())
        let aspect = canvas.aspect
        canvas.fill { point in
            let cloud = noise.warped(point * 1.4, octaves: 5, strength: 0.8)
            let centre = (point - Point(aspect * 0.5, 0.3)) * Point(0.8, 1)
            return water(clamp(centre.length * 0.95 + cloud * 0.22)) * (1 + cloud * 0.3)
        }
        var places: [Point] = []
        for index in 0..<count {
            // The last one is the nearest, and the largest.
            let near = pow(Float(index + 1) / Float(count), 2.2)
            var place = Point.zero
            for _ in 0..<40 {
                place = Point(randomness.uniform(0.08, 0.92) * aspect, randomness.uniform(0.1, 0.62))
                if index == count - 1 {
                    place = Point(randomness.uniform(0.36, 0.64) * aspect, randomness.uniform(0.3, 0.4))
                }
                if places.allSatisfy({ ($0 - place).length > 0.2 }) { break }
            }
            places.append(place)
            let animal = Jellyfish(
                place: place,
                radius: mix(0.03, 0.21, near) * randomness.uniform(0.85, 1.1),
                tilt: randomness.uniform(-0.5, 0.5),
                pulse: randomness.uniform(0.75, 1.1),
                strength: mix(0.16, 1, near),
                blur: 0.009 * (1 - near),
                noise: Noise(seed: randomness.seed())
            )
            paint(animal, randomness: &randomness, on: &canvas)
        }
        for _ in 0..<260 {
            let place = Point(randomness.uniform(0, aspect), randomness.unit())
            let near = pow(randomness.unit(), 6)
            canvas.glow(
                at: place,
                radius: 0.0012 + 0.012 * near,
                bell * (randomness.uniform(0.1, 0.7) / (1 + near * 18))
            )
        }
    }

    private struct Jellyfish {
        var place: Point
        var radius: Float
        var tilt: Float
        /// Height of the bell in radii: the beat of swimming.
        var pulse: Float
        var strength: Float
        var blur: Float
        var noise: Noise

        /// From the animal's own frame (units of its radius, y down from the rim) to the picture.
        func picture(_ local: Point) -> Point { (local * radius).rotated(by: tilt) + place }
    }

    private func paint(_ animal: Jellyfish, randomness: inout Randomness, on canvas: inout Canvas) {
        paintTentacles(animal, randomness: &randomness, on: &canvas)
        paintArms(animal, randomness: &randomness, on: &canvas)
        paintBell(animal, on: &canvas)
        canvas.glow(at: animal.picture(Point(0, -0.35)), radius: animal.radius * 2.6, bell * (0.13 * animal.strength))
    }

    private func paintTentacles(_ animal: Jellyfish, randomness: inout Randomness, on canvas: inout Canvas) {
        let number = 28
        for index in 0..<number {
            let around = (Float(index) + randomness.unit()) / Float(number) * 2 - 1
            let length = randomness.uniform(2.0, 4.2)
            let (sway, phase) = (randomness.uniform(0.08, 0.26), randomness.uniform(0, 6.28))
            let drift = animal.noise(Point(around * 2, 3)) * 0.8
            let points = (0...40).map { step in
                let t = Float(step) / 40
                let x = around * (0.93 - 0.25 * t) + sway * t * sin(t * 7 + phase + around * 2) + drift * t * t
                let beads = 0.75 + 0.25 * sin(t * 60 + phase)
                return StrokePoint(
                    place: animal.picture(Point(x, 0.05 + t * length)),
                    halfWidth: max(animal.radius * 0.008 * (1.2 - t), canvas.pixel * 0.25),
                    paint: tentacle * (0.6 * beads * animal.strength),
                    opacity: (1 - t) * (0.35 + 0.65 * abs(around))
                )
            }
            canvas.stroke(points, softness: max(canvas.pixel, animal.blur), additive: true)
        }
    }

    private func paintArms(_ animal: Jellyfish, randomness: inout Randomness, on canvas: inout Canvas) {
        for arm in 0..<5 {
            let base = (Float(arm) - 2) * 0.13
            let (length, phase) = (randomness.uniform(1.5, 2.7), randomness.uniform(0, 6.28))
            for frill in 0..<5 {
                let offset = Float(frill) * 1.3
                let points = (0...46).map { step in
                    let t = Float(step) / 46
                    let spine = base * (1 + t * 1.3) + 0.17 * t * sin(t * 5 + phase)
                    let wave =
                        animal.noise(Point(t * 6 + offset, Float(arm) * 3 + phase)) * 0.22
                        * sin(.pi * min(t * 1.1 + 0.05, 1))
                    return StrokePoint(
                        place: animal.picture(Point(spine + wave, -0.15 + t * length)),
                        halfWidth: animal.radius * (0.05 * (1 - t) + 0.008) * (0.6 + abs(wave) * 4),
                        paint: organs * (0.22 * animal.strength),
                        opacity: pow(1 - t, 0.8)
                    )
                }
                canvas.stroke(points, softness: max(canvas.pixel, animal.blur) + animal.radius * 0.012, additive: true)
            }
        }
    }

    private func paintBell(_ animal: Jellyfish, on canvas: inout Canvas) {
        let reach = Point(repeating: animal.radius * 1.6)
        let blur = max(animal.blur, canvas.pixel) / animal.radius
        canvas.update(from: animal.place - reach, to: animal.place + reach) { point, colour in
            let local = ((point - animal.place) / animal.radius).rotated(by: -animal.tilt)
            // The dome: an ellipse above the rim, drawn in below it.
            let lift = local.y < 0 ? local.y / animal.pulse : local.y / 0.3
            let flare = 1 + 0.07 * smoothstep(-0.5, 0.1, local.y)
            let x = local.x / flare
            let scallop = 0.035 * abs(sin(asin(clamp(x, -1, 1)) * 11)) * smoothstep(-0.2, 0.2, local.y)
            let round = (x * x + lift * lift).squareRoot() + scallop
            let inside = smoothstep(1 + blur, 1 - blur, round)
            guard inside > 0 else { return colour }
            // A skin shines where the eye looks along it.
            let turned = min(round, 0.985)
            let skin = 0.17 / (1 - turned * turned).squareRoot()
            let azimuth = asin(clamp(x / max(1 - lift * lift, 0.0025).squareRoot(), -0.999, 0.999))
            let rib: Float = pow(abs(cos(azimuth * 8)), 14)
            let ribs: Float = rib * smoothstep(-0.95, -0.2, lift) * (0.25 + 0.5 * abs(x))
            let mottle: Float = 0.75 + animal.noise.fractal(Point(azimuth * 3, lift * 3), octaves: 5) * 0.9
            let crown: Float = exp(-pow((lift + 0.86) * 4, 2)) * 0.25
            var light = bell * ((skin * mottle + ribs * 0.16 + crown) * animal.strength)
            // Four horseshoe gonads, seen through the bell.
            for lobe in [Float(-0.3), -0.1, 0.1, 0.3] {
                let centre = Point(lobe * 1.15, -0.42 * animal.pulse - abs(lobe) * 0.15 + 0.06)
                let ring = abs((local - centre).length * 7.5 - 0.85)
                light += organs * (exp(-ring * ring * 9) * 0.5 * animal.strength)
            }
            let hem = exp(-pow((local.y + 0.02) * 9, 2)) * (0.6 + 0.4 * cos(azimuth * 22))
            light += organs * (hem * 0.16 * animal.strength)
            // A bell also hides a little of what is behind it.
            return mix(colour, colour * 0.72, inside * animal.strength * 0.6) + light * inside
        }
    }
}
