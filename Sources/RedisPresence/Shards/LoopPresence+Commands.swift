import ContentTrust
import CoreMetrics
import Logging
import NIOCore
import Presence
import RedisClient
import Synchronization

/// Announces, leaves and finds.
extension LoopPresence {
    func perform(_ commands: [PresenceCommand], reply: @escaping @Sendable ([PresenceReply]) -> Void) {
        let batch = PendingBatch(count: commands.count, reply: reply)
        for (index, command) in commands.enumerated() {
            switch command {
            case .add(let content, let peer):
                for write in local.add(content, peer.peer) { carryOut(write, batch, index) }
            case .remove(let content, let peer):
                for write in local.remove(content, peer.peer) { carryOut(write, batch, index) }
            case .find(let content, let limit, let excluded):
                find(content, limit, excluded, batch, index)
            }
        }
        batch.arrived()
        let change = local.count - reported
        guard change != 0 else { return }
        reported = local.count
        shared.announced.add(change, ordering: .relaxed)
    }

    // MARK: Writing

    private func carryOut(_ write: LocalPresence.Write, _ batch: PendingBatch, _ index: Int) {
        guard let placement else { return batch.set(index, .unavailable(retry: Self.retry)) }
        for slot in owners(of: write, placement) {
            // While a link is down nothing is queued: the refill that follows writes what is true by then.
            guard slot.takesWrites else {
                batch.set(index, .unavailable(retry: Self.retry))
                continue
            }
            batch.await()
            if let error = send(write, to: slot, .write(batch, index, takesBack: write.takesBack)) {
                batch.set(index, .unavailable(retry: Self.retry))
                batch.arrived()
                if write.takesBack { slot.keepsDeparted = true }
                refused(slot, error)
            }
        }
    }

    /// Whom a write concerns. What is taken back is taken back from former owners as well, as long as a change is under way.
    private func owners(of write: LocalPresence.Write, _ placement: Placement) -> [ShardSlot] {
        var owners = slots(of: write.part, placement, slots)
        guard write.takesBack else { return owners }
        for former in formers {
            for slot in slots(of: write.part, former.placement, former.slots)
            where !owners.contains(where: { $0 === slot }) && slot.takesWrites { owners.append(slot) }
        }
        return owners
    }

    /// Sends what one write means to one shard.
    func send(_ write: LocalPresence.Write, to slot: ShardSlot, _ token: LoopToken) -> RedisError? {
        guard let link = slot.link else { return .stopped }
        let part = write.part
        switch write {
        case .add(_, let peer):
            return link.send(token) { writer in
                writer.command("HSET", arguments: 3)
                writer.argument(part)
                writer.argument(PresenceMember(node: node, epoch: slot.epoch, peer: peer))
                writer.argument("")
            }
        case .remove(_, let peer):
            return link.send(token) { writer in
                writer.command("HDEL", arguments: 2)
                writer.argument(part)
                writer.argument(PresenceMember(node: node, epoch: slot.epoch, peer: peer))
            }
        case .keep:
            return link.send(token) { writer in
                writer.command("EXPIRE", arguments: 2)
                writer.argument(part)
                writer.argument(Self.timeToLive)
            }
        case .mark(_, let level):
            let error = link.send(token) { writer in
                writer.command("HSET", arguments: 3)
                writer.argument(part)
                writer.argument(PresenceMember.marker(node: node, epoch: slot.epoch, loop: index, level: level))
                writer.argument("")
            }
            // A loop whose peers are all in other parts has to keep part 0 alive for its marker.
            if error == nil { _ = send(.keep(part), to: slot, .upkeep) }
            return error
        case .unmark(_, let level):
            return link.send(token) { writer in
                writer.command("HDEL", arguments: 2)
                writer.argument(part)
                writer.argument(PresenceMember.marker(node: node, epoch: slot.epoch, loop: index, level: level))
            }
        }
    }

    // MARK: Finding

    private func find(
        _ content: ContentID,
        _ limit: Int,
        _ excluded: PeerAddress,
        _ batch: PendingBatch,
        _ index: Int
    ) {
        let search = PeerSearch(
            content,
            limit: limit,
            excluded: excluded,
            level: local.level(of: content),
            random: SplitMix64(seed: random.next())
        )
        while openSearches.first?.isDone == true { openSearches.removeFirst() }
        guard openSearches.count < Self.openSearchLimit else {
            return batch.set(index, .unavailable(retry: Self.retry))
        }
        batch.await()
        let pending = PendingSearch(search, batch: batch, index: index, deadline: now + configuration.timeout)
        advance(pending)
        guard !pending.isDone else { return }
        openSearches.append(pending)
        scheduleExpiry()
    }

    /// Asks what a search wants to know next, or answers it.
    private func advance(_ pending: PendingSearch) {
        guard !pending.isDone else { return }
        for question in pending.search.next() {
            guard let placement else { return fail(pending) }
            let slot = slots[placement.reader(of: question.part)]
            guard slot.takesFinds, let link = slot.link else { return fail(pending) }
            let error = link.send(.find(pending, question)) { writer in
                writer.command("HRANDFIELD", arguments: 2)
                writer.argument(question.part)
                writer.argument(question.count)
            }
            if error != nil { return fail(pending) }
        }
        if pending.search.isComplete { pending.finish(.peers(pending.search.peers)) }
    }

    /// A shard did not answer: what was found before is better than nothing, and nothing is said to be so.
    func fail(_ pending: PendingSearch) {
        guard !pending.isDone else { return }
        let peers = pending.search.peers
        pending.search.failed()
        if peers.isEmpty {
            counters.degraded.increment()
            pending.finish(.unavailable(retry: Self.retry))
        } else {
            pending.finish(.peers(peers))
        }
    }

