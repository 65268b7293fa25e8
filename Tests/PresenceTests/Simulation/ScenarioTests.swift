import ContentTrust
import TestSupport
import Testing

@testable import Presence

/// Courses of events that went wrong once, each by itself.
@Suite struct ScenarioTests {
    /// A settled cluster of one node with one loop, two shards, and peers of many contents.
    private func cluster(peers: Int) throws -> (SimulatedCluster, SimulatedLoop) {
        let cluster = try SimulatedCluster(seed: 1, shards: 2)
        let loop = try #require(cluster.join(loops: 1).loops.first)
        cluster.settle()
        for number in 0..<peers { loop.add(PresenceModel.content(number), loop.node.makePeer(loop: 0)) }
        cluster.settle()
        cluster.checkIndex()
        return (cluster, loop)
    }

    /// Lets time pass until the loop has begun to carry out a topology.
    private func wait(_ cluster: SimulatedCluster, for loop: SimulatedLoop, toBegin epoch: Int) {
        for _ in 0..<1_000 where loop.placed.epoch < epoch { cluster.step(20) }
        #expect(loop.placed.epoch == epoch && !loop.sweeps.isEmpty)
    }

    /// A peer leaves while entries are being taken back from former owners: it was only removed where it was still to be written, and
    /// what the former owner kept would have been introduced again as soon as the shard got the part back.
    @Test func takesBackWhatLeavesDuringAMove() throws {
        let (cluster, loop) = try cluster(peers: 300)
        cluster.change(try cluster.topology.draining("s0"))
        wait(cluster, for: loop, toBegin: 4)
        for entry in loop.entries { loop.remove(entry) }
        cluster.settle()
        cluster.checkIndex()
        for shard in cluster.shards { #expect(shard.keys.isEmpty) }
    }

    /// A change is abandoned while entries are being written to new owners: compared with the placement before it nothing had changed, so
    /// nothing was taken back.
    @Test func takesBackWhatAnAbandonedChangeWrote() throws {
        let (cluster, loop) = try cluster(peers: 300)
        cluster.change(try cluster.topology.draining("s0"))
        wait(cluster, for: loop, toBegin: 2)
        cluster.change(try #require(cluster.topology.abandoned))
        cluster.settle()
        cluster.checkIndex()
    }

    /// A shard loses its memory while all links to it stay up; only a renewal can tell.
    @Test func refillsAShardThatForgets() throws {
        let (cluster, loop) = try cluster(peers: 50)
        let epochs = loop.slots.map(\.epoch)
        cluster.shards[0].forget()
        cluster.settle()
        cluster.checkIndex()
        #expect(loop.slots[0].epoch > epochs[0] && loop.slots[1].epoch == epochs[1])
        #expect(!cluster.shards[0].keys.isEmpty && loop.node.floor == 1)
    }

    /// A paused node is fenced, comes back under new epochs, and what it had written before counts no more.
    @Test(arguments: [2_000, 3_500, 60_000])
    func comesBackFromAPause(milliseconds: Int) throws {
        let (cluster, loop) = try cluster(peers: 50)
        let epochs = loop.slots.map(\.epoch)
        loop.node.pausedUntil = cluster.now + milliseconds
        while loop.node.isPaused { cluster.step(50) }
        cluster.settle()
        cluster.checkIndex()
        let isLong = milliseconds > NodeLease.duration
        #expect(loop.node.fences == (isLong ? 1 : 0))
        #expect(loop.slots.map(\.epoch).allSatisfy { ($0 >= loop.node.floor) })
        #expect((loop.slots.map(\.epoch) != epochs) == isLong)
    }
}
