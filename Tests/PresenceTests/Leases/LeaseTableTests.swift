import ContentTrust
import TestSupport
import Testing

@testable import Presence

@Suite struct LeaseTableTests {
    private static let record = NodeRecord(
        name: "n1 \"quoted\" é",
        floor: 3,
        epochs: [5, .max, 0],
        topology: 7,
        connections: 12,
        announced: 345,
        isDraining: true,
        problem: "cannot reach b"
    )

    @Test func readsItsOwnRecords() {
        #expect(NodeRecord(encoded: Self.record.encoded) == Self.record)
        let plain = NodeRecord(name: "", floor: 0, epochs: [], topology: 1)
        #expect(NodeRecord(encoded: plain.encoded) == plain)
    }

    /// Whoever wrote something else is no node that this program can reach.
    @Test func refusesOtherRecords() throws {
        let text = try #require(String(validating: Self.record.encoded, as: UTF8.self))
        for field in ["name", "floor", "epochs", "topology", "connections", "announced", "draining", "problem"] {
            let lacking = text.replacing("\"\(field)\"", with: "\"other\"")
            #expect(lacking != text)
            #expect(NodeRecord(encoded: Array(lacking.utf8)) == nil)
        }
        for (sound, wrong) in [
            ("\"floor\":3", "\"floor\":-1"), ("\"floor\":3", "\"floor\":4294967296"), ("[5,", "[\"5\","),
            ("[5,", "[4294967296,"), ("\"draining\":true", "\"draining\":1"),
        ] {
            #expect(text.contains(sound))
            #expect(NodeRecord(encoded: Array(text.replacing(sound, with: wrong).utf8)) == nil)
        }
        #expect(NodeRecord(encoded: []) == nil)
    }

    @Test func saysHowAMemberStands() {
        let table = LeaseTable(nodes: [1: NodeRecord(name: "n", floor: 4, epochs: [5, 9], topology: 1)])
        func member(_ node: UInt64, _ epoch: UInt32, loop: Int) -> [PresenceMember] {
            [
                PresenceMember(node: node, epoch: epoch, peer: UInt64(loop) << 56 | 77),
                .marker(node: node, epoch: epoch, loop: loop, level: 3),
            ]
        }
        let expected: [(UInt64, UInt32, Int, LeaseTable.Standing)] = [
            (1, 5, 0, .live), (1, 4, 0, .dead), (1, 6, 0, .ahead), (1, 9, 1, .live), (1, 5, 1, .dead),
            (1, 10, 1, .ahead), (1, 5, 2, .dead), (1, .max, 2, .dead), (2, 5, 0, .absent),
        ]
        for (node, epoch, loop, standing) in expected {
            for member in member(node, epoch, loop: loop) {
                #expect(table.standing(of: member) == standing)
                #expect(table.isOutdated(by: member) == (standing == .absent || standing == .ahead))
            }
        }
        #expect([3, 4, 5, 100].map { table.isReachable(node: 1, epoch: $0) } == [false, true, true, true])
        #expect(!table.isReachable(node: 2, epoch: 100))
    }
}
