import Presence
import RedisClient

/// One shard as one event loop has it: the link, and how far its presence there may be relied on.
///
/// Confined to its event loop.
final class ShardSlot {
    struct Parked {
        var pending: PendingSearch
        var question: PeerSearch.Question
        var members: [PresenceMember]
        var request: Int
    }

    enum Phase: Equatable {
        /// There is no connection.
        case down
        /// Connected; the lease does not name this loop's epoch yet, so nothing may be written.
        case waiting
        /// Everything is being written again under the epoch.
        case filling
        case serving
    }

    var shard: Topology.Shard
    var link: RedisLink<LoopToken>?
    var phase = Phase.down
    /// Of this loop's entries on the shard.
    var epoch: UInt32 = 0
    /// The nodes with a lease there, as the node read them last; nil before the first time.
    var leases: LeaseTable?
    /// Answers that may be newer than ``leases``, each until a reading that began after its request.
    var parked: [Parked] = []
    /// The number of the last request to read the leases.
    var requests = 0
    /// A removal was refused: the shard has entries under the present epoch whose peers have gone.
    var keepsDeparted = false
    /// A refill because commands were refused is on its way.
    var isRefillScheduled = false

    init(_ shard: Topology.Shard) { self.shard = shard }

    /// Whether entries may be written.
    var takesWrites: Bool { phase == .filling || phase == .serving }
    /// Whether what it says is complete as far as this node is concerned.
    var takesFinds: Bool { phase == .serving && leases != nil }
}
