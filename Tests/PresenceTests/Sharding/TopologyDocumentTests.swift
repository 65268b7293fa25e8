import ContentTrust
import TestSupport
import Testing

@testable import Presence

/// What a shard returns as the topology may have been written by anybody.
@Suite struct TopologyDocumentTests {
    private func refusal(_ document: String) -> String? {
        do {
            _ = try Topology(document: Array(document.utf8))
            return nil
        } catch { return error.description }
    }

    private func document(
        format: String = "1",
        epoch: String = "3",
        phase: String = "prepare",
        shards: String...
    ) -> String {
        #"{"format":\#(format),"epoch":\#(epoch),"phase":"\#(phase)","shards":[\#(shards.joined(separator: ","))]}"#
    }

    private func shard(
        _ name: String = "a",
        url: String? = nil,
        _ weight: Int = 1,
        _ next: Int = 1,
        leaving: Bool = false
    ) -> String {
        #"{"name":"\#(name)","url":"\#(url ?? name)","weight":\#(weight),"nextWeight":\#(next),"leaving":\#(leaving)}"#
    }

    @Test func readsWhatIsSpecified() throws {
        let text = document(shards: shard("b", 0, 2), shard("a", 5, 0, leaving: true))
        let topology = try Topology(document: Array(text.utf8))
        #expect(topology.epoch == 3 && topology.phase == .prepare)
        #expect(topology.shards.map(\.name) == ["a", "b"])
        #expect(topology.shards.map(\.weight) == [5, 0] && topology.shards.map(\.nextWeight) == [0, 2])
        #expect(topology.shards.map(\.isLeaving) == [true, false])
    }

    @Test func saysWhatIsWrong() {
        #expect(refusal("") == "The topology document is not JSON: byte 0 is wrong.")
        #expect(refusal("[]") == "The topology document has no format number.")
        #expect(refusal(#"{"format":"1"}"#) == "The topology document has no format number.")
        #expect(
            refusal(document(format: "2", shards: shard()))
                == "The topology document has format 2; this program knows 1. Run the version that wrote it."
        )
        for wrong in [
            document(epoch: "\"3\"", shards: shard()), document(epoch: "1.5", shards: shard()),
            document(phase: "later", shards: shard()), #"{"format":1,"epoch":1,"phase":"stable"}"#,
        ] {
            #expect(refusal(wrong) == "The topology document lacks epoch, phase or shards.")
        }
        for field in ["name", "url", "weight", "nextWeight", "leaving"] {
            let lacking = shard("b").replacing("\"\(field)\"", with: "\"other\"")
            #expect(
                refusal(document(shards: shard(), lacking)) == "shards[1] of the topology document lacks a field."
            )
        }
        #expect(refusal(document(shards: "7")) == "shards[0] of the topology document lacks a field.")
        #expect(refusal(document(shards: shard("a", -1))) == "The weight of shard a is -1, not 0 to 100.")
        #expect(refusal(document(shards: shard("a", 1, 101))) == "The weight of shard a is 101, not 0 to 100.")
        #expect(refusal(document(shards: shard(), shard(url: "v"))) == "Two shards have the name a.")
        #expect(
            refusal(document(shards: shard(), shard("b", url: "a"))) == "The shards a and b have the same address."
        )
        #expect(refusal(document(shards: shard("A"))) == "A shard's name is 1 to 32 of a-z, 0-9 and hyphen, not \"A\".")
        #expect(refusal(document()) == "A cluster has 1 to 64 shards, not 0.")
        for weights in [(0, 1), (1, 0)] {
            #expect(refusal(document(shards: shard("a", weights.0, weights.1))) == "No shard has a weight above 0.")
        }
    }

    /// Defect found: these were taken, and a stable topology then read by weights that nobody wrote by.
    @Test func refusesWhatContradictsItself() {
        for epoch in ["0", "-1"] {
            #expect(
                refusal(document(epoch: epoch, shards: shard()))
                    == "The epoch of a topology is 1 or more, not \(epoch)."
            )
        }
        for changing in [shard("a", 1, 2), shard("a", 0, 0, leaving: true)] {
            #expect(
                refusal(document(phase: "stable", shards: changing, shard("b")))
                    == "The shard a is changing, but the topology's phase is stable."
            )
        }
        #expect(
            refusal(document(shards: shard("a", 1, 1, leaving: true), shard("b")))
                == "The shard a is leaving, but its next weight is 1."
        )
    }

    /// Cut off anywhere or with any byte changed: refused, or read as a topology that is sound; never a crash.
    @Test func survivesDamage() throws {
        let whole = Array(document(shards: shard("a", 1, 0, leaving: true), shard("b", 0, 2), shard("c")).utf8)
        var random = SplitMix64(seed: 1)
        for length in whole.indices { #expect(refusal(String(decoding: whole[..<length], as: UTF8.self)) != nil) }
        for _ in 0..<2_000 {
            var damaged = whole
            damaged[Int.random(in: damaged.indices, using: &random)] = random.bytes(1)[0]
            guard let topology = try? Topology(document: damaged) else { continue }
            #expect(try Topology(document: topology.document) == topology)
            _ = Placement(topology).writers(of: SwarmPart(content: PresenceModel.content(1)))
        }
    }
}
