import Foundation
import Testing

@testable import DemoSite

@Suite("The painter")
struct PainterTests {
    /// One scene of each family, with few fish, by seed.
    static let families: [(name: String, scene: @Sendable (UInt64) -> any Scene)] = [
        ("aerial", { AerialCoastScene(palette: .northern, shape: .islands, boats: 1, seed: $0) }),
        ("banks", { AerialCoastScene(palette: .banks, shape: .banks, surf: 0, trees: false, seed: $0) }),
        ("atoll", { AerialCoastScene(palette: .tropical, shape: .atoll, scale: 3, seed: $0) }),
        (
            "headlands",
            {
                HeadlandsScene(
                    sky: .dusk,
                    near: .zero,
                    haze: Colour(hex: 0x8899AA),
                    lighthouse: true,
                    gulls: 2,
                    seed: $0
                )
            }
        ),
        (
            "jellyfish",
            {
                JellyfishScene(
                    water: Gradient(0x12407A, 0x01030C),
                    bell: .one,
                    organs: .one,
                    tentacle: .one,
                    count: 2,
                    seed: $0
                )
            }
        ),
        ("kelp", { KelpScene(palette: .emerald, strands: 4, fishCount: 8, seed: $0) }),
        (
            "sea",
            {
                OpenSeaScene(
                    sky: .noon,
                    water: .zero,
                    crest: .one,
                    boat: .init(place: 0.4, size: 0.2),
                    gulls: 1,
                    seed: $0
                )
            }
        ),
        ("night", { OpenSeaScene(sky: .polar, stars: 1, aurora: 1, water: .zero, crest: .one, seed: $0) }),
        ("shallows", { ShallowsScene(fishCount: 8, seed: $0) }),
        (
            "underwater",
            { UnderwaterScene(palette: .night, coat: .shark, manner: .init(count: 8), swimTime: 1, seed: $0) }
        ),
    ]

    private func paint(_ scene: any Scene, width: Int = 48, height: Int = 36) -> [UInt8] {
        Painting(name: "test", title: "", description: "", width: width, height: height, scene: scene).pixels().bytes
    }

    @Test(arguments: families.indices)
    func `the same seed gives the same bytes, and another one another picture`(index: Int) {
        let family = Self.families[index]
        let first = paint(family.scene(7))
        #expect(first.count == 48 * 36 * 3)
        #expect(paint(family.scene(7)) == first, "\(family.name)")
        #expect(paint(family.scene(8)) != first, "\(family.name)")
        // Not one flat colour: a picture.
        #expect(Set(first).count > 24, "\(family.name)")
    }

    @Test func `the film is the same each time, whatever the order of its frames`() {
        let film = MediaSet.tiny.film
        let frames = Array(film)
        #expect(frames.count == 10 && frames.map(\.index) == Array(0..<10))
        let forwards = frames.map { $0.pixels() }
        let backwards = Array(film).reversed().map { $0.pixels() }
        #expect(forwards == backwards.reversed())
        #expect(Set(forwards).count == 10)
    }

    @Test func `the gallery is thirty different pictures with words for those who do not see them`() {
        let paintings = Catalogue.paintings
        #expect(paintings.count == 30)
        #expect(Set(paintings.map(\.name)).count == 30 && Set(paintings.map(\.title)).count == 30)
        for painting in paintings {
            #expect(painting.description.count > 20 && !painting.title.isEmpty)
            #expect(painting.name.wholeMatch(of: /[a-z-]+/) != nil)
        }
    }

    /// Grey of a known light, against the formulas of the standard in double precision.
    @Test(arguments: [0.0, 0.001, 0.01, 0.05, 0.18, 0.4, 0.8, 1.5])
    func `light is encoded as sRGB after the tone curve`(light: Double) throws {
        var canvas = Canvas(width: 4, height: 4)
        canvas.fill { _ in Colour(repeating: Float(light)) }
        let bytes = Development(vignette: 0, grain: 0).develop(canvas)
        let series = 1 + light + light * light / 2 + light * light * light / 6
        let toned = 1 - 1 / series
        let encoded = toned <= 0.0031308 ? 12.92 * toned : 1.055 * pow(toned, 1 / 2.4) - 0.055
        #expect(abs(Double(bytes[0]) - encoded * 255) < 1.6)
        #expect(Set(bytes).count == 1)
    }

    @Test func `grain has the deviation that it is asked for`() {
        var canvas = Canvas(width: 120, height: 120)
        canvas.fill { _ in Colour(repeating: 0.25) }
        let bytes = Development(saturation: 1, vignette: 0, grain: 4).develop(canvas).map(Double.init)
        let mean = bytes.reduce(0, +) / Double(bytes.count)
        let deviation = (bytes.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(bytes.count)).squareRoot()
        #expect((2.5...5.5).contains(deviation), "\(deviation)")
    }

    @Test func `a distance to an outline is that to the circle which it traces`() {
        let circle = Outline((0..<360).map { Point(cos(Float($0) * .pi / 180), sin(Float($0) * .pi / 180)) })
        for point in [Point(0, 0), Point(0.3, -0.4), Point(2, 0), Point(-3, 4), Point(0.6, 0.8)] {
            #expect(abs(circle.distance(to: point) - (point.length - 1)) < 0.002)
        }
    }

    @Test func `noise is smooth, and zero on its lattice`() {
        let noise = Noise(seed: 3)
        for index in 0..<50 {
            let lattice = Point(Float(index * 7 % 13) - 6, Float(index % 11) - 5)
            #expect(abs(noise(lattice)) < 1e-5)
            let place = lattice + Point(0.37, 0.61)
            #expect(abs(noise(place) - noise(place + Point(0.001, 0.001))) < 0.02)
            #expect(abs(noise(place)) <= 1.6)
        }
    }

    @Test func `fish keep apart, stay together and flee from a hunter`() throws {
        var randomness = Randomness(seed: 11)
        let manner = FishShoal.Manner(count: 60, spread: 0.6)
        var shoal = FishShoal(manner, around: Vector(0, 0, 2), heading: Vector(1, 0, 0), randomness: &randomness)
        shoal.swim(for: 4, guide: Vector(0, 0, 2))
        let nearest = shoal.fish.map { me in
            shoal.fish.map { ($0.position - me.position).length }.filter { $0 > 0 }.min() ?? 0
        }
        #expect(nearest.reduce(0, +) / 60 > manner.fishLength * 0.4)
        #expect(shoal.fish.allSatisfy { ($0.position - Vector(0, 0, 2)).length < 4 })
        var (calm, hunted) = (shoal, shoal)
        let hunter = shoal.fish.reduce(Vector.zero) { $0 + $1.position } / 60
        calm.swim(for: 0.5, guide: Vector(0, 0, 2))
        hunted.swim(for: 0.5, guide: Vector(0, 0, 2), predator: hunter)
        func distance(_ fish: [Fish]) -> Float { fish.reduce(0) { $0 + ($1.position - hunter).length } / 60 }
        #expect(distance(hunted.fish) > distance(calm.fish))
    }
}
