import ContentTrust
import TestSupport
import Testing

@testable import Presence

/// Clusters in which everything goes wrong that can, while ``SimulatedCluster`` watches every find, and at the end the whole index.
///
/// The rules of a node are those of the nodes over Redis: nothing is written before the lease names the epoch; an answer that is newer
/// than the leases waits for a reading that began later; what leaves is taken back wherever it may have been written.
@Suite struct ClusterSimulationTests {
    private static let nobody = PeerAddress(node: 0, peer: 0)

    /// What happens, once in so many steps; 0 is never.
    struct Chances {
        var lostLink = 0
        var lostHome = 0
        var crash = 0
        var flush = 0
        var pause = 0
        var kill = 0
        var change = 0
    }

    @Test(arguments: 1...60 as ClosedRange<UInt64>)
    func survivesEverything(seed: UInt64) throws {
        let chances = Chances(lostLink: 12, lostHome: 25, crash: 60, flush: 60, pause: 40, kill: 60, change: 25)
        try Self.run(seed: seed, chances)
    }

    /// Two renewals that set the lease in any case, and in between a shard that forgot what was written after the first.
    @Test func vouchesOnlyOnceForAnEpoch() throws {
        let chances = Chances(lostLink: 12, lostHome: 25, crash: 60, flush: 10, pause: 40, kill: 60, change: 25)
        for seed in 10_000...10_012 as ClosedRange<UInt64> { try Self.run(seed: seed, chances) }
    }

    /// Without faults no find may fail to see a peer, whatever becomes of the shards.
    @Test(arguments: 1_000...1_040 as ClosedRange<UInt64>)
    func missesNobodyWhileShardsChange(seed: UInt64) throws {
        let reached = try Self.run(seed: seed, Chances(change: 4))
        #expect(reached.changes >= 2, "seed \(seed)")
        #expect(reached.wholeFinds > 30, "seed \(seed)")
    }

    @Test(arguments: 2_000...2_030 as ClosedRange<UInt64>)
    func survivesBrokenLinks(seed: UInt64) throws { try Self.run(seed: seed, Chances(lostLink: 4, lostHome: 15)) }

    @Test(arguments: 3_000...3_030 as ClosedRange<UInt64>)
    func survivesPausesAndDeaths(seed: UInt64) throws {
        try Self.run(seed: seed, Chances(crash: 50, pause: 12, kill: 25, change: 20))
    }

    /// Thousands of peers of one content, by the sizes of parts that are in force.
    @Test(arguments: 4_000...4_003 as ClosedRange<UInt64>)
    func survivesEverythingWhileAContentIsHot(seed: UInt64) throws {
        let chances = Chances(lostLink: 8, lostHome: 20, crash: 30, flush: 40, pause: 15, kill: 20, change: 10)
        let reached = try Self.run(seed: seed, chances, steps: 40, hotPeers: 2_000)
        #expect(reached.parts > 10)
    }

    @discardableResult
    private static func run(
        seed: UInt64,
        _ chances: Chances,
        steps: Int = 200,
        hotPeers: Int = 0
    ) throws -> SimulatedCluster.Reached {
        let cluster = try SimulatedCluster(seed: seed, shards: Int(seed % 3) + 1)
        for _ in 0..<Int.random(in: 1...3, using: &cluster.random) { cluster.join(loops: 2) }
        if hotPeers > 0 {
            cluster.settle()
            let loops = cluster.nodes.flatMap(\.loops)
            for number in 0..<hotPeers {
                let loop = loops[number % loops.count]
                loop.add(PresenceModel.content(0), loop.node.makePeer(loop: loop.index))
            }
            cluster.settle()
            cluster.checkIndex()
        }
        var shardNames = 10
        for _ in 0..<steps {
            if cluster.random.oneIn(30), hotPeers == 0 {
                cluster.exaggeration = [1, 10, 40, 300].randomElement(using: &cluster.random) ?? 1
            }
            serve(cluster)
            harm(cluster, chances)
            func happens(_ sides: Int) -> Bool { sides > 0 && cluster.random.oneIn(sides) }
            if happens(chances.change), cluster.topology.phase == .stable {
                shardNames += 1
                change(cluster, "s\(shardNames)")
            }
            cluster.step(.random(in: 1...60, using: &cluster.random))
        }
        cluster.settle()
        cluster.checkIndex()
        checkFinds(cluster)
        return cluster.reached
    }