    /// A part has answered. What may be newer than the leases known here waits until they have been read again.
    private func answered(
        _ reply: borrowing RESPReply,
        _ question: PeerSearch.Question,
        _ pending: PendingSearch,
        _ slot: ShardSlot
    ) {
        guard !pending.isDone else { return }
        var members: [PresenceMember] = []
        members.reserveCapacity(reply.elementCount)
        reply.forEachElement { element in
            // Anything else under this name is not ours and counts for nothing.
            if let member = element.withBytes({ PresenceMember(bytes: $0) }) ?? nil { members.append(member) }
        }
        guard slot.takesFinds, let leases = slot.leases else { return fail(pending) }
        if members.contains(where: { leases.isOutdated(by: $0) }) {
            slot.requests += 1
            slot.parked.append(.init(pending: pending, question: question, members: members, request: slot.requests))
            keeper.readLeases(shard: slot.shard.name, loop: index, request: slot.requests)
        } else {
            take(members, question, pending, slot)
        }
    }

    func take(
        _ members: [PresenceMember],
        _ question: PeerSearch.Question,
        _ pending: PendingSearch,
        _ slot: ShardSlot
    ) {
        guard !pending.isDone else { return }
        guard let leases = slot.leases else { return fail(pending) }
        let dead = pending.search.received(members, from: question, by: leases)
        if !dead.isEmpty, slot.takesWrites {
            counters.cleared.increment(by: dead.count)
            _ = slot.link?.send(.upkeep) { writer in
                writer.command("HDEL", arguments: 1 + dead.count)
                writer.argument(question.part)
                for member in dead { writer.argument(member) }
            }
        }
        advance(pending)
    }

    // MARK: Answers

    func received(_ answer: borrowing RedisAnswer, for token: LoopToken, from slot: ShardSlot) {
        let error = answer.error
        switch token {
        case .write(let batch, let index, let takesBack):
            if let error {
                if takesBack { slot.keepsDeparted = true }
                batch.set(index, .unavailable(retry: Self.retry))
                refused(slot, error)
            }
            batch.arrived()
        case .upkeep:
            if let error { refused(slot, error) }
        case .find(let pending, let question):
            switch answer {
            case .reply(let reply): answered(reply, question, pending, slot)
            case .failure: fail(pending)
            }
        case .barrier(let sweep):
            sweep.missingBarriers -= 1
            finishIfDone(sweep)
        case .publish(let parcel):
            switch answer {
            case .reply(let reply): published(parcel, receivers: reply.integer ?? 0, slot)
            case .failure: published(parcel, receivers: 0, slot)
            }
        }
    }

    /// A shard refused to keep something while the link is up, or its queue had no room. Everything is offered again later: by then there
    /// may be room.
    private func refused(_ slot: ShardSlot, _ error: RedisError) {
        counters.refusedWrites.increment()
        guard slot.takesWrites, !slot.isRefillScheduled else { return }
        slot.isRefillScheduled = true
        let delay =
            switch error {
            case .queueFull, .outboundFull: Self.queueDelay
            default: Self.refillDelay
            }
        logger.warning(
            "a shard refused presence; it is offered again",
            metadata: [
                "shard": "\(slot.shard.name)", "reason": "\(error)", "seconds": "\(delay.nanoseconds / 1_000_000_000)",
            ]
        )
        eventLoop.assumeIsolated().scheduleTask(in: delay) { [weak self, weak slot] in
            guard let self, let slot else { return }
            slot.isRefillScheduled = false
            guard slot.takesWrites else { return }
            if slot.keepsDeparted { self.beginAnew(on: slot) } else { self.beginRefill(of: slot) }
        }
    }

    /// Gives up all of this loop's entries on a shard, which has some of peers that have gone: under a new epoch they count for nothing, and
    /// what is true is written again.
    ///
    /// Remembering each removal until there is room was rejected: a crowd that leaves at once would grow that memory without a limit.
    private func beginAnew(on slot: ShardSlot) {
        slot.phase = .waiting
        releaseParked(slot)
        keeper.reconnected(loop: index, shard: slot.shard.name)
    }

    // MARK: Deadlines

    /// One timer for all searches of the loop, because all have the same time.
    private func scheduleExpiry() {
        guard !isExpiryScheduled, let first = openSearches.first else { return }
        isExpiryScheduled = true
        eventLoop.assumeIsolated().scheduleTask(in: .milliseconds(Int64(max(1, first.deadline - now)))) { [weak self] in
            self?.expire()
        }
    }

    private func expire() {
        isExpiryScheduled = false
        let now = now
        while let first = openSearches.first, first.isDone || first.deadline <= now {
            openSearches.removeFirst()
            fail(first)
        }
        scheduleExpiry()
    }
}

extension LocalPresence.Write {
    /// The part whose key is written.
    var part: SwarmPart {
        switch self {
        case .add(let part, _), .remove(let part, _), .keep(let part): part
        case .mark(let content, _), .unmark(let content, _): SwarmPart(content: content)
        }
    }

    /// Whether something is there for ever if this is not carried out.
    fileprivate var takesBack: Bool {
        switch self {
        case .remove, .unmark: true
        case .add, .keep, .mark: false
        }
    }
}

/// Searches in the order of their deadlines.
struct SearchQueue {
    private var items: [PendingSearch] = []
    private var head = 0

    var count: Int { items.count - head }
    var first: PendingSearch? { head < items.count ? items[head] : nil }

    mutating func append(_ item: PendingSearch) { items.append(item) }

    mutating func removeFirst() {
        head += 1
        // Moved rarely enough that each search is moved about once.
        if head >= 64, head * 2 >= items.count {
            items.removeSubrange(..<head)
            head = 0
        }
    }
}
