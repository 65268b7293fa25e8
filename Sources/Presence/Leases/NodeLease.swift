/// A node's leases on its shards, and the epochs of its presence: what it decides of itself.
///
/// A node's presence on a shard exists while its lease there does. What it wrote under an epoch counts while the lease names that epoch,
/// so taking a new one disowns at once all that may have been left behind, and what is still true is written again (a refill). That
/// happens for one event loop when its link to a shard broke, because nobody knows which of its last commands were carried out; and
/// for all loops when the lease was lost, because others may have begun to clear the entries away. When no lease is left, the node was
/// paused or is cut off: it is fenced, says nothing to other nodes and believes nothing addressed to it, and comes back under epochs
/// above a new floor.
///
/// A value without IO. Times are milliseconds of a clock that runs on while the process is stopped.
public struct NodeLease: Sendable {
    /// How long a shard keeps a lease that is not renewed. Short enough that a dead node's peers are gone within 4 seconds, with
    /// ``readInterval`` and the way there and back; long enough for two lost renewals.
    public static let duration = 3_000
    public static let renewInterval = 1_000
    /// Between two readings of everybody's leases.
    public static let readInterval = 500

    public enum Action: Equatable, Sendable {
        /// The event loops that have a link to this shard write everything again, under the epochs in ``NodeLease/epochs(on:)``.
        case refill(shard: Int, loops: [Int])
        /// The node is under no lease; nothing addressed to an epoch below the floor counts any more.
        case fenced(floor: UInt32)
    }

    private struct ShardLease: Sendable {
        var epochs: [UInt32]
        /// When the renewal was sent that was confirmed last.
        var confirmed: Int?
        /// Nothing was confirmed since the epochs were taken: the key may be another one's, or missing.
        var isNew = true
    }

    private let loopCount: Int
    private var shards: [ShardLease] = []
    private var nextEpoch: UInt32
    public private(set) var floor: UInt32
    /// When the renewal was sent that any shard confirmed last; nil until then and after each fence.
    private var lastConfirmed: Int?

    /// - Parameters:
    ///   - loopCount: event loops of the node.
    ///   - firstEpoch: above every epoch that this node number had before; 1 for a number that is new.
    public init(loopCount: Int, firstEpoch: UInt32 = 1) {
        self.loopCount = loopCount
        nextEpoch = firstEpoch
        floor = firstEpoch
    }

    /// The shards changed; those that stay keep what they have.
    ///
    /// - Parameter kept: for each shard of the new topology, its index in the former one.
    public mutating func adopt(kept: [Int?]) {
        shards = kept.map { former in
            former.map { shards[$0] } ?? ShardLease(epochs: (0..<loopCount).map { _ in takeEpoch() })
        }
    }

    public func epochs(on shard: Int) -> [UInt32] { shards[shard].epochs }

    /// The key must exist already when the lease is renewed; a new one is set in any case.
    public func isNew(on shard: Int) -> Bool { shards[shard].isNew }

    /// Whether a lease is in force on a shard, by the node's own clock.
    public func isHeld(on shard: Int, now: Int) -> Bool {
        shards[shard].confirmed.map { now - $0 < Self.duration } ?? false
    }

    /// Whether any lease is in force.
    public func isHeld(now: Int) -> Bool { shards.indices.contains { isHeld(on: $0, now: now) } }

    /// Until when a lease is in force if nothing more is confirmed.
    public var heldUntil: Int { (shards.compactMap(\.confirmed).max() ?? .min / 2) + Self.duration }

    /// A shard confirmed a renewal that was sent at this time, with the epochs of now.
    public mutating func confirmed(on shard: Int, sentAt: Int, epochs: [UInt32]) {
        // Epochs that were taken while the renewal was on its way are not confirmed by it.
        guard epochs == shards[shard].epochs else { return }
        shards[shard].confirmed = max(sentAt, shards[shard].confirmed ?? sentAt)
        shards[shard].isNew = false
        lastConfirmed = max(sentAt, lastConfirmed ?? sentAt)
    }

    /// A shard has no lease of this node where there should be one.
    public mutating func missing(on shard: Int) -> [Action] {
        guard !shards[shard].isNew else { return [] }
        return lapse(shard)
    }

    /// The link of one event loop to a shard is up again; it takes an epoch of its own.
    public mutating func reconnected(loop: Int, shard: Int) {
        shards[shard].epochs[loop] = takeEpoch()
    }

    /// To be asked often, and before anything that came from outside is believed: notices that leases have run out.
    public mutating func check(now: Int) -> [Action] {
        // The last confirmation decides, not whether a lease is held: a shard that came back empty before a paused node noticed the time
        // must not keep it from being fenced, and the restart of an only shard is no reason to fence a node that was there all along.
        guard let last = lastConfirmed, now - last >= Self.duration else {
            return shards.indices.filter { !shards[$0].isNew && !isHeld(on: $0, now: now) }.flatMap { lapse($0) }
        }
        lastConfirmed = nil
        // Everywhere, not only where the lease ran out last: the floor is above every epoch that anybody may have heard of.
        floor = nextEpoch
        return shards.indices.flatMap { lapse($0) } + [.fenced(floor: floor)]
    }

    private mutating func lapse(_ shard: Int) -> [Action] {
        shards[shard] = ShardLease(epochs: (0..<loopCount).map { _ in takeEpoch() })
        return [.refill(shard: shard, loops: Array(0..<loopCount))]
    }

    private mutating func takeEpoch() -> UInt32 {
        defer { nextEpoch += 1 }
        return nextEpoch
    }
}
