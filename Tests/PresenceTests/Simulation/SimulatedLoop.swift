import ContentTrust
import TestSupport

@testable import Presence

/// What one event loop of a node does about its peers: the same decisions in the same order as over Redis, on simulated links.
final class SimulatedLoop {
    let index: Int
    unowned let node: SimulatedNode
    var local = LocalPresence()
    /// In the order of their addition: a dictionary's differs from run to run.
    private(set) var entries: [LocalPresence.Entry] = []
    /// When each was added, and when one that is gone was gone for good.
    private(set) var stamps: [LocalPresence.Entry: Int] = [:]
    private(set) var gone: [LocalPresence.Entry: Int] = [:]
    private(set) var placed: PlacedTopology
    /// Placements whose owners may have entries that have to be taken back: every one since the last completed move.
    private var former: [PlacedTopology] = []
    private(set) var slots: [SimulatedSlot]
    private(set) var sweeps: [SimulatedSweep] = []
    private(set) var settledTopology = 0

    init(index: Int, node: SimulatedNode, placed: PlacedTopology) {
        self.index = index
        self.node = node
        self.placed = placed
        slots = placed.shards.map { SimulatedSlot(to: $0) }
    }

    func slot(_ shard: Int) -> SimulatedSlot? { slots.first { $0.shard == shard } }

    // MARK: Topology, links and leases

    func adopt(_ next: PlacedTopology) {
        former.append(placed)
        placed = next
        let known = slots
        slots = next.shards.map { shard in known.first { $0.shard == shard } ?? SimulatedSlot(to: shard) }
        for slot in known where !next.shards.contains(slot.shard) { down(slot) }
        for sweep in sweeps { if case .move = sweep.purpose { cancel(sweep) } }
        begin(SimulatedSweep(.move, entries: entries))
    }

    func down(_ slot: SimulatedSlot) {
        let lost = slot.link.breakDown()
        suspend(slot, .down)
        release(slot)
        for token in lost {
            switch token {
            case .find(let find, _): fail(find)
            case .barrier(let sweep): passed(sweep)
            default: break
            }
        }
    }

    /// The lease on a shard was lost, or its epoch.
    func lapse(_ shard: Int, reading: Int) {
        guard let slot = slot(shard) else { return }
        slot.leases = nil
        slot.neededReading = reading
        guard slot.phase != .down else { return }
        suspend(slot, .waiting)
        fail(slot)
    }

    private func suspend(_ slot: SimulatedSlot, _ phase: SimulatedSlot.Phase) {
        if slot.phase == .serving { slot.disturbances += 1 }
        slot.phase = phase
    }

    /// What was not confirmed never will be; the next epoch disowns it.
    private func release(_ slot: SimulatedSlot) {
        let entries = slot.unconfirmed
        slot.unconfirmed = []
        for entry in entries { noteIfGone(entry) }
        fail(slot)
    }

    private func fail(_ slot: SimulatedSlot) {
        let parked = slot.parked
        slot.parked = []
        for (_, find, _, _) in parked { fail(find) }
    }

    func granted(_ shard: Int, _ epoch: UInt32) {
        guard let slot = slot(shard), slot.phase != .down, epoch != slot.epoch || slot.phase == .waiting else { return }
        suspend(slot, .filling)
        slot.epoch = epoch
        slot.grantedAt = node.now
        for sweep in sweeps {
            if case .refill(let other) = sweep.purpose, other === slot { cancel(sweep) }
        }
        begin(SimulatedSweep(.refill(slot), entries: entries))
    }

    func read(_ table: LeaseTable, at time: Int, shard: Int, reading: Int, loopsInCluster: Int) {
        local.loopsInCluster = loopsInCluster
        guard let slot = slot(shard), reading >= slot.neededReading else { return }
        slot.leases = (table, time)
        let ready = slot.parked.filter { $0.reading <= reading }
        slot.parked.removeAll { $0.reading <= reading }
        for (_, find, question, members) in ready { take(members, question, find, slot) }
    }

    // MARK: Sweeps

    private func begin(_ sweep: SimulatedSweep) { sweeps.append(sweep) }

    private func cancel(_ sweep: SimulatedSweep) {
        sweep.isCancelled = true
        sweeps.removeAll { $0 === sweep }
    }

    /// Writes some entries of each sweep.
    func proceed(_ count: Int) {
        for sweep in sweeps where !sweep.isSent {
            for entry in sweep.entries.suffix(count) { write(entry, sweep) }
            sweep.entries.removeLast(min(count, sweep.entries.count))
            guard sweep.entries.isEmpty else { continue }
            sweep.isSent = true
            let touched = if case .refill(let slot) = sweep.purpose { [slot] } else { slots }
            for slot in touched where slot.takesWrites {
                slot.link.send(.barrier, .barrier(sweep))
                sweep.openBarriers += 1
            }
            finishIfDone(sweep)
        }
        report()
    }

    private func write(_ entry: LocalPresence.Entry, _ sweep: SimulatedSweep) {
        for write in local.writes(for: entry) {
            let owners = placed.writers(of: write.part)
            switch sweep.purpose {
            case .refill(let slot): if owners.contains(slot.shard) { send(write, to: slot) }
            case .move:
                for shard in owners where !former.allSatisfy({ $0.writers(of: write.part).contains(shard) }) {
                    offer(write, to: shard)
                }
                guard let inverse = write.inverse else { continue }
                for shard in formerOwners(of: write.part) { offer(inverse, to: shard) }
            }
        }
    }

    /// Shards that are no owners of a part any more, and may have been written to since the last completed move.
    private func formerOwners(of part: SwarmPart) -> [Int] {
        let owners = placed.writers(of: part)
        var result: [Int] = []
        for shard in former.flatMap({ $0.writers(of: part) }) where !owners.contains(shard) && !result.contains(shard) {
            result.append(shard)
        }
        return result
    }

