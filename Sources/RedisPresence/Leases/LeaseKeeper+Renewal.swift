import CoreMetrics
import Logging
import NIOCore
import Presence
import RedisClient
import Synchronization

/// The node's own leases.
extension LeaseKeeper {
    func tick() {
        guard !isStopped else { return }
        // Weak: the timer must not keep a node that has left.
        eventLoop.assumeIsolated().scheduleTask(in: .milliseconds(Int64(NodeLease.readInterval))) { [weak self] in
            self?.tick()
        }
        checkLease()
        ticks += 1
        let renews = ticks % (NodeLease.renewInterval / NodeLease.readInterval) == 0
        for shard in shards where shard.link?.state.isReady == true {
            if renews || index(of: shard).map({ lease.isNew(on: $0) }) ?? false { renew(shard) }
            read(shard)
        }
    }

    /// Notices that leases have run out, before anything is believed that came from outside.
    func checkLease() {
        perform(lease.check(now: now))
        shared.heldUntil.store(lease.heldUntil, ordering: .releasing)
    }

    func perform(_ actions: [NodeLease.Action]) {
        for action in actions {
            switch action {
            case .refill(let index, let lapsed):
                let shard = shards[index]
                logger.warning("lease lost; presence is written again", metadata: ["shard": "\(shard.shard.name)"])
                let name = shard.shard.name
                for loop in lapsed { loops[loop].perform { $0.lapsed(shard: name) } }
                // The loops have forgotten what they knew; a reading that began before the lapse is not to be believed.
                if shard.isReading { shard.wantsReading = true }
                shard.mustTell = true
                renew(shard)
                read(shard)
            case .fenced(let floor):
                counters.fences.increment()
                logger.warning(
                    "no lease is left: the node was paused or is cut off, and speaks for its peers no more until it has new ones",
                    metadata: ["floor": "\(floor)"]
                )
                tellLoops { $0.floor = floor }
                handlers.onFenced(floor)
            }
        }
    }

    /// A loop's link to a shard is up again.
    func reconnected(loop: Int, shard name: String) {
        guard let index = shards.firstIndex(where: { $0.shard.name == name }) else { return }
        lease.reconnected(loop: loop, shard: index)
        renew(shards[index])
    }

    func renew(_ shard: KeptShard) {
        guard !isStopped, let index = index(of: shard), let link = shard.link, link.state.isReady else { return }
        let epochs = lease.epochs(on: index)
        let isNew = lease.isNew(on: index)
        guard !isNew || !shard.isTaking else { return }
        let counts = shared.counts()
        let record = NodeRecord(
            name: configuration.name,
            floor: lease.floor,
            epochs: epochs,
            topology: settledTopology,
            connections: counts.connections,
            announced: counts.announced,
            isDraining: isDraining,
            problem: problem
        )
        if isNew {
            _ = link.send(.upkeep) { writer in
                writer.command("SADD", arguments: 2)
                writer.argument(PresenceKey.nodes)
                writer.argument(PresenceKey.hexadecimal(node))
            }
        }
        let error = link.send(.renew(sentAt: now, epochs: epochs)) { writer in
            writer.command("SET", arguments: isNew ? 4 : 5)
            writer.argument(PresenceKey.node(node))
            writer.argument(record.encoded)
            writer.argument("PX")
            writer.argument(NodeLease.duration)
            // A lease that is gone must not come back by itself: others may have begun to clear its entries away.
            if !isNew { writer.argument("XX") }
        }
        if isNew { shard.isTaking = error == nil }
    }

    func renewed(_ shard: KeptShard, sentAt: Int, epochs: [UInt32], isThere: Bool) {
        guard let index = index(of: shard) else { return }
        guard isThere else { return perform(lease.missing(on: index)) }
        lease.confirmed(on: index, sentAt: sentAt, epochs: epochs)
        shared.heldUntil.store(lease.heldUntil, ordering: .releasing)
        // Loops have taken new epochs meanwhile.
        guard epochs == lease.epochs(on: index) else { return renew(shard) }
        let name = shard.shard.name
        for (loop, epoch) in epochs.enumerated() where shard.granted[loop] != epoch {
            shard.granted[loop] = epoch
            loops[loop].perform { $0.granted(shard: name, epoch: epoch) }
        }
    }
}
