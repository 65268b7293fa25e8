import ContentTrust
import NIOCore
import NIOPosix
import Presence
import TrackerCore
import TrackerProtocol

/// The workers of a node, one on each event loop.
///
/// Share-nothing on purpose: a connection's messages, its presence commands and its certificates' verdicts stay on its own loop. Only
/// signals between peers of different loops cross, and what is behind ``WorkerEnvironment``.
struct WorkerPool: Sendable {
    /// Between two looks at idle connections.
    private static let tickInterval = TimeAmount.seconds(1)
    /// A worker's index has one byte in its peers' IDs, and one value of it is no worker's (`PresenceMember.markerIndex`).
    static let workerLimit = 255

    /// What all connections of the node come to.
    struct Totals: Sendable {
        var connections = 0
        var announced = 0
        var counters = TrackerCounters()
    }

    private let workers: [WorkerReference]
    /// The worker of each event loop.
    private let byLoop: [ObjectIdentifier: WorkerReference]
    private let sendQueueLimit: Int

    /// Makes a worker on each of the loops.
    init(
        _ configuration: TrackerConfiguration,
        loops: [any EventLoop],
        judge: any CertificateJudging,
        environment: WorkerEnvironment
    ) async throws {
        let node = environment.store.node
        var workers: [WorkerReference] = []
        var byLoop: [ObjectIdentifier: WorkerReference] = [:]
        for (index, loop) in loops.prefix(Self.workerLimit).enumerated() {
            let worker = try await loop.submit {
                let core = TrackerCore(node: node, limits: configuration.limits, judge: judge, ice: configuration.ice)
                return WorkerReference(
                    EventLoopWorker(index: UInt8(index), eventLoop: loop, core: core, environment: environment)
                )
            }.get()
            environment.router.add(worker)
            workers.append(worker)
            byLoop[ObjectIdentifier(loop)] = worker
        }
        self.workers = workers
        self.byLoop = byLoop
        sendQueueLimit = configuration.limits.sendQueue
    }

    /// Makes a channel, whose handshake is done, a peer's. On the channel's loop.
    func open(_ channel: any Channel, site: WebOrigin) -> EventLoopFuture<PublicChannel.Negotiated> {
        channel.eventLoop.makeCompletedFuture {
            guard let worker = byLoop[ObjectIdentifier(channel.eventLoop)] else { throw ChannelError.eof }
            // Crossing the high-water mark makes the channel unwritable, and the handler then closes it.
            try channel.syncOptions?.setOption(
                .writeBufferWaterMark,
                value: .init(low: sendQueueLimit / 2, high: sendQueueLimit)
            )
            try worker.here { worker in
                try channel.pipeline.syncOperations.addHandler(PeerConnectionHandler(worker: worker, site: site))
            }
            return .peer
        }
    }

    /// Looks after idle connections until the tasks are cancelled.
    func startTicking() -> [RepeatedTask] {
        workers.map { $0.repeatedly(every: Self.tickInterval) { $0.tick() } }
    }

    /// Tells every peer to move, and from now on those that connect.
    func drain(_ drain: Drain) async {
        for worker in workers { try? await worker.ask { $0.drain(drain) }.get() }
    }

    /// Closes every peer's connection that is still open, and from now on those that are opened. The store has been given the end of their
    /// presence when this returns; the connections themselves have ended within ``EventLoopWorker/closeTimeout``.
    func end() async {
        for worker in workers { try? await worker.ask { $0.end() }.get() }
    }

    /// The node was fenced: what other nodes sent before is stale.
    func fenced(_ epoch: UInt32) {
        for worker in workers { worker.perform { $0.fenced(epoch) } }
    }

    /// Asks every worker.
    func totals() async -> Totals {
        var totals = Totals()
        for worker in workers {
            let answer = worker.ask {
                Totals(connections: $0.connectionCount, announced: $0.announcedCount, counters: $0.counters)
            }
            guard let part = try? await answer.get() else { continue }
            totals.connections += part.connections
            totals.announced += part.announced
            totals.counters += part.counters
        }
        return totals
    }
}
