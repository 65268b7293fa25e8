import AsyncHTTPClient
import ContentTrust
import Foundation
import Logging
import Metrics
import NIOCore
import NIOHTTP1
import NIOPosix
import Presence
import PrometheusExposition
import ServiceLifecycle
import Settings
import Signing
import Synchronization
import TestSupport
import TrackerNode

/// A tracker node and its authority in this process, on loopback ports of their own.
struct RunningNode: Sendable {
    let publicPort: Int
    let adminPort: Int
    let authority: FakeAuthority
    let store: MemoryPresenceStore
    fileprivate let group: ServiceGroup
    fileprivate let run: Task<Void, any Error>

    /// An answer over HTTP.
    struct Answer {
        var status: Int
        var headers: HTTPHeaders
        var body: [UInt8]

        var text: String { String(decoding: body, as: UTF8.self) }

        /// The body's JSON object.
        var object: NSDictionary? { try? JSONSerialization.jsonObject(with: Data(body)) as? NSDictionary }
    }

    /// Shuts down gracefully, as a signal does; returns at once.
    func beginShutDown() async { await group.triggerGracefulShutdown() }

    /// Ends at once, as a second signal does; returns at once.
    func cancel() { run.cancel() }

    /// Returns when `run()` has; throws what it did.
    func hasEnded() async throws { try await run.value }

    func shutDown() async throws {
        await beginShutDown()
        try await hasEnded()
    }

    func get(_ path: String, admin: Bool = false, headers: HTTPHeaders = [:]) async throws -> Answer {
        var request = HTTPClientRequest(url: "http://127.0.0.1:\(admin ? adminPort : publicPort)\(path)")
        request.headers = headers
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(30))
        let body = try await response.body.collect(upTo: 1 << 22)
        return Answer(status: Int(response.status.code), headers: response.headers, body: Array(buffer: body))
    }

    /// The values of an exposition, by the metrics' names. The process counts for all of its nodes.
    static func metrics(_ exposition: String) -> [String: Double] {
        Dictionary(
            exposition.split(separator: "\n").filter { !$0.hasPrefix("#") }.map { line in
                let parts = line.split(separator: " ")
                return (String(parts[0]), Double(parts[1]) ?? .nan)
            },
            uniquingKeysWith: { $1 }
        )
    }

    /// The value of one metric; 0 when nothing was counted yet.
    func count(_ metric: String) async throws -> Double {
        Self.metrics(try await get("/metrics", admin: true).text)[metric, default: 0]
    }

    /// Asks for the certificate of a URL.
    func certificate(_ url: String, origin: String? = nil) async throws -> Answer {
        let query = url.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? url
        return try await get(
            "/v1/certificates?url=\(query)",
            headers: origin.map { HTTPHeaders([("Origin", $0)]) } ?? [:]
        )
    }
}

private let metrics: PrometheusRegistry = {
    let registry = PrometheusRegistry()
    // Once for the process: swift-metrics demands it.
    MetricsSystem.bootstrap(registry)
    return registry
}()

/// Event loops by their number, for all nodes: a node's group outlives it.
private let eventLoopGroups = Mutex<[Int: MultiThreadedEventLoopGroup]>([:])

/// Runs a node until `body` has returned, then shuts it down and waits for its end.
///
/// - Parameter isReady: whether to wait until the node has its keyset.
func withNode(
    isReady: Bool = true,
    authorityMode: FakeAuthority.Mode = .up,
    eventLoops: Int = 1,
    _ configure: (inout TrackerConfiguration) -> Void = { _ in },
    _ body: @escaping @Sendable (RunningNode) async throws -> Void
) async throws {
    var logger = Logger(label: "test")
    logger.logLevel = .critical
    let authority = try FakeAuthority()
    authority.mode = authorityMode
    let ports = Ports()
    let authorityGroup = ServiceGroup(
        services: [authority.application(onRunning: { ports.set("authority", $0) }, logger: logger)],
        logger: logger
    )
    async let authorityRun: Void = authorityGroup.run()
    let loopback = ListenAddress(host: "127.0.0.1", port: 0)
    var configuration = TrackerConfiguration(
        publicAddress: loopback,
        adminAddress: loopback,
        authorityURL: "http://127.0.0.1:\(try await ports.get("authority"))",
        root: authority.root.publicKey.id
    )
    configure(&configuration)
    let registry = metrics
    let store = MemoryPresenceStore()
    let node = TrackerNode(
        configuration,
        eventLoopGroup: eventLoopGroups.withLock { groups in
            let group = groups[eventLoops] ?? MultiThreadedEventLoopGroup(numberOfThreads: eventLoops)
            groups[eventLoops] = group
            return group
        },
        store: .memory(store),
        metrics: { registry.exposition() },
        logger: logger,
        onListening: { side, port in ports.set("\(side)", port) }
    )
    let group = ServiceGroup(services: [node], logger: logger)
    let run = Task { try await group.run() }
    let running = RunningNode(
        publicPort: try await ports.get("public"),
        adminPort: try await ports.get("admin"),
        authority: authority,
        store: store,
        group: group,
        run: run
    )
    let result: Result<Void, any Error>
    do {
        if isReady {
            try await eventually("the node is ready") {
                try await running.get("/readyz", admin: true).status == 200
            }
        }
        result = .success(try await body(running))
    } catch {
        result = .failure(error)
    }
    try await running.shutDown()
    authority.mode = .up
    await authorityGroup.triggerGracefulShutdown()
    try await authorityRun
    try result.get()
}

/// The ports that servers were given.
private final class Ports: Sendable {
    private let ports = Mutex<[String: Int]>([:])

    func set(_ name: String, _ port: Int) { ports.withLock { $0[name] = port } }

    func get(_ name: String) async throws -> Int {
        try await eventually("\(name) is listening") { ports.withLock { $0[name] } }
    }
}
