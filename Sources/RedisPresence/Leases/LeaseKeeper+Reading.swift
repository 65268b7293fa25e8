import Logging
import NIOCore
import Presence
import RedisClient

/// Everybody's leases, and the topology that the shards hold.
extension LeaseKeeper {
    /// A loop met an entry that may be newer than the leases it knows.
    ///
    /// - Parameter request: the loop's number of this request; it is told which of its requests a reading began after.
    func readLeases(shard name: String, loop: Int, request: Int) {
        guard let shard = shards.first(where: { $0.shard.name == name }) else { return }
        shard.asked[loop] = request
        readAnew(shard)
    }

    func readAnew(_ shard: KeptShard) {
        // What is being read now may have been read before the entry was.
        if shard.isReading { shard.wantsReading = true }
        shard.mustTell = true
        read(shard)
    }

    func read(_ shard: KeptShard) {
        guard !shard.isReading, let link = shard.link, link.state.isReady else { return }
        let error = link.send(.members) { writer in
            writer.command("SMEMBERS", arguments: 1)
            writer.argument(PresenceKey.nodes)
        }
        shard.isReading = error == nil
        shard.begunAfter = shard.asked
    }

    func readRecords(_ shard: KeptShard, _ members: [UInt64]) {
        let error = shard.link?.send(.records(members)) { writer in
            writer.command("MGET", arguments: 1 + members.count)
            writer.argument(PresenceKey.topology)
            for member in members { writer.argument(PresenceKey.node(member)) }
        }
        if error != nil { shard.isReading = false }
    }

    func receivedRecords(_ values: [[UInt8]?], of members: [UInt64], _ shard: KeptShard) {
        shard.isReading = false
        guard !isStopped, values.count == members.count + 1 else { return }
        compare(document: values[0], on: shard)
        var table = LeaseTable()
        for (member, value) in zip(members, values.dropFirst()) {
            if let record = value.flatMap({ NodeRecord(encoded: $0) }) {
                table.nodes[member] = record
                shard.absences[member] = nil
            } else {
                strikeOff(member, shard)
            }
        }
        let isNews = shard.leases.map { !$0.saysTheSame(as: table) } ?? true
        shard.leases = table
        guard !shard.wantsReading else {
            shard.wantsReading = false
            return read(shard)
        }
        guard isNews || shard.mustTell else { return }
        shard.mustTell = false
        let loopsInCluster = shards.compactMap { $0.leases?.loopCount }.max() ?? 1
        let name = shard.shard.name
        for (loop, request) in zip(loops, shard.begunAfter) {
            loop.perform { [table] in
                $0.read(table, shard: name, loopsInCluster: loopsInCluster, answering: request)
            }
        }
    }

    /// The list of nodes must not grow for ever.
    func strikeOff(_ member: UInt64, _ shard: KeptShard) {
        shard.absences[member, default: 0] += 1
        guard shard.absences[member, default: 0] >= Self.absencesBeforeRemoval, member != node else { return }
        shard.absences[member] = nil
        _ = shard.link?.send(.upkeep) { writer in
            writer.command("SREM", arguments: 2)
            writer.argument(PresenceKey.nodes)
            writer.argument(PresenceKey.hexadecimal(member))
        }
    }

    /// A shard's topology is newer than the one in force, or older, or missing because the shard came back empty.
    func compare(document: [UInt8]?, on shard: KeptShard) {
        guard let topology, document != topology.document else { return }
        guard let document else { return write(topology, to: shard) }
        do {
            let found = try Topology(document: document)
            if found.epoch > topology.epoch {
                try adopt(found)
            } else {
                write(topology, to: shard)
            }
        } catch {
            guard problem != "\(error)" else { return }
            problem = "\(error)"
            logger.error(
                "the cluster has a topology that this node cannot serve; it goes on with the old one",
                metadata: ["shard": "\(shard.shard.name)", "reason": "\(error)"]
            )
        }
    }

    func write(_ topology: Topology, to shard: KeptShard) {
        _ = shard.link?.send(.upkeep) { TopologyScript.write(topology, into: &$0) }
    }

    /// A loop has carried out a topology.
    func settled(loop: Int, topology epoch: Int) {
        settled[loop] = epoch
        // At once, because whoever changes the topology waits for it.
        if settledTopology == epoch { for shard in shards { renew(shard) } }
    }
}
