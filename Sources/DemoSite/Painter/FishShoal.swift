import Foundation

/// One fish of a shoal, in the space of the lens: x to the right, y up, z away from the eye.
struct Fish {
    var position: Vector
    var velocity: Vector
    let length: Float
    /// Where in its tail beat the fish is, in radians.
    var beat: Float
    /// A number of its own in [0, 1), for small differences.
    let character: Float
}

/// Fish that swim as a shoal: each keeps apart from, turns with and draws near to the few around it (Reynolds 1987), follows a
/// guide, and flees from a predator.
struct FishShoal {
    struct Manner {
        var count = 600
        /// How far a fish sees.
        var sight: Float = 0.32
        var speed: Float = 0.55
        var fishLength: Float = 0.12
        /// The room that a fish keeps around it, in lengths.
        var room: Float = 1.5
        /// Distance from the guide at which fish are drawn back to it.
        var spread: Float = 0.8
        /// How the shoal is flattened: 1 is a ball, less is a band.
        var flatness: Float = 0.55
        /// Strength with which the shoal turns around the guide; 0 is a stream, 1 a whirl.
        var whirl: Float = 0
    }

    private(set) var fish: [Fish]
    let manner: Manner

    init(_ manner: Manner, around centre: Vector, heading: Vector, randomness: inout Randomness) {
        self.manner = manner
        fish = (0..<manner.count).map { _ in
            let offset = Vector(randomness.normal(), randomness.normal() * manner.flatness, randomness.normal())
            let scatter = Vector(randomness.normal(), randomness.normal(), randomness.normal()) * 0.2
            return Fish(
                position: centre + offset * manner.spread * 0.6,
                velocity: (heading + scatter).normalized * manner.speed,
                length: manner.fishLength * randomness.uniform(0.75, 1.2),
                beat: randomness.uniform(0, 2 * .pi),
                character: randomness.unit()
            )
        }
    }

    /// Lets `time` pass, in steps of a thirtieth of a second at most, so that the result depends on the seed alone.
    mutating func swim(for time: Float, guide: Vector, predator: Vector? = nil) {
        let steps = max(Int((time * 30).rounded(.up)), 1)
        for _ in 0..<steps { step(time / Float(steps), guide: guide, predator: predator) }
    }

    private mutating func step(_ time: Float, guide: Vector, predator: Vector?) {
        let grid = Grid(fish, cell: manner.sight)
        let old = fish
        let room = manner.fishLength * manner.room
        for index in fish.indices {
            let me = old[index]
            var (apart, velocity, middle, seen) = (Vector.zero, Vector.zero, Vector.zero, Float(0))
            grid.neighbours(of: me.position, limit: 14) { other in
                guard other != index else { return false }
                let offset = me.position - old[other].position
                let squared = offset.dot(offset)
                guard squared < manner.sight * manner.sight else { return false }
                let distance = squared.squareRoot()
                apart += offset / (distance + 0.001) * max(1 - distance / room, 0)
                velocity += old[other].velocity
                middle += old[other].position
                seen += 1
                return true
            }
            var push = Vector.zero
            if seen > 0 {
                push += apart * 2.2
                push += (velocity / seen - me.velocity) * 2.2
                push += (middle / seen - me.position) * 0.8
            }
            var home = guide - me.position
            home.y /= manner.flatness
            let distance = home.length
            push += home / max(distance, 0.01) * (smoothstep(manner.spread * 0.4, manner.spread * 1.7, distance) * 1.1)
            if manner.whirl > 0 {
                push += Vector(home.z, 0, -home.x).normalized * manner.whirl
            }
            if let predator {
                let away = me.position - predator
                let range = away.length
                push += away / max(range, 0.01) * (5 * smoothstep(0.85, 0.15, range))
            }
            // A shoal in free water stays level; fish that climb or dive steeply look like leaves.
            push.y -= me.velocity.y * 0.7
            fish[index].velocity += push * time
            let speed = fish[index].velocity.length
            let wanted = clamp(speed, manner.speed * 0.7, manner.speed * 2.2)
            fish[index].velocity *= mix(wanted, manner.speed, 0.04) / max(speed, 1e-6)
            fish[index].position += fish[index].velocity * time
            fish[index].beat += time * (7 + 9 * speed / manner.speed)
        }
    }
}

/// Fish by the cell of space that they are in, so that a fish looks at its neighbours only.
private struct Grid {
    private let cell: Float
    private let low: Vector
    private let size: SIMD3<Int32>
    private var first: [Int32]
    private var next: [Int32]

    init(_ fish: [Fish], cell: Float) {
        self.cell = cell
        low = fish.reduce(Vector(repeating: .infinity)) { pointwiseMin($0, $1.position) }
        let high = fish.reduce(Vector(repeating: -.infinity)) { pointwiseMax($0, $1.position) }
        let extent = ((high - low) / cell).clamped(lowerBound: .zero, upperBound: Vector(repeating: 63))
        size = SIMD3<Int32>(extent) &+ 1
        first = [Int32](repeating: -1, count: Int(size.x * size.y * size.z))
        next = [Int32](repeating: -1, count: fish.count)
        for index in fish.indices {
            let home = self.index(of: place(of: fish[index].position))
            next[index] = first[home]
            first[home] = Int32(index)
        }
    }

    private func place(of position: Vector) -> SIMD3<Int32> {
        let upper = Vector(size &- 1)
        return SIMD3<Int32>(((position - low) / cell).clamped(lowerBound: .zero, upperBound: upper))
    }

    private func index(of place: SIMD3<Int32>) -> Int { Int((place.z * size.y + place.y) * size.x + place.x) }

    /// Shows the fish in and around the cell of `position` until `limit` of them counted.
    func neighbours(of position: Vector, limit: Int, _ counts: (Int) -> Bool) {
        let home = place(of: position)
        let low = pointwiseMax(home &- 1, SIMD3(repeating: 0))
        let high = pointwiseMin(home &+ 1, size &- 1)
        var counted = 0
        for z in low.z...high.z {
            for y in low.y...high.y {
                for x in low.x...high.x {
                    var index = first[self.index(of: SIMD3(x, y, z))]
                    while index >= 0 {
                        if counts(Int(index)) { counted += 1 }
                        if counted == limit { return }
                        index = next[Int(index)]
                    }
                }
            }
        }
    }
}
