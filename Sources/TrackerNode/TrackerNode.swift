import ContentTrust
import Hummingbird
import HummingbirdCore
import Logging
import Metrics
import NIOCore
import NIOPosix
import Presence
import ServiceLifecycle
import Synchronization
import TrackerCore
import TrackerProtocol

/// One tracker node: the public address with its peers, the admin address, and the keyset that certificates are judged by.
public struct TrackerNode: Service {
    /// The two addresses, as they were bound.
    public struct Listening: Sendable {
        public enum Side: Sendable { case `public`, admin }
        public var side: Side
        public var port: Int
    }

    private let configuration: TrackerConfiguration
    private let store: any PresenceStore
    private let contentCount: (@Sendable () -> Int)?
    private let metrics: @Sendable () -> String
    private let onListening: @Sendable (Listening) -> Void
    private let logger: Logger

    /// - Parameters:
    ///   - store: who has what.
    ///   - contentCount: the contents in the store, where it can tell.
    ///   - metrics: the text for `/metrics`.
    ///   - onListening: called for each address when it is bound.
    public init(
        _ configuration: TrackerConfiguration, store: any PresenceStore, contentCount: (@Sendable () -> Int)? = nil,
        metrics: @escaping @Sendable () -> String, logger: Logger,
        onListening: @escaping @Sendable (Listening) -> Void = { _ in }
    ) {
        self.configuration = configuration
        self.store = store
        self.contentCount = contentCount
        self.metrics = metrics
        self.logger = logger
        self.onListening = onListening
    }

    /// Serves until the service group shuts down gracefully; peers are then closed with 1001.
    public func run() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: configuration.eventLoops ?? System.coreCount)
        let outcome = await Result { try await serve(on: group) }
        try await group.shutdownGracefully()
        try outcome.get()
    }

    private func serve(on group: MultiThreadedEventLoopGroup) async throws {
        let workers = WorkerPool(configuration, store: store, group: group, logger: logger)
        let ticking = workers.startTicking()
        defer { for task in ticking { task.cancel() } }
        let servers: [any Service] = [workers.follower, publicServer(workers, group), adminServer(workers, group)]
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            for server in servers { tasks.addTask { try await server.run() } }
            do {
                while try await tasks.next() != nil {}
            } catch {
                tasks.cancelAll()
                throw error
            }
        }
    }

    private func publicServer(_ workers: WorkerPool, _ group: MultiThreadedEventLoopGroup) -> some Service {
        let routes = PublicRoutes(
            directory: workers.directory, keyset: { workers.follower.keyset }, hasRoom: { workers.hasRoom })
        return Application(
            router: routes.router(),
            server: HTTPServerBuilder { responder in
                PublicChannel(
                    responder: responder,
                    upgrader: PeerUpgrader(open: { workers.open($0, site: $1) }, hasRoom: { workers.hasRoom }))
            },
            configuration: ApplicationConfiguration(
                address: .hostname(configuration.publicAddress.host, port: configuration.publicAddress.port),
                serverName: nil),
            onServerRunning: { [onListening] channel in
                onListening(Listening(side: .public, port: channel.localAddress?.port ?? 0))
            },
            eventLoopGroupProvider: .shared(group),
            logger: logger
        )
    }

    private func adminServer(_ workers: WorkerPool, _ group: MultiThreadedEventLoopGroup) -> some Service {
        let routes = AdminRoutes(
            status: { [configuration, contentCount] in
                let totals = await workers.totals()
                let address = configuration.publicAddress
                return AdminRoutes.Status(
                    isReady: workers.follower.keyset != nil,
                    connections: totals.connections,
                    connectionLimit: configuration.connectionLimit,
                    announced: totals.announced,
                    contents: contentCount?(),
                    root: configuration.root.text,
                    authorityURL: configuration.authorityURL,
                    publicURL: configuration.publicURL ?? "http://\(address)")
            },
            metrics: metrics)
        return Application(
            router: routes.router(),
            configuration: ApplicationConfiguration(
                address: .hostname(configuration.adminAddress.host, port: configuration.adminAddress.port),
                serverName: nil),
            onServerRunning: { [onListening] channel in
                onListening(Listening(side: .admin, port: channel.localAddress?.port ?? 0))
            },
            eventLoopGroupProvider: .shared(group),
            logger: logger
        )
    }
}
