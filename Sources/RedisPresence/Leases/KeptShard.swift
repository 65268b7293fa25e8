import NIOCore
import Presence
import RedisClient

/// One shard as the node's ``LeaseKeeper`` has it. Confined to the keeper's event loop.
final class KeptShard {
    var shard: Topology.Shard
    var link: RedisLink<KeeperToken>?
    var inbox: RedisSubscription?
    /// As read last.
    var leases: LeaseTable?
    /// The epochs that the loops have been told.
    var granted: [UInt32]
    /// A lease that is not there yet is being taken. A second attempt on the way could vouch for entries that the shard lost between the two.
    var isTaking = false
    /// For each loop, the number of its last request to read the leases; and of those, what the reading under way began after.
    var asked: [Int]
    var begunAfter: [Int]
    /// The leases are being read.
    var isReading = false
    /// They have to be read once more, because somebody has to know what is true after now.
    var wantsReading = false
    /// Somebody waits for the reading, also if it brings no news.
    var mustTell = false
    /// How often in a row nodes that are listed had no lease.
    var absences: [UInt64: Int] = [:]
    /// What was wrong last, so that it is logged once.
    var trouble: RedisError?

    init(_ shard: Topology.Shard, loopCount: Int) {
        self.shard = shard
        granted = Array(repeating: 0, count: loopCount)
        asked = granted.map { _ in 0 }
        begunAfter = asked
    }

    func stop() {
        link?.stop()
        inbox?.stop()
        link = nil
        inbox = nil
    }
}

/// What a command on the keeper's link was sent for.
enum KeeperToken {
    case upkeep
    case renew(sentAt: Int, epochs: [UInt32])
    /// The numbers of all nodes.
    case members
    /// The topology and the records of these nodes.
    case records([UInt64])
    /// An operator's question.
    case ask(EventLoopPromise<RedisValue>)
    case farewell(Farewell)
}

/// Counts the shards that a leaving node has still to hear from. Confined to the keeper's event loop.
final class Farewell {
    private var missing: Int
    private let promise: EventLoopPromise<Void>

    init(count: Int, promise: EventLoopPromise<Void>) {
        missing = count
        self.promise = promise
        if count == 0 { promise.succeed() }
    }

    func arrived() {
        missing -= 1
        if missing == 0 { promise.succeed() }
    }
}

extension LeaseTable {
    /// Event loops of all live nodes.
    var loopCount: Int { nodes.values.reduce(0) { $0 + $1.epochs.count } }

    /// Whether both lead to the same decisions; how many connections a node has does not matter.
    func saysTheSame(as other: LeaseTable) -> Bool {
        nodes.count == other.nodes.count
            && nodes.allSatisfy { node, record in
                other.nodes[node].map { $0.floor == record.floor && $0.epochs == record.epochs } ?? false
            }
    }
}
