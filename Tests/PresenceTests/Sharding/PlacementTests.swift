import ContentTrust
import Foundation
import TestSupport
import Testing

@testable import Presence

/// Where parts belong: against an independent implementation, and through the steps of a change.
@Suite struct PlacementTests {
    private struct Vectors: Decodable {
        struct Case: Decodable {
            var content: String
            var part: UInt16
            var key: String
            var owners: [String: String]
        }

        var clusters: [String: [String: Int]]
        var cases: [Case]
    }

    private func content(hex: String) throws -> ContentID {
        let digits = Array(hex)
        let bytes = stride(from: 0, to: digits.count, by: 2).compactMap {
            UInt8(String(digits[$0..<$0 + 2]), radix: 16)
        }
        return try #require(ContentID(bytes: bytes))
    }

    /// Tests/Fixtures/placement.py computes owners in Python, with decimals of 60 digits for the scores.
    @Test func agreesWithAnIndependentImplementation() throws {
        let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let file = try Data(contentsOf: tests.appendingPathComponent("Fixtures/placement.json"))
        let vectors = try JSONDecoder().decode(Vectors.self, from: file)
        #expect(vectors.cases.count == 60)
        for test in vectors.cases {
            let part = SwarmPart(content: try content(hex: test.content), number: test.part)
            #expect(part.placementKey == UInt64(test.key, radix: 16))
            for (name, weights) in vectors.clusters {
                let shards = weights.map { (name: $0.key, weight: $0.value) }
                let owner = RendezvousHash(shards).owner(of: part.placementKey)
                #expect(owner.map { shards[$0].name } == test.owners[name], "\(name), \(test)")
            }
        }
    }

    private func initial(_ count: Int) throws -> Topology {
        try Topology(initial: (0..<count).map { ("shard-\($0)", "redis://127.0.0.1:\(7_000 + $0)") })
    }

    private static let parts = (0..<400).map { number in
        SwarmPart(content: PresenceModel.content(number), number: UInt16(number % 3 * 7))
    }

    /// By name, because indices change with the shards.
    private func names(_ placement: Placement, _ indices: [Int]) -> Set<String> {
        Set(indices.map { placement.topology.shards[$0].name })
    }

    private func writers(_ placement: Placement, _ part: SwarmPart) -> Set<String> {
        let owners = placement.writers(of: part)
        #expect(owners.second != owners.first)
        return names(placement, [owners.first] + (owners.second.map { [$0] } ?? []))
    }

    private func reader(_ placement: Placement, _ part: SwarmPart) -> String {
        placement.topology.shards[placement.reader(of: part)].name
    }

    /// The property that lets a cluster serve while it changes: what a node reads, nodes one step before and one step after have written.
    @Test func readsWhatNeighbouringStepsHaveWritten() throws {
        let four = try initial(4)
        let added = try four.adding("added", url: "redis://127.0.0.1:7100", weight: 2)
        for start in [added, try four.draining("shard-1"), try four.removing("shard-2")] {
            let switching = try #require(start.advanced)
            let stable = try #require(switching.advanced)
            let abandoned = try #require(start.abandoned)
            var moved = 0
            for (before, after) in [(four, start), (start, switching), (switching, stable), (start, abandoned)] {
                let (a, b) = (Placement(before), Placement(after))
                for part in Self.parts {
                    #expect(writers(a, part).contains(reader(b, part)))
                    #expect(writers(b, part).contains(reader(a, part)))
                    #expect(writers(a, part).contains(reader(a, part)))
                    moved += reader(a, part) == reader(b, part) ? 0 : 1
                }
            }
            #expect(moved > 0)
        }
    }

    @Test func writesToOneShardWhileNothingChanges() throws {
        let placement = Placement(try initial(4))
        for part in Self.parts {
            let owners = placement.writers(of: part)
            #expect(owners == Placement.Owners(first: placement.reader(of: part), second: nil))
            #expect((0..<4).filter(owners.contains) == [owners.first])
        }
    }

    /// The parts of one content are spread over the shards, or a hot one would stay where it is.
    @Test func spreadsThePartsOfOneContent() throws {
        let placement = Placement(try initial(4))
        var counts = [0, 0, 0, 0]
        for number in 0..<1_024 as Range<UInt16> {
            counts[placement.reader(of: SwarmPart(content: PresenceModel.content(1), number: number))] += 1
        }
        for count in counts { #expect((200...312).contains(count)) }
    }

    @Test func prefersShardsByNameAlone() throws {
        let four = try initial(4)
        // Its name comes first, so it moves every index.
        let five = try four.adding("a-first", url: "redis://127.0.0.1:7100")
        let (a, b) = (Placement(four), Placement(five))
        var firsts: [String: Int] = [:]
        for node in 0..<1_000 as Range<UInt64> {
            let order = b.preference(of: node).map { five.shards[$0].name }
            #expect(order.count == 5 && Set(order).count == 5)
            #expect(a.preference(of: node).map { four.shards[$0].name } == order.filter { $0 != "a-first" })
            firsts[order[0], default: 0] += 1
        }
        for count in firsts.values { #expect((140...260).contains(count)) }
    }
}