    private func offer(_ write: LocalPresence.Write, to shard: Int) {
        if let slot = slot(shard), slot.takesWrites { send(write, to: slot) }
    }

    private func passed(_ sweep: SimulatedSweep) {
        sweep.openBarriers -= 1
        finishIfDone(sweep)
    }

    private func finishIfDone(_ sweep: SimulatedSweep) {
        guard sweep.isSent, sweep.openBarriers == 0, !sweep.isCancelled else { return }
        cancel(sweep)
        switch sweep.purpose {
        case .refill(let slot): if slot.phase == .filling { slot.phase = .serving }
        case .move: former = []
        }
    }

    private func report() {
        let isServing = zip(slots, placed.placement.topology.shards).allSatisfy { slot, shard in
            shard.isLeaving || slot.phase == .serving
        }
        if sweeps.isEmpty, isServing { settledTopology = placed.epoch }
    }

    // MARK: Writing

    func add(_ content: ContentID, _ peer: UInt64) {
        let entry = LocalPresence.Entry(content: content, peer: peer)
        let writes = local.add(content, peer)
        guard !writes.isEmpty else { return }
        entries.append(entry)
        stamps[entry] = node.nextStamp()
        gone[entry] = nil
        for write in writes { carryOut(write, entry) }
    }

    func remove(_ entry: LocalPresence.Entry) {
        let writes = local.remove(entry.content, entry.peer)
        guard !writes.isEmpty else { return }
        entries.removeAll { $0 == entry }
        stamps[entry] = nil
        for write in writes { carryOut(write, entry) }
        noteIfGone(entry)
    }

    private func carryOut(_ write: LocalPresence.Write, _ entry: LocalPresence.Entry) {
        var shards = placed.writers(of: write.part)
        // A move that has not come to this entry will never take it back any more.
        if write.isRemoval { shards += formerOwners(of: write.part) }
        for shard in shards {
            guard let slot = slot(shard), slot.takesWrites else { continue }
            slot.unconfirmed.insert(entry)
            send(write, to: slot, .write(entry))
        }
    }

    private func send(_ write: LocalPresence.Write, to slot: SimulatedSlot, _ token: SimulatedLink.Token = .nothing) {
        func peer(_ peer: UInt64) -> PresenceMember {
            PresenceMember(node: node.number, epoch: slot.epoch, peer: peer)
        }
        func marker(_ level: Int) -> PresenceMember {
            .marker(node: node.number, epoch: slot.epoch, loop: index, level: level)
        }
        switch write {
        case .add(let part, let number): slot.link.send(.add(part, peer(number)), token)
        case .remove(let part, let number): slot.link.send(.remove(part, [peer(number)]), token)
        case .keep(let part): slot.link.send(.keep(part), token)
        case .mark(_, let level):
            slot.link.send(.add(write.part, marker(level)), token)
            slot.link.send(.keep(write.part), token)
        case .unmark(_, let level): slot.link.send(.remove(write.part, [marker(level)]), token)
        }
    }

    /// Where a peer was put.
    func part(of entry: LocalPresence.Entry) -> SwarmPart? { local.writes(for: entry).first?.part }

    private func noteIfGone(_ entry: LocalPresence.Entry) {
        guard stamps[entry] == nil, !slots.contains(where: { $0.unconfirmed.contains(entry) }) else { return }
        gone[entry] = node.now
    }

    // MARK: Finding

    func advance(_ find: SimulatedFind) {
        guard !find.isDone else { return }
        for question in find.search.next() {
            guard let slot = slot(placed.reader(of: question.part)), slot.takesFinds else { return fail(find) }
            slot.link.send(.sample(question.part, question.count), .find(find, question))
        }
        if find.search.isComplete { node.cluster.answered(find, on: self, isWhole: true) }
    }

    private func fail(_ find: SimulatedFind) {
        guard !find.isDone else { return }
        find.search.failed()
        node.cluster.answered(find, on: self, isWhole: false)
    }

    private func take(
        _ members: [PresenceMember],
        _ question: PeerSearch.Question,
        _ find: SimulatedFind,
        _ slot: SimulatedSlot
    ) {
        guard !find.isDone else { return }
        guard slot.takesFinds, let leases = slot.leases else { return fail(find) }
        for member in members where leases.table.standing(of: member) == .live {
            find.shown[PeerAddress(node: member.node, peer: member.peer)] = (slot.shard, leases.at)
        }
        let dead = find.search.received(members, from: question, by: leases.table)
        if !dead.isEmpty { slot.link.send(.remove(question.part, dead)) }
        advance(find)
    }

    // MARK: Answers

    func received(_ reply: SimulatedShard.Reply, _ token: SimulatedLink.Token, from slot: SimulatedSlot) {
        switch (token, reply) {
        case (.write(let entry), _):
            // The last answer of several to one change; they come in order.
            guard !slot.link.requests.contains(where: { isWrite($0.1, entry) }),
                !slot.link.replies.contains(where: { isWrite($0.1, entry) })
            else { return }
            slot.unconfirmed.remove(entry)
            noteIfGone(entry)
        case (.barrier(let sweep), _):
            passed(sweep)
        case (.find(let find, let question), .members(let members)):
            guard slot.takesFinds, let leases = slot.leases else { return fail(find) }
            if members.contains(where: { leases.table.isOutdated(by: $0) }) {
                slot.parked.append((node.requestReading(of: slot.shard), find, question, members))
            } else {
                take(members, question, find, slot)
            }
        default: break
        }
    }

    private func isWrite(_ token: SimulatedLink.Token, _ entry: LocalPresence.Entry) -> Bool {
        if case .write(entry) = token { true } else { false }
    }
}
