import ContentTrust
import TestSupport
import Testing

@testable import Presence

/// What holds when nothing happens any more.
extension SimulatedCluster {
    /// Heals everything and waits until every node has settled.
    func settle() {
        for shard in shards.indices { shards[shard].isUp = true }
        for node in nodes { node.pausedUntil = 0 }
        for round in 0..<400 {
            restoreLinks()
            step(100, isHealthy: true)
            let isSettled = nodes.allSatisfy { node in
                node.settledTopology == topology.epoch && node.links.allSatisfy(\.isUp)
                    && node.loops.allSatisfy { loop in loop.sweeps.isEmpty && loop.slots.allSatisfy(\.takesFinds) }
            }
            if isSettled, topology.phase == .stable, round > 40 { return }
        }
        expect(false, "the cluster does not settle: \(nodes.map(\.settledTopology))")
    }

    /// The index is the union of what the nodes' peers have, and nothing else counts.
    func checkIndex() {
        var expected: [Int: [SwarmPart: Set<PresenceMember>]] = [:]
        let placed = place(topology)
        for node in nodes {
            for loop in node.loops {
                for entry in loop.entries {
                    for write in loop.local.writes(for: entry) {
                        let shard = placed.reader(of: write.part)
                        guard let epoch = loop.slot(shard)?.epoch else { continue }
                        let member: PresenceMember
                        switch write {
                        case .add(_, let peer): member = PresenceMember(node: node.number, epoch: epoch, peer: peer)
                        case .mark(_, let level):
                            member = .marker(node: node.number, epoch: epoch, loop: loop.index, level: level)
                        default: continue
                        }
                        expected[shard, default: [:]][write.part, default: []].insert(member)
                    }
                }
            }
        }
        for index in shards.indices where placed.shards.contains(index) {
            let leases = shards[index].leases(now: now)
            var found: [SwarmPart: Set<PresenceMember>] = [:]
            for (part, key) in shards[index].keys {
                let live = key.members.filter { leases.standing(of: $0) == .live }
                guard !live.isEmpty else { continue }
                found[part] = Set(live)
                expect(key.isKept, "no time to live: \(shards[index].name) \(part)")
            }
            for part in Set(found.keys).union(expected[index, default: [:]].keys) {
                let (there, should) = (found[part, default: []], expected[index, default: [:]][part, default: []])
                expect(
                    should.isSubset(of: there),
                    "\(shards[index].name) lacks \(should.subtracting(there)) of \(part)"
                )
                expect(
                    there.isSubset(of: should),
                    "\(shards[index].name) has kept \(there.subtracting(should)) of \(part)"
                )
            }
        }
        reached.parts = max(reached.parts, expected.values.reduce(0) { $0 + $1.count })
    }
}
