import ContentTrust
import Hummingbird
import HummingbirdCore
import Logging
import Metrics
import NIOCore
import NIOPosix
import Presence
import ServiceLifecycle
import Serving
import Settings
import Synchronization
import TrackerCore
import TrackerProtocol

/// One tracker node: the public address with its peers, the admin address, and the keyset that certificates are judged by.
public struct TrackerNode: Service {
    /// The addresses that a node listens on.
    public enum Side: Sendable {
        case `public`
        case admin
    }

    private let configuration: TrackerConfiguration
    private let store: any PresenceStore
    private let metrics: @Sendable () -> String
    private let onListening: @Sendable (Side, _ port: Int) -> Void
    private let logger: Logger

    /// - Parameters:
    ///   - store: who has what.
    ///   - metrics: the text for `/metrics`.
    ///   - onListening: called for each address when it is bound, with the port in force.
    public init(
        _ configuration: TrackerConfiguration,
        store: any PresenceStore,
        metrics: @escaping @Sendable () -> String,
        logger: Logger,
        onListening: @escaping @Sendable (Side, _ port: Int) -> Void = { _, _ in }
    ) {
        self.configuration = configuration
        self.store = store
        self.metrics = metrics
        self.logger = logger
        self.onListening = onListening
    }

    /// Serves until the service group shuts down gracefully; peers are then closed with 1001.
    public func run() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: configuration.eventLoops ?? System.coreCount)
        let authority = AuthorityClient(url: configuration.authorityURL, eventLoopGroup: group)
        do {
            try await serve(on: group, authority)
        } catch {
            try? await authority.shutdown()
            try? await group.shutdownGracefully()
            throw error
        }
        try await authority.shutdown()
        try await group.shutdownGracefully()
    }

    private func serve(on group: MultiThreadedEventLoopGroup, _ authority: AuthorityClient) async throws {
        let follower = KeysetFollower(
            authority: authority,
            root: configuration.root,
            interval: .seconds(configuration.keysetInterval),
            logger: logger
        )
        let environment = WorkerEnvironment(
            directory: CertificateDirectory(authority: authority, judge: follower, logger: logger),
            store: store,
            router: SignalRouter(),
            connections: ConnectionCount(limit: configuration.limits.connections)
        )
        let workers = try await WorkerPool(
            configuration,
            loops: Array(group.makeIterator()),
            judge: follower,
            environment: environment
        )
        let ticking = workers.startTicking()
        defer { for task in ticking { task.cancel() } }

        let address = BoundAddress(configuration.publicAddress)
        let servers: [any Service] = [
            follower,
            publicServer(workers, environment, follower, group, address),
            adminServer(workers, environment, follower, group, address),
        ]
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            for server in servers { tasks.addTask { try await server.run() } }
            do {
                for try await _ in tasks {}
            } catch {
                tasks.cancelAll()
                throw error
            }
        }
        // The server does not wait for peers (PublicChannel), and one that came while it was shutting down was not told to go.
        await workers.closeAll()
        await environment.connections.untilNone()
    }

    private func publicServer(
        _ workers: WorkerPool,
        _ environment: WorkerEnvironment,
        _ follower: KeysetFollower,
        _ group: MultiThreadedEventLoopGroup,
        _ address: BoundAddress
    ) -> some Service {
        let connections = environment.connections
        let routes = PublicRoutes(directory: environment.directory, keyset: { follower.keyset })
        let upgrader = PeerUpgrader(open: { workers.open($0, site: $1) }, hasRoom: { connections.hasRoom })
        let application = Application(
            router: routes.router(),
            server: HTTPServerBuilder { PublicChannel(responder: $0, upgrader: upgrader) },
            configuration: ApplicationConfiguration(
                address: .hostname(configuration.publicAddress.host, port: configuration.publicAddress.port)
            ),
            onServerRunning: { [onListening] channel in
                let port = channel.localAddress?.port ?? 0
                address.bound(to: port)
                onListening(.public, port)
            },
            eventLoopGroupProvider: .shared(group),
            logger: logger
        )
        return AddressedServer(at: "\(configuration.publicAddress) (the public address)", application)
    }

    private func adminServer(
        _ workers: WorkerPool,
        _ environment: WorkerEnvironment,
        _ follower: KeysetFollower,
        _ group: MultiThreadedEventLoopGroup,
        _ address: BoundAddress
    ) -> some Service {
        let published = TrackerMetrics()
        let routes = AdminRoutes(
            isReady: { follower.keyset != nil },
            status: { [configuration] in
                let totals = await workers.totals()
                return AdminRoutes.Status(
                    isReady: follower.keyset != nil,
                    connections: totals.connections,
                    connectionLimit: configuration.limits.connections,
                    announced: totals.announced,
                    root: configuration.root.text,
                    authorityURL: configuration.authorityURL,
                    publicURL: configuration.publicURL ?? "http://\(address.current)"
                )
            },
            metrics: { [metrics] in
                published.publish(await workers.totals())
                return metrics()
            }
        )
        let application = Application(
            router: routes.router(),
            configuration: ApplicationConfiguration(
                address: .hostname(configuration.adminAddress.host, port: configuration.adminAddress.port)
            ),
            onServerRunning: { [onListening] channel in onListening(.admin, channel.localAddress?.port ?? 0) },
            eventLoopGroupProvider: .shared(group),
            logger: logger
        )
        return AddressedServer(at: "\(configuration.adminAddress) (the admin address)", application)
    }
}
