import Logging
import NIOCore
import Presence
import RedisClient

/// The shards that the node works with: adopted from the topology, each with a link and an inbox of the keeper's own.
extension LeaseKeeper {
    /// - Throws: when a shard's address cannot be used; then nothing has changed.
    func adopt(_ new: Topology) throws {
        let former = shards
        let servers = try configuration.servers(of: new)
        let kept = new.shards.map { shard in
            former.firstIndex { $0.shard.name == shard.name && $0.shard.url == shard.url }
        }
        lease.adopt(kept: kept)
        shards = zip(new.shards, zip(kept, servers)).map { shard, others in
            let (index, server) = others
            guard let index else { return open(shard, server) }
            former[index].shard = shard
            return former[index]
        }
        topology = new
        for shard in former where !shards.contains(where: { $0 === shard }) {
            _ = shard.link?.send(.upkeep) { writer in
                writer.command("DEL", arguments: 1)
                writer.argument(PresenceKey.node(node))
            }
            shard.link?.flush()
            shard.stop()
        }
        problem = ""
        logger.info(
            "topology in force",
            metadata: [
                "epoch": "\(new.epoch)", "phase": "\(new.phase.rawValue)", "shards": "\(new.shards.map(\.name))",
            ]
        )
        tellLoops { $0.adopt(new, servers: servers) }
    }

    func open(_ description: Topology.Shard, _ server: RedisServer) -> KeptShard {
        let shard = KeptShard(description, loopCount: loops.count)
        let link = RedisLink<KeeperToken>(
            to: server,
            eventLoop: eventLoop,
            configuration: configuration.link,
            onReply: { [weak self, weak shard] token, answer in
                guard let self, let shard else { return }
                self.received(answer, for: token, from: shard)
            },
            onStateChange: { [weak self, weak shard] state in
                guard let self, let shard else { return }
                self.linkChanged(shard, state)
            }
        )
        let inbox = RedisSubscription(
            to: String(decoding: PresenceKey.inbox(node), as: UTF8.self),
            of: server,
            eventLoop: eventLoop,
            configuration: configuration.link,
            onMessage: { [weak self] in self?.receivedPack($0) },
            onStateChange: { [logger] state in
                logger.debug("inbox", metadata: ["shard": "\(description.name)", "state": "\(state)"])
            }
        )
        shard.link = link
        shard.inbox = inbox
        link.start()
        inbox.start()
        return shard
    }

    func linkChanged(_ shard: KeptShard, _ state: RedisLinkState) {
        guard !isStopped else { return }
        switch state {
        case .ready:
            logger.info("shard connected", metadata: ["shard": "\(shard.shard.name)"])
            shard.trouble = nil
            shard.isReading = false
            shard.isTaking = false
            renew(shard)
            read(shard)
        case .waiting(let error, _):
            if shard.trouble != error {
                logger.warning(
                    "shard not usable; trying again",
                    metadata: ["shard": "\(shard.shard.name)", "reason": "\(error)"]
                )
            }
            shard.trouble = error
            shard.isReading = false
            // Who waits for leases cannot be told; the loops' searches have deadlines of their own.
            shard.wantsReading = false
        case .connecting, .stopped:
            break
        }
    }
}
