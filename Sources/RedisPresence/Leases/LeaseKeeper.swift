import Logging
import NIOCore
import Presence
import RedisClient

/// What all event loops of a node share of its membership: the leases, everybody else's leases, the topology and the inbox.
///
/// Confined to one event loop, the node's first. It has a link of its own to each shard, so that a lease is never renewed late
/// because a long pipeline of finds is before it.
final class LeaseKeeper {
    /// How often in a row a node must be without a lease before its number is struck off the list of nodes.
    static let absencesBeforeRemoval = 4

    let eventLoop: any EventLoop
    let node: UInt64
    let configuration: RedisPresenceConfiguration
    let counters: ClusterCounters
    let logger: Logger
    let shared: SharedLease
    let handlers: ClusterHandlers
    var loops: [LoopReference] = []

    var topology: Topology?
    var shards: [KeptShard] = []
    var lease: NodeLease
    /// Of each loop, the topology that it has carried out.
    var settled: [Int]
    var problem = ""
    var isDraining = false
    var ticks = 0
    var isStopped = false

    init(
        eventLoop: any EventLoop,
        node: UInt64,
        loopCount: Int,
        configuration: RedisPresenceConfiguration,
        shared: SharedLease,
        handlers: ClusterHandlers,
        counters: ClusterCounters,
        logger: Logger
    ) {
        self.eventLoop = eventLoop
        self.node = node
        self.configuration = configuration
        self.shared = shared
        self.handlers = handlers
        self.counters = counters
        self.logger = logger
        lease = NodeLease(loopCount: loopCount)
        settled = Array(repeating: 0, count: loopCount)
    }

    var now: Int { Int(NIODeadline.now().uptimeNanoseconds / 1_000_000) }
    var floor: UInt32 { lease.floor }
    var settledTopology: Int { settled.min() ?? 0 }
    /// Whether every loop has carried out the topology in force.
    var isSettled: Bool { settledTopology == topology?.epoch }

    func start(_ topology: Topology, loops: [LoopReference]) throws {
        self.loops = loops
        tellLoops { [floor] in $0.floor = floor }
        try adopt(topology)
        tick()
    }

    /// Gives the leases back, so that nobody waits for them to run out.
    func stop() -> EventLoopFuture<Void> {
        isStopped = true
        let gone = eventLoop.makePromise(of: Void.self)
        let farewell = Farewell(count: shards.count, promise: gone)
        for shard in shards {
            let error = shard.link?.send(.farewell(farewell)) { writer in
                writer.command("DEL", arguments: 1)
                writer.argument(PresenceKey.node(node))
            }
            if shard.link == nil || error != nil { farewell.arrived() }
        }
        gone.futureResult.assumeIsolated().whenComplete { [shards] _ in
            for shard in shards { shard.stop() }
        }
        return gone.futureResult
    }

    // MARK: Answers

    func received(_ answer: borrowing RedisAnswer, for token: KeeperToken, from shard: KeptShard) {
        let error = answer.error
        if let error, error != .stopped, shard.trouble != error {
            shard.trouble = error
            logger.warning(
                "a shard did not carry out a command",
                metadata: ["shard": "\(shard.shard.name)", "reason": "\(error)"]
            )
        }
        switch token {
        case .upkeep:
            break
        case .farewell(let farewell):
            farewell.arrived()
        case .renew(let sentAt, let epochs):
            shard.isTaking = false
            guard error == nil else { return }
            let isMissing = if case .null = RedisValue(answer) { true } else { false }
            renewed(shard, sentAt: sentAt, epochs: epochs, isThere: !isMissing)
        case .members:
            guard let members = RedisValue(answer).array else { return shard.isReading = false }
            readRecords(shard, members.compactMap { $0.string.flatMap { UInt64($0, radix: 16) } })
        case .records(let members):
            guard let records = RedisValue(answer).array else { return shard.isReading = false }
            receivedRecords(records.map(\.bytes), of: members, shard)
        case .ask(let promise):
            promise.succeed(RedisValue(answer))
        }
    }

    // MARK: Helpers

    /// Nil for a shard that has just left the topology, whose link is being stopped.
    func index(of shard: KeptShard) -> Int? { shards.firstIndex { $0 === shard } }

    func tellLoops(_ work: @escaping @Sendable (LoopPresence) -> Void) {
        for loop in loops { loop.perform(work) }
    }
}
