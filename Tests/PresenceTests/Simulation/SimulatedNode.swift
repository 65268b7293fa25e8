import ContentTrust
import TestSupport

@testable import Presence

/// A node: what its event loops share, and the loops.
final class SimulatedNode {
    /// The node's own link to a shard, on which leases are renewed and read.
    final class Home {
        let link: SimulatedLink
        var lastRenewal = Int.min / 2
        var lastReading = Int.min / 2
        var granted: [UInt32]
        var leases: LeaseTable?
        /// A renewal is on its way that sets the key in any case. Another one must wait: if the shard forgot everything between the two,
        /// the second would vouch for what was written after the first.
        var isSetting = false

        init(to shard: Int, loopCount: Int) {
            link = SimulatedLink(to: shard)
            granted = Array(repeating: 0, count: loopCount)
        }
    }

    let number: UInt64
    unowned let cluster: SimulatedCluster
    private(set) var lease: NodeLease
    private(set) var homes: [Home] = []
    private(set) var loops: [SimulatedLoop] = []
    private(set) var topology: Topology
    /// Readings of leases that were begun, of all shards.
    private var readings = 0
    /// Nothing happens on it until then.
    var pausedUntil = 0
    private(set) var fences = 0
    private var nextPeer: UInt64 = 0

    init(number: UInt64, loopCount: Int, cluster: SimulatedCluster) {
        self.number = number
        self.cluster = cluster
        topology = cluster.topology
        lease = NodeLease(loopCount: loopCount)
        let placed = cluster.place(topology)
        lease.adopt(kept: placed.shards.map { _ in nil })
        homes = placed.shards.map { Home(to: $0, loopCount: loopCount) }
        loops = (0..<loopCount).map { SimulatedLoop(index: $0, node: self, placed: placed) }
        for (shard, home) in homes.enumerated() where !cluster.shards[home.link.shard].isUp {
            home.link.breakDown()
            for loop in loops { loop.down(loop.slots[shard]) }
        }
    }

    var now: Int { cluster.now }
    var isPaused: Bool { now < pausedUntil }
    var floor: UInt32 { lease.floor }
    var isHeld: Bool { lease.isHeld(now: now) }
    var settledTopology: Int { loops.map(\.settledTopology).min() ?? 0 }
    var links: [SimulatedLink] { homes.map(\.link) + loops.flatMap { $0.slots.map(\.link) } }

    func nextStamp() -> Int { cluster.nextStamp() }

    /// The ID of a new peer on a loop.
    func makePeer(loop: Int) -> UInt64 {
        nextPeer += 1
        return UInt64(loop) << 56 | number << 32 | nextPeer
    }

    // MARK: Leases

    /// What a node does every few milliseconds.
    func tick() {
        checkLease()
        for home in homes where home.link.isUp {
            if now - home.lastRenewal >= NodeLease.renewInterval { renew(home) }
            if now - home.lastReading >= NodeLease.readInterval { read(home) }
        }
        let slice = Int.random(in: 1...40, using: &cluster.random)
        for loop in loops { loop.proceed(slice) }
    }

    func checkLease() { perform(lease.check(now: now)) }

    private func perform(_ actions: [NodeLease.Action]) {
        for action in actions {
            switch action {
            case .refill(let index, let lapsed):
                for loop in lapsed { loops[loop].lapse(homes[index].link.shard, reading: readings + 1) }
                renew(homes[index])
            case .fenced(let floor):
                fences += 1
                cluster.fenced(self, floor: floor)
            }
        }
    }

    private func renew(_ home: Home) {
        guard home.link.isUp, !home.isSetting, let index = homes.firstIndex(where: { $0 === home }) else { return }
        home.lastRenewal = now
        home.isSetting = lease.isNew(on: index)
        let epochs = lease.epochs(on: index)
        let record = NodeRecord(name: "n\(number)", floor: lease.floor, epochs: epochs, topology: settledTopology)
        let token = SimulatedLink.Token.renewed(sentAt: now, epochs: epochs)
        home.link.send(.renew(number, record, mustExist: !lease.isNew(on: index)), token)
    }

    private func read(_ home: Home) {
        home.lastReading = now
        readings += 1
        home.link.send(.readLeases, .leases(reading: readings))
    }

    /// Begins another reading of a shard's leases; what is being read now may have been read too early.
    func requestReading(of shard: Int) -> Int {
        if let home = homes.first(where: { $0.link.shard == shard }) { read(home) }
        return readings
    }

    // MARK: Links

    func breakLink(loop: Int, _ slot: SimulatedSlot) { loops[loop].down(slot) }

    func restoreLink(loop: Int, _ slot: SimulatedSlot) {
        guard let index = homes.firstIndex(where: { $0.link.shard == slot.shard }) else { return }
        slot.link.comeUp()
        slot.phase = .waiting
        lease.reconnected(loop: loop, shard: index)
        renew(homes[index])
    }

    func restoreHome(_ home: Home) {
        home.link.comeUp()
        home.isSetting = false
        home.lastRenewal = .min / 2
        home.lastReading = .min / 2
    }

    // MARK: Answers

    func received(_ reply: SimulatedShard.Reply, _ token: SimulatedLink.Token, from home: Home) {
        if case .renewed = token { home.isSetting = false }
        checkLease()
        guard let index = homes.firstIndex(where: { $0 === home }) else { return }
        defer { if case .renewed = token, lease.isNew(on: index) { renew(home) } }
        switch (token, reply) {
        case (.renewed, .missing): perform(lease.missing(on: index))
        case (.renewed(let sentAt, let epochs), _):
            lease.confirmed(on: index, sentAt: sentAt, epochs: epochs)
            guard epochs == lease.epochs(on: index), lease.isHeld(on: index, now: now) else { return }
            for (loop, epoch) in epochs.enumerated()
            where home.granted[loop] != epoch || loops[loop].slot(home.link.shard)?.phase == .waiting {
                home.granted[loop] = epoch
                loops[loop].granted(home.link.shard, epoch)
            }
        case (.leases(let reading), .leases(let table, let time, let topology)):
            // First, because finds by this reading have to be placed by what is true by now.
            if topology.epoch > self.topology.epoch { adopt(topology) }
            home.leases = table
            let count = homes.compactMap { $0.leases?.nodes.values.reduce(0) { $0 + $1.epochs.count } }.max() ?? 1
            let estimate = max(1, cluster.exaggeration * count)
            for loop in loops {
                loop.read(table, at: time, shard: home.link.shard, reading: reading, loopsInCluster: estimate)
            }
        default: break
        }
    }

    private func adopt(_ next: Topology) {
        let placed = cluster.place(next)
        let known = homes
        lease.adopt(kept: placed.shards.map { shard in known.firstIndex { $0.link.shard == shard } })
        homes = placed.shards.map { shard in
            known.first { $0.link.shard == shard } ?? Home(to: shard, loopCount: loops.count)
        }
        for home in known where !placed.shards.contains(home.link.shard) { home.link.breakDown() }
        topology = next
        for loop in loops { loop.adopt(placed) }
        for (index, home) in homes.enumerated() where !cluster.shards[home.link.shard].isUp && home.link.isUp {
            home.link.breakDown()
            for loop in loops { loop.down(loop.slots[index]) }
        }
    }
}
