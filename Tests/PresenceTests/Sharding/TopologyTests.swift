import TestSupport
import Testing

@testable import Presence

/// Changes of a topology: what every sequence of them keeps, and what is refused.
@Suite struct TopologyTests {
    private static func url(_ name: String) -> String { "redis://127.0.0.1/\(name)" }

    private static func initial(_ names: String...) throws -> Topology {
        try Topology(initial: names.map { ($0, url($0)) })
    }

    /// Runs `change` and gives the text of its refusal.
    private func refusal(_ change: () throws -> Topology) -> String? {
        do {
            _ = try change()
            return nil
        } catch { return "\(error)" }
    }

    private func check(_ topology: Topology) throws {
        let shards = topology.shards
        #expect(Set(shards.map(\.name)).count == shards.count)
        #expect(Set(shards.map(\.url)).count == shards.count)
        #expect(shards.map(\.name) == shards.map(\.name).sorted())
        #expect((1...Topology.shardLimit).contains(shards.count))
        #expect(shards.contains { $0.weight > 0 } && shards.contains { $0.nextWeight > 0 })
        for shard in shards {
            #expect(Topology.weightRange.contains(shard.weight) && Topology.weightRange.contains(shard.nextWeight))
            if shard.isLeaving { #expect(topology.phase != .stable && shard.nextWeight == 0) }
            if topology.phase == .stable { #expect(shard.weight == shard.nextWeight) }
        }
        #expect(try Topology(document: topology.document) == topology)
        #expect(try Topology(document: topology.document).document == topology.document)
    }

    /// Random steps, legal and not: a refused one names a reason, every other one leads to a sound topology, one epoch on.
    @Test(arguments: 1...60 as ClosedRange<UInt64>)
    func staysSound(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        var topology = try Self.initial("a", "b")
        var before = topology
        for _ in 0..<80 {
            let name = ["a", "b", "c", "d", "e", "f", "Bad"].randomElement(using: &random) ?? "a"
            var next: Topology?
            let text = refusal {
                switch Int.random(in: 0..<6, using: &random) {
                case 0:
                    let weight = Int.random(in: -1...101, using: &random)
                    next = try topology.adding(name, url: Self.url(name), weight: weight)
                case 1: next = try topology.draining(name)
                case 2: next = try topology.removing(name)
                case 3:
                    next = topology.abandoned
                    #expect((next == nil) == (topology.phase != .prepare))
                    // Back to what was in force before the change began.
                    if let next { #expect(next.shards == before.shards) }
                default:
                    next = topology.advanced
                    #expect((next == nil) == (topology.phase == .stable))
                }
                return next ?? topology
            }
            if let text {
                #expect(text.hasSuffix("."))
                continue
            }
            guard let next else { continue }
            if topology.phase == .stable { before = topology }
            #expect(next.epoch == topology.epoch + 1)
            try check(next)
            topology = next
        }
    }

    @Test func takesThreeSteps() throws {
        let stable = try Self.initial("b", "a")
        #expect(stable.epoch == 1 && stable.phase == .stable && stable.shards.map(\.name) == ["a", "b"])
        #expect(stable.advanced == nil && stable.abandoned == nil)

        let prepare = try stable.adding("c", url: Self.url("c"), weight: 3)
        #expect(prepare.phase == .prepare)
        #expect(prepare.shards.map(\.weight) == [1, 1, 0] && prepare.shards.map(\.nextWeight) == [1, 1, 3])
        #expect(prepare.abandoned?.shards == stable.shards)
        let switching = try #require(prepare.advanced)
        #expect(switching.phase == .switching && switching.shards == prepare.shards && switching.abandoned == nil)
        let added = try #require(switching.advanced)
        #expect(added.epoch == 4 && added.phase == .stable && added.shards.map(\.weight) == [1, 1, 3])

        let drained = try #require(try added.draining("a").advanced?.advanced)
        #expect(drained.shards.map(\.weight) == [0, 1, 3])
        let removed = try #require(try drained.removing("a").advanced?.advanced)
        #expect(removed.shards.map(\.name) == ["b", "c"])
        #expect(removed.epoch == 10)
    }

    @Test func refusesIllegalChanges() throws {
        let two = try Self.initial("a", "b")
        #expect(
            refusal { try two.adding("a", url: Self.url("c")) }
                == "There is a shard a already, at redis://127.0.0.1/a; choose another name."
        )
        #expect(
            refusal { try two.adding("c", url: Self.url("a")) } == "The shards a and c have the same address."
        )
        for name in ["", "A", "a_b", "é", "a b", String(repeating: "a", count: Topology.nameLimit + 1)] {
            #expect(
                refusal { try two.adding(name, url: Self.url("c")) }
                    == "A shard's name is 1 to 32 of a-z, 0-9 and hyphen, not \"\(name)\"."
            )
        }
        #expect(
            refusal { try two.adding(String(repeating: "z", count: Topology.nameLimit), url: Self.url("c")) } == nil
        )
        for weight in [0, -1] {
            #expect(
                refusal { try two.adding("c", url: Self.url("c"), weight: weight) }
                    == "A new shard needs a weight of 1 to 100, not \(weight)."
            )
        }
        #expect(
            refusal { try two.adding("c", url: Self.url("c"), weight: 101) }
                == "The weight of shard c is 101, not 0 to 100."
        )
        #expect(refusal { try two.adding("c", url: Self.url("c"), weight: 100) } == nil)
        for change in [two.draining, two.removing] {
            #expect(refusal { try change("x") } == "There is no shard x; the shards are a, b.")
        }
        let one = try #require(try two.removing("b").advanced?.advanced)
        for change in [one.draining, one.removing] {
            #expect(refusal { try change("a") } == "a is the last shard that holds anything; add another one first.")
        }
        let busy = try two.draining("a")
        #expect(
            refusal { try busy.removing("b") } == "Another change is under way (epoch 2, prepare); it has to end first."
        )
        #expect(
            refusal { try #require(busy.advanced).adding("c", url: Self.url("c")) }
                == "Another change is under way (epoch 3, switch); it has to end first."
        )
    }

    @Test func hasOneToSixtyFourShards() throws {
        let names = (0...Topology.shardLimit).map { "s\($0)" }
        #expect(
            refusal { try Topology(initial: names.map { ($0, Self.url($0)) }) }
                == "A cluster has 1 to 64 shards, not 65."
        )
        #expect(refusal { try Topology(initial: []) } == "A cluster has 1 to 64 shards, not 0.")
        let full = try Topology(initial: names.dropLast().map { ($0, Self.url($0)) })
        try check(full)
        #expect(refusal { try full.adding("x", url: Self.url("x")) } == "A cluster has 1 to 64 shards, not 65.")
        #expect(refusal { try Topology(initial: [("a", "u"), ("a", "v")]) } == "Two shards have the name a.")
    }
}
