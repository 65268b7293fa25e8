import CoreMetrics
import NIOCore
import Presence
import RedisClient

/// One pass over everything that a loop's peers have. Confined to its event loop.
final class Sweep {
    enum Purpose {
        /// A shard may have lost entries, or has those of another epoch.
        case refill(ShardSlot)
        /// Entries have other owners than by one of the former placements.
        case move
    }

    let purpose: Purpose
    let entries: [LocalPresence.Entry]
    var position = 0
    /// Shards that have not confirmed yet that they have carried out everything.
    var missingBarriers = 0
    var isSent = false
    var isCancelled = false

    init(_ purpose: Purpose, entries: [LocalPresence.Entry]) {
        self.purpose = purpose
        self.entries = entries
    }
}

/// Writing entries again, in slices, so that the loop goes on serving.
extension LoopPresence {
    /// Until a sweep goes on whose shard has a full queue.
    private static let pause = TimeAmount.milliseconds(5)

    /// Writes everything that belongs on a shard, under its present epoch.
    func beginRefill(of slot: ShardSlot) {
        for sweep in sweeps {
            if case .refill(let other) = sweep.purpose, other === slot { cancel(sweep) }
        }
        slot.phase = .filling
        counters.refills.increment()
        begin(Sweep(.refill(slot), entries: local.entries))
    }

    /// Writes to new owners, and takes back from former ones. A move that is not done yet is begun anew.
    func beginMove() {
        for sweep in sweeps {
            if case .move = sweep.purpose { cancel(sweep) }
        }
        begin(Sweep(.move, entries: local.entries))
    }

    private func begin(_ sweep: Sweep) {
        sweeps.append(sweep)
        proceed(sweep)
    }

    private func cancel(_ sweep: Sweep) {
        sweep.isCancelled = true
        sweeps.removeAll { $0 === sweep }
    }

    private func proceed(_ sweep: Sweep) {
        guard !sweep.isCancelled else { return }
        let end = min(sweep.entries.count, sweep.position + Self.sweepSlice)
        while sweep.position < end {
            guard write(sweep.entries[sweep.position], sweep) else {
                eventLoop.assumeIsolated().scheduleTask(in: Self.pause) { [weak self] in self?.proceed(sweep) }
                return
            }
            sweep.position += 1
        }
        guard sweep.position == sweep.entries.count else {
            return eventLoop.assumeIsolated().execute { [weak self] in self?.proceed(sweep) }
        }
        sendBarriers(sweep)
    }

    /// Writes one entry; false when a shard's queue has no room, so that the entry has to be written again.
    private func write(_ entry: LocalPresence.Entry, _ sweep: Sweep) -> Bool {
        guard let placement else { return true }
        for write in local.writes(for: entry) {
            let owners = slots(of: write.part, placement, slots)
            switch sweep.purpose {
            case .refill(let slot):
                guard owners.contains(where: { $0 === slot }) else { continue }
                guard offer(write, to: slot) else { return false }
            case .move:
                let former = formers.map { slots(of: write.part, $0.placement, $0.slots) }
                // An owner has the entry for certain only if it was one all the time.
                for slot in owners where !former.allSatisfy({ $0.contains { $0 === slot } }) {
                    guard offer(write, to: slot) else { return false }
                }
                guard let inverse = write.inverse else { continue }
                for slot in former.joined() where !owners.contains(where: { $0 === slot }) {
                    guard offer(inverse, to: slot) else { return false }
                }
            }
        }
        return true
    }

    func slots(of part: SwarmPart, _ placement: Placement, _ slots: [ShardSlot]) -> [ShardSlot] {
        let owners = placement.writers(of: part)
        return [owners.first, owners.second].compactMap { $0.map { slots[$0] } }
    }

    /// A shard that cannot be written to now is passed over: it is refilled when it can.
    private func offer(_ write: LocalPresence.Write, to slot: ShardSlot) -> Bool {
        guard slot.takesWrites else { return true }
        if case .queueFull? = send(write, to: slot, .upkeep) { return false }
        return true
    }

    private func sendBarriers(_ sweep: Sweep) {
        let touched: [ShardSlot] = if case .refill(let slot) = sweep.purpose { [slot] } else { slots }
        sweep.isSent = true
        for slot in touched where slot.takesWrites {
            let error = slot.link?.send(.barrier(sweep)) { $0.command("PING", arguments: 0) }
            if error == nil { sweep.missingBarriers += 1 }
        }
        finishIfDone(sweep)
    }

    func finishIfDone(_ sweep: Sweep) {
        guard sweep.isSent, sweep.missingBarriers == 0, !sweep.isCancelled else { return }
        cancel(sweep)
        if case .move = sweep.purpose { formers = [] }
        if case .refill(let slot) = sweep.purpose, slot.phase == .filling { slot.phase = .serving }
        reportIfSettled()
    }

    /// Tells the keeper once this loop's part of a topology has been carried out.
    func reportIfSettled() {
        guard let topology = placement?.topology, settledTopology < topology.epoch, sweeps.isEmpty,
            slots.allSatisfy({ $0.shard.isLeaving || $0.phase == .serving })
        else { return }
        settledTopology = topology.epoch
        keeper.settled(loop: index, topology: topology.epoch)
    }
}

extension LocalPresence.Write {
    /// What takes it back; nothing has to be done for a key's time to live.
    fileprivate var inverse: LocalPresence.Write? {
        switch self {
        case .add(let part, let peer): .remove(part, peer: peer)
        case .mark(let content, let level): .unmark(content, level: level)
        case .keep, .remove, .unmark: nil
        }
    }
}
