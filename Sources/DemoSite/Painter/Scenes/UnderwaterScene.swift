import Foundation

/// A shoal in open water, lit from the surface.
struct UnderwaterScene: Scene {
    var palette: UnderwaterPalette
    var coat: FishCoat
    var manner: FishShoal.Manner
    var sunPlace: Float = 0.4
    var surface: Float = 0.7
    /// Where the shoal is and how it heads; the guide stands still while the picture is taken.
    var centre = Vector(0, 0, 2.4)
    var heading = Vector(1, 0.05, 0.2)
    /// Seconds that the fish have swum to form the shoal.
    var swimTime: Float = 7
    var manta: MantaRay?
    var seed: UInt64

    func paint(on canvas: inout Canvas) {
        var randomness = Randomness(seed: seed)
        var water = Water(colours: palette.water, sunlight: palette.sunlight, seed: randomness.seed())
        (water.sunPlace, water.surface, water.time) = (sunPlace, surface, randomness.uniform(0, 40))
        water.paint(on: &canvas)
        manta?.paint(in: palette, on: &canvas)
        var shoal = FishShoal(manner, around: centre, heading: heading, randomness: &randomness)
        shoal.swim(for: swimTime, guide: centre)
        let brush = FishBrush(
            coat: coat,
            lens: Lens(aspect: canvas.aspect),
            haze: palette.haze,
            clarity: 3.4,
            light: palette.sunlight * 0.95,
            focus: centre.z,
            blur: 0.008
        )
        brush.paint(shoal.fish, on: &canvas)
        water.specks(420, on: &canvas, randomness: &randomness)
    }
}
