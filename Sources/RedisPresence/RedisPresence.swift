import Logging
import NIOCore
import NIOPosix
import Presence
import RedisClient
import TrackerCore

/// Presence that all nodes of a cluster share through Redis shards, and the node's membership in that cluster: leases, topology and
/// signals to peers of other nodes.
///
/// Everything about a loop's peers is carried out on that loop (``LoopPresence``); what the loops share, on the first one (``LeaseKeeper``).
public final class RedisPresence: PresenceStore {
    public let node: UInt64
    private let loops: [LoopReference]
    private let byLoop: [ObjectIdentifier: LoopReference]
    private let home: any EventLoop
    let keeper: LeaseKeeperReference
    private let configuration: RedisPresenceConfiguration
    private let shared: SharedLease
    private let counters = ClusterCounters()
    private let logger: Logger

    /// - Parameters:
    ///   - loops: the node's event loops; peers of the loop at index i have i as the first byte of their IDs.
    ///   - connections: how many connections the node has, for the operators of the cluster.
    public init(
        _ configuration: RedisPresenceConfiguration,
        loops: [any EventLoop],
        node: UInt64 = .random(in: .min ... .max),
        connections: @escaping @Sendable () -> Int = { 0 },
        logger: Logger
    ) async throws {
        guard let home = loops.first else { throw ClusterError.unusable("A node has at least one event loop.") }
        self.node = node
        self.home = home
        self.configuration = configuration
        self.logger = logger
        let shared = SharedLease(connections: connections)
        let keeper = LeaseKeeperReference(eventLoop: home, shared: shared)
        self.shared = shared
        self.keeper = keeper
        var references: [LoopReference] = []
        for (index, loop) in loops.enumerated() {
            let reference = try await loop.submit { [counters] in
                LoopReference(
                    LoopPresence(
                        index: index,
                        eventLoop: loop,
                        node: node,
                        configuration: configuration,
                        keeper: keeper,
                        shared: shared,
                        counters: counters,
                        logger: logger
                    )
                )
            }.get()
            references.append(reference)
        }
        self.loops = references
        byLoop = Dictionary(
            references.map { (ObjectIdentifier($0.eventLoop), $0) },
            uniquingKeysWith: { first, _ in first }
        )
    }

    // MARK: Life cycle

    /// Joins the cluster; returns when the topology is known. Waits for shards that cannot be reached, for as long as it takes.
    ///
    /// - Throws: ``ClusterError`` when the shards hold a topology that this node cannot serve.
    public func join(_ handlers: ClusterHandlers) async throws {
        let seeker = try await home.submit { [home, configuration, logger] in
            NIOLoopBound(TopologySeeker(eventLoop: home, configuration: configuration, logger: logger), eventLoop: home)
        }.get()
        let topology = try await withTaskCancellationHandler {
            try await home.flatSubmit { [home] in
                do {
                    return try seeker.value.seek()
                } catch {
                    return home.makeFailedFuture(error)
                }
            }.get()
        } onCancel: {
            home.execute { seeker.value.stop() }
        }
        for loop in loops { loop.perform { $0.onUndeliverable = handlers.onUndeliverable } }
        try await home.submit { [self] in
            let keeper = LeaseKeeper(
                eventLoop: home,
                node: node,
                loopCount: loops.count,
                configuration: configuration,
                shared: shared,
                handlers: handlers,
                counters: counters,
                logger: logger
            )
            self.keeper.set(keeper)
            try keeper.start(topology, loops: loops)
        }.get()
    }

    /// Leaves the cluster: the leases are given back, so that nobody is introduced to this node's peers any more, and all links end.
    public func leave() async {
        try? await keeper.ask { $0.stop() }.flatMap { $0 }.get()
        for loop in loops { try? await loop.eventLoop.submit { loop.perform { $0.stop() } }.get() }
    }

    /// Operators are shown that the node is draining.
    public func beginDrain() async {
        try? await keeper.ask { $0.isDraining = true }.get()
    }

    /// Why the node should get no clients now; nil when it should.
    public var reasonNotReady: String? {
        let now = Int(NIODeadline.now().uptimeNanoseconds / 1_000_000)
        return keeper.isHeld(now: now)
            ? nil : "no shard has a lease of this node: the shards cannot be reached, or the node was paused"
    }

    /// Whether every event loop has carried out the newest topology that the node knows.
    public var isSettled: Bool {
        get async {
            (try? await keeper.ask { $0.isSettled }.get()) ?? false
        }
    }

    // MARK: Operators

    /// The cluster as this node sees it. Asks every shard.
    ///
    /// - Throws: ``ClusterError/notStarted``.
    public func status(includingSwarms: Bool) async throws -> ClusterStatus {
        try await ClusterSurvey(keeper: keeper).status(includingSwarms: includingSwarms)
    }

    /// Makes one step of a change of the shards.
    ///
    /// - Parameter epoch: of the topology that the change is meant for.
    /// - Throws: ``ClusterError``, and then nothing was changed.
    public func change(_ change: TopologyChange, after epoch: Int) async throws {
        let changer = TopologyChanger(keeper: keeper, configuration: configuration, eventLoop: home)
        _ = try await changer.carryOut(change, after: epoch)
    }

    // MARK: Presence and signals

    /// On an event loop of the node, about that loop's peers; from any other thread, about those of the first loop.
    public func perform(_ batch: [PresenceCommand], reply: @escaping @Sendable ([PresenceReply]) -> Void) {
        here { $0.perform(batch, reply: reply) }
    }

    /// Takes a signal of a peer of the present event loop to another node.
    public func relay(_ signal: PeerSignal) { here { $0.relay(signal) } }

    /// Tells the node of a signal's sender that its target is gone.
    public func bounce(_ signal: PeerSignal) { here { $0.bounce(signal) } }

    private func here(_ work: @escaping @Sendable (LoopPresence) -> Void) {
        if let loop = MultiThreadedEventLoopGroup.currentEventLoop.flatMap({ byLoop[ObjectIdentifier($0)] }) {
            loop.perform(work)
        } else {
            loops[0].perform(work)
        }
    }
}