    // MARK: What clients do

    private static func serve(_ cluster: SimulatedCluster) {
        for node in cluster.nodes where !node.isPaused {
            for loop in node.loops {
                let content = PresenceModel.content(.random(in: 0..<3, using: &cluster.random))
                switch Int.random(in: 0..<10, using: &cluster.random) {
                case 0..<3: loop.add(content, node.makePeer(loop: loop.index))
                case 3:
                    guard let entry = loop.entries.randomElement(using: &cluster.random) else { continue }
                    loop.add(content, entry.peer)
                case 4: if let entry = loop.entries.randomElement(using: &cluster.random) { loop.remove(entry) }
                case 5 where cluster.random.oneIn(4):
                    guard let peer = loop.entries.randomElement(using: &cluster.random)?.peer else { continue }
                    for entry in loop.entries where entry.peer == peer { loop.remove(entry) }
                case 6, 7:
                    let asker = loop.entries.randomElement(using: &cluster.random).map {
                        PeerAddress(node: node.number, peer: $0.peer)
                    }
                    let limit = [1, 3, 8, 500].randomElement(using: &cluster.random) ?? 8
                    cluster.find(content, limit: limit, excluded: asker ?? nobody, on: loop)
                default: break
                }
            }
        }
    }

    // MARK: What goes wrong

    private static func harm(_ cluster: SimulatedCluster, _ chances: Chances) {
        func happens(_ sides: Int) -> Bool { sides > 0 && cluster.random.oneIn(sides) }
        if let node = cluster.nodes.randomElement(using: &cluster.random) {
            if happens(chances.lostLink), let loop = node.loops.randomElement(using: &cluster.random),
                let slot = loop.slots.randomElement(using: &cluster.random), slot.link.isUp
            {
                cluster.loseLink(of: node, loop: loop.index, slot)
            }
            if happens(chances.lostHome), let home = node.homes.randomElement(using: &cluster.random), home.link.isUp {
                cluster.loseHome(home)
            }
            if happens(chances.pause), !node.isPaused {
                node.pausedUntil = cluster.now + .random(in: 100...6_000, using: &cluster.random)
            }
            if happens(chances.kill) {
                cluster.kill(node)
                cluster.join(loops: .random(in: 1...3, using: &cluster.random))
            }
        }
        if happens(chances.crash), let shard = cluster.shards.indices.randomElement(using: &cluster.random) {
            cluster.crash(shard)
        }
        if happens(chances.flush), let shard = cluster.shards.indices.randomElement(using: &cluster.random) {
            cluster.shards[shard].forget()
        }
        for shard in cluster.shards.indices where !cluster.shards[shard].isUp && cluster.random.oneIn(15) {
            cluster.shards[shard].isUp = true
        }
        cluster.restoreLinks(oneIn: 10)
    }

    private static func change(_ cluster: SimulatedCluster, _ newName: String) {
        let topology = cluster.topology
        let names = topology.shards.map(\.name)
        let name = names.randomElement(using: &cluster.random) ?? ""
        let weight = Int.random(in: 1...4, using: &cluster.random)
        let next: Topology? =
            switch Int.random(in: 0..<4, using: &cluster.random) {
            case 0 where names.count < 5, 1 where names.count < 3:
                try? topology.adding(newName, url: "redis://\(newName)", weight: weight)
            case 2: try? topology.draining(name)
            default: try? topology.removing(name)
            }
        if let next { cluster.change(next) }
    }

    // MARK: At the end

    private static func checkFinds(_ cluster: SimulatedCluster) {
        for number in 0..<3 {
            let content = PresenceModel.content(number)
            for node in cluster.nodes {
                for loop in node.loops { cluster.find(content, limit: 5_000, excluded: nobody, on: loop) }
            }
        }
        let before = cluster.reached.failedFinds
        for _ in 0..<60 { cluster.step(5, isHealthy: true) }
        cluster.expect(cluster.reached.failedFinds == before, "a find failed in a healthy cluster")
    }
}
