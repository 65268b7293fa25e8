import ContentTrust
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import ServiceLifecycle
import Serving
import Signing

/// The signing authority: the only holder of private keys. It fetches content from its origins, hashes it and certifies it
/// (Docs/Certificates.md). Run it as a service; it ends with a graceful shutdown, in which fetches are broken off.
public struct SigningAuthority: Service {
    /// The addresses that the authority listens on.
    public enum Side: Sendable {
        case `public`
        case admin
    }

    /// What a site's pages pin (`data-root`).
    public let root: KeyID

    private let configuration: AuthorityConfiguration
    private let directory: DataDirectory
    private let registry: Registry
    private let keysets: KeysetPublisher
    private let certifier: Certifier
    private let clock: AuthorityClock
    private let metrics: @Sendable () -> String
    private let onListening: @Sendable (Side, _ port: Int) -> Void
    private let logger: Logger

    /// Opens the data directory; at the first start it makes keys and registry there.
    ///
    /// - Parameters:
    ///   - metrics: writes what `/metrics` answers, in the Prometheus text format.
    ///   - sites: registered, or changed to this, before anything is answered; others stay as they are.
    ///   - onListening: called for each address when it is bound, with the port in force.
    public init(
        configuration: AuthorityConfiguration,
        sites: [Site] = [],
        logger: Logger,
        clock: AuthorityClock = .system,
        metrics: @escaping @Sendable () -> String,
        onListening: @escaping @Sendable (Side, _ port: Int) -> Void = { _, _ in }
    ) async throws {
        try await self.init(
            configuration: configuration,
            sites: sites,
            logger: logger,
            clock: clock,
            resolver: SystemResolver(),
            metrics: metrics,
            onListening: onListening
        )
    }

    init(
        configuration: AuthorityConfiguration,
        sites: [Site],
        logger: Logger,
        clock: AuthorityClock,
        resolver: any HostResolver,
        metrics: @escaping @Sendable () -> String,
        onListening: @escaping @Sendable (Side, _ port: Int) -> Void
    ) async throws {
        try configuration.validate()
        let directory = try DataDirectory(path: configuration.dataDirectory)
        let registry = try Registry(
            path: directory.registryPath,
            contentCountLimit: configuration.contentCountLimit,
            siteCountLimit: configuration.siteCountLimit
        )
        let keys = try AuthorityKeys(
            in: directory,
            algorithm: configuration.keyAlgorithm,
            isFirstStart: try registry.newestKeyset() == nil,
            logger: logger
        )
        for site in sites {
            guard try await registry.put(site) else {
                throw AuthorityError.configuration("there are more sites than site-count-limit allows")
            }
        }
        self.configuration = configuration
        self.directory = directory
        self.registry = registry
        self.clock = clock
        self.metrics = metrics
        self.onListening = onListening
        self.logger = logger
        root = keys.root.publicKey.id
        keysets = try KeysetPublisher(
            keys: keys,
            issuer: configuration.issuer,
            lifetime: configuration.keysetLifetime,
            registry: registry
        )
        certifier = Certifier(
            configuration: configuration,
            registry: registry,
            resolver: resolver,
            key: keys.signing,
            clock: clock,
            metrics: AuthorityMetrics(),
            logger: logger
        )
    }

    public func run() async throws {
        // A keyset that cannot be signed or noted is a reason not to start.
        _ = try await keysets.current(now: clock.now())
        let publicServer = server(
            PublicRoutes(certifier: certifier, keysets: keysets, clock: clock).router(),
            host: configuration.publicHost,
            port: configuration.publicPort,
            side: .public
        )
        let adminServer = server(
            AdminRoutes(
                registry: registry,
                certifier: certifier,
                keysets: keysets,
                clock: clock,
                siteCountLimit: configuration.siteCountLimit,
                metrics: metrics
            ).router(),
            host: configuration.adminHost,
            port: configuration.adminPort,
            side: .admin
        )
        let services: [any Service] = [FetchService(certifier: certifier), publicServer, adminServer]
        try await ServiceGroup(configuration: .init(services: services, logger: logger)).run()
    }

    /// Connections of one address at once; further ones wait to be accepted.
    private static let connectionLimit = 1_024
    private static let connectionIdleTimeout = TimeAmount.seconds(60)

    private func server(
        _ router: Router<BasicRequestContext>,
        host: String,
        port: Int,
        side: Side
    ) -> some Service {
        let application = Application(
            router: router,
            server: .http1(configuration: .init(idleTimeout: Self.connectionIdleTimeout)),
            configuration: .init(
                address: .hostname(host, port: port),
                availableConnectionsDelegate: MaximumAvailableConnections(Self.connectionLimit)
            ),
            onServerRunning: { [onListening] channel in onListening(side, channel.localAddress?.port ?? 0) },
            logger: logger
        )
        return AddressedServer(at: "\(host):\(port) (the \(side) address)", application)
    }
}

private struct FetchService: Service {
    let certifier: Certifier

    func run() async {
        await cancelWhenGracefulShutdown { await certifier.run() }
    }
}
