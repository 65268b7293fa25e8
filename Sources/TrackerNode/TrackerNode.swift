import ContentTrust
import Hummingbird
import HummingbirdCore
import Logging
import Metrics
import NIOCore
import NIOPosix
import Presence
import RedisPresence
import ServiceLifecycle
import Serving
import Settings
import TrackerCore
import TrackerProtocol

/// One tracker node: the public address with its peers, the admin address, and the keyset that certificates are judged by.
public struct TrackerNode: Service {
    /// The addresses that a node listens on.
    public enum Side: Sendable {
        case `public`
        case admin
    }

    /// Where the presence of the node's peers is kept.
    public enum Store: Sendable {
        /// In this process; the node is alone.
        case memory(any PresenceStore)
        /// On the shards of a cluster, together with its other nodes.
        case redis(RedisPresenceConfiguration)
    }

    private let configuration: TrackerConfiguration
    private let group: MultiThreadedEventLoopGroup
    private let store: Store
    private let metrics: @Sendable () -> String
    private let onListening: @Sendable (Side, _ port: Int) -> Void
    private let logger: Logger

    /// - Parameters:
    ///   - eventLoopGroup: serves the connections. It outlives the node: servers still hand work to their event loops when they have ended.
    ///   - store: who has what.
    ///   - metrics: the text for `/metrics`.
    ///   - onListening: called for each address when it is bound, with the port in force.
    public init(
        _ configuration: TrackerConfiguration,
        eventLoopGroup: MultiThreadedEventLoopGroup = .singleton,
        store: Store,
        metrics: @escaping @Sendable () -> String,
        logger: Logger,
        onListening: @escaping @Sendable (Side, _ port: Int) -> Void = { _, _ in }
    ) {
        self.configuration = configuration
        group = eventLoopGroup
        self.store = store
        self.metrics = metrics
        self.logger = logger
        self.onListening = onListening
    }

    /// Serves until the service group shuts down gracefully and the clients have been led away (``Draining``). A cancelled task waits for
    /// no client, but ends as orderly.
    public func run() async throws {
        let authority = AuthorityClient(url: configuration.authorityURL, eventLoopGroup: group)
        do {
            try await serve(authority)
        } catch {
            try? await authority.shutdown()
            throw error
        }
        try await authority.shutdown()
    }

    private func serve(_ authority: AuthorityClient) async throws {
        let connections = ConnectionCount(limit: configuration.limits.connections)
        let presence: any PresenceStore
        var cluster: RedisPresence?
        switch store {
        case .memory(let store): presence = store
        case .redis(let configuration):
            let redis = try await RedisPresence(
                configuration,
                loops: Array(group.makeIterator().prefix(WorkerPool.workerLimit)),
                connections: { connections.current },
                logger: logger
            )
            presence = redis
            cluster = redis
        }
        do {
            try await serve(authority, presence, cluster, connections)
        } catch {
            await cluster?.leave()
            throw error
        }
        await cluster?.leave()
    }

    private func serve(
        _ authority: AuthorityClient,
        _ presence: any PresenceStore,
        _ cluster: RedisPresence?,
        _ connections: ConnectionCount
    ) async throws {
        let follower = KeysetFollower(
            authority: authority,
            root: configuration.root,
            interval: .seconds(configuration.keysetInterval),
            logger: logger
        )
        let environment = WorkerEnvironment(
            directory: CertificateDirectory(authority: authority, judge: follower, logger: logger),
            store: presence,
            router: SignalRouter(node: presence.node, cluster: cluster),
            connections: connections
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
        let draining = Draining(configuration, logger: logger)
        var services: [any Service] = [
            follower,
            publicServer(workers, environment, follower, address),
            adminServer(workers, environment, follower, draining, cluster, address),
        ]
        if let cluster { services.append(ClusterMember(cluster, workers, environment.router)) }
        try await run(services) {
            await cluster?.beginDrain()
            await draining.run(workers, environment.connections)
        }
        // The server did not wait for peers (PublicChannel), whose ends of their connections may still be open.
        await environment.connections.untilNone()
    }

    /// Runs services past the graceful shutdown of this task, until `drain` has returned.
    private func run(_ services: [any Service], until drain: @escaping @Sendable () async -> Void) async throws {
        let services = ServiceGroup(services: services, logger: logger)
        // Not a child task: that would pass the graceful shutdown on to the services at once.
        let serving = Task.detached { try await services.run() }
        try await withTaskCancellationHandler {
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                tasks.addTask { try await serving.value }
                tasks.addTask {
                    // It throws when the task is cancelled, which is as good a reason to end.
                    try? await gracefulShutdown()
                    await drain()
                    await services.triggerGracefulShutdown()
                }
                for try await _ in tasks {}
            }
        } onCancel: {
            serving.cancel()
        }
    }

    private func publicServer(
        _ workers: WorkerPool,
        _ environment: WorkerEnvironment,
        _ follower: KeysetFollower,
        _ address: BoundAddress
    ) -> some Service {
        let connections = environment.connections
        let addresses = ClientAddresses(
            trustedProxies: configuration.trustedProxies,
            limit: configuration.addressConnectionLimit
        )
        let routes = PublicRoutes(directory: environment.directory, keyset: { follower.keyset })
        let application = Application(
            router: routes.router(),
            server: HTTPServerBuilder { responder in
                PublicChannel(responder: responder, connections: connections, addresses: addresses) { channel, site in
                    workers.open(channel, site: site)
                }
            },
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
        _ draining: Draining,
        _ cluster: RedisPresence?,
        _ address: BoundAddress
    ) -> some Service {
        let published = TrackerMetrics()
        let unreadiness = { @Sendable () -> String? in
            if draining.isUnderWay { return "draining" }
            return follower.keyset == nil ? "no keyset was accepted yet" : cluster?.reasonNotReady
        }
        let routes = AdminRoutes(
            unreadiness: unreadiness,
            status: { [configuration] in
                let totals = await workers.totals()
                return AdminRoutes.Status(
                    unreadiness: unreadiness(),
                    connections: totals.connections,
                    connectionLimit: configuration.limits.connections,
                    announced: totals.announced,
                    root: configuration.root.text,
                    authorityURL: configuration.authorityURL,
                    publicURL: configuration.publicURL ?? "http://\(address.current)"
                )
            },
            metrics: { [metrics] in
                published.publish(await workers.totals(), isDraining: draining.isUnderWay)
                return metrics()
            },
            cluster: ClusterRoutes(cluster: cluster)
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
