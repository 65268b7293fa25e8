import ContentTrust
import Logging
import NIOCore
import Presence
import RedisClient
import TrackerCore

/// The presence of one event loop's peers on all shards, and the finds and signals of that loop.
///
/// Confined to its event loop and therefore not `Sendable`: each loop has its own links, its own entries and its own epochs, and asks the
/// node's ``LeaseKeeper`` for what all loops share. No lock and no task.
final class LoopPresence {
    /// Until a shard that refused entries (out of memory, say) is offered all of them again.
    static let refillDelay = TimeAmount.seconds(5)
    /// The same for a shard whose queue was full: well below the time for which peers that have gone may still be named.
    static let queueDelay = TimeAmount.seconds(1)
    /// Entries that are written again in one turn of the loop.
    static let sweepSlice = 512
    /// Seconds that a key lives on a shard after nobody has added to it: the last resort against what dead nodes leave behind.
    static let timeToLive = 86_400
    /// Finds of one loop that wait for a shard at the same time; one more is answered `unavailable`.
    static let openSearchLimit = 16_384
    /// Seconds after which asking again makes sense when a shard does not answer.
    static let retry = 1

    let eventLoop: any EventLoop
    /// Of the event loop among those of the node; the first byte of its peers' IDs.
    let index: Int
    let node: UInt64
    let configuration: RedisPresenceConfiguration
    let keeper: LeaseKeeperReference
    let shared: SharedLease
    let logger: Logger
    let counters: ClusterCounters

    var local = LocalPresence()
    /// What ``SharedLease/announced`` has of it.
    var reported = 0
    var placement: Placement?
    var slots: [ShardSlot] = []
    var random = SplitMix64(seed: .random(in: .min ... .max))
    /// In the order of their deadlines; answered ones are taken out when their turn comes.
    var openSearches = SearchQueue()
    var isExpiryScheduled = false
    var outbox = Outbox()
    /// Takes back signals that could not be delivered.
    var onUndeliverable: ((PeerSignal) -> Void)?
    /// Entries that are being written again: for shards that lost them, and for a change of topology.
    var sweeps: [Sweep] = []
    /// The placements since the last change that was carried out to its end, whose owners may have entries that belong elsewhere now.
    var formers: [(placement: Placement, slots: [ShardSlot])] = []
    /// The epoch of the topology that was reported as carried out.
    var settledTopology = 0
    /// What this node says to others is said under this epoch (``NodeLease/floor``).
    var floor: UInt32 = 0
    private var isStopped = false

    init(
        index: Int,
        eventLoop: any EventLoop,
        node: UInt64,
        configuration: RedisPresenceConfiguration,
        keeper: LeaseKeeperReference,
        shared: SharedLease,
        counters: ClusterCounters,
        logger: Logger
    ) {
        self.index = index
        self.eventLoop = eventLoop
        self.node = node
        self.configuration = configuration
        self.keeper = keeper
        self.shared = shared
        self.counters = counters
        self.logger = logger
    }

    /// Milliseconds of a clock that only moves forward.
    var now: Int { Int(NIODeadline.now().uptimeNanoseconds / 1_000_000) }

    // MARK: Topology

    /// Works by a new topology from now on. Shards that stay keep their links.
    ///
    /// - Parameter servers: of each shard.
    func adopt(_ topology: Topology, servers: [RedisServer]) {
        let former = placement
        let formerSlots = slots
        placement = Placement(topology)
        slots = zip(topology.shards, servers).map { shard, server in
            if let kept = formerSlots.first(where: { $0.shard.name == shard.name && $0.shard.url == shard.url }) {
                kept.shard = shard
                return kept
            }
            let slot = ShardSlot(shard)
            connect(slot, server)
            return slot
        }
        for slot in formerSlots where !slots.contains(where: { $0 === slot }) { disconnect(slot) }
        if let former {
            formers.append((former, formerSlots))
            beginMove()
        }
        reportIfSettled()
    }

    private func connect(_ slot: ShardSlot, _ server: RedisServer) {
        let link = RedisLink<LoopToken>(
            to: server,
            eventLoop: eventLoop,
            configuration: configuration.link,
            onReply: { [weak self, weak slot] token, answer in
                guard let self, let slot else { return }
                self.received(answer, for: token, from: slot)
            },
            onStateChange: { [weak self, weak slot] state in
                guard let self, let slot else { return }
                self.linkChanged(slot, state)
            }
        )
        slot.link = link
        link.start()
    }

    private func disconnect(_ slot: ShardSlot) {
        slot.phase = .down
        slot.link?.stop()
        slot.link = nil
        releaseParked(slot)
    }

    /// Ends all links; what is still asked is answered as unavailable.
    func stop() {
        isStopped = true
        for slot in slots { disconnect(slot) }
        slots = []
        placement = nil
        sweeps = []
        formers = []
    }

    // MARK: Links and leases

    private func linkChanged(_ slot: ShardSlot, _ state: RedisLinkState) {
        guard !isStopped else { return }
        switch state {
        case .ready:
            guard slot.phase == .down else { return }
            slot.phase = .waiting
            keeper.reconnected(loop: index, shard: slot.shard.name)
        case .connecting, .waiting, .stopped:
            guard slot.phase != .down else { return }
            slot.phase = .down
            releaseParked(slot)
        }
    }

    /// The lease on a shard names this epoch for the loop from now on.
    func granted(shard name: String, epoch: UInt32) {
        guard let slot = slot(name), slot.phase != .down, epoch != slot.epoch || slot.phase == .waiting else { return }
        slot.epoch = epoch
        slot.keepsDeparted = false
        beginRefill(of: slot)
    }

    /// The lease on a shard was lost: what is there counts no more, until another epoch is granted.
    func lapsed(shard name: String) {
        guard let slot = slot(name), slot.phase != .down else { return }
        slot.phase = .waiting
        // Known from before what may have been a pause.
        slot.leases = nil
        releaseParked(slot)
    }

    /// The leases of a shard were read.
    ///
    /// - Parameter request: the last one of this loop that had come before the reading began.
    func read(_ leases: LeaseTable, shard name: String, loopsInCluster: Int, answering request: Int) {
        local.loopsInCluster = max(1, loopsInCluster)
        guard let slot = slot(name) else { return }
        slot.leases = leases
        let answered = slot.parked.filter { $0.request <= request }
        slot.parked.removeAll { $0.request <= request }
        for parked in answered { take(parked.members, parked.question, parked.pending, slot) }
    }

    func slot(_ name: String) -> ShardSlot? { slots.first { $0.shard.name == name } }

    /// A search whose shard has gone silent ends with what it has.
    func releaseParked(_ slot: ShardSlot) {
        let parked = slot.parked
        slot.parked = []
        for item in parked { fail(item.pending) }
    }
}
