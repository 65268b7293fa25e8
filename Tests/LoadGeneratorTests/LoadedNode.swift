import ContentTrust
import LoadGenerator
import Logging
import NIOCore
import Presence
import ServiceLifecycle
import Settings
import Synchronization
import TestSupport
import TrackerNode

/// A tracker node of this process, and what a generator needs to load it.
struct LoadedNode: Sendable {
    static let site = "https://site.example"

    let endpoint: TrackerEndpoint
    let authority: StandInAuthority

    /// Runs a node until `body` has returned.
    static func run<Result: Sendable>(
        store: any PresenceStore = MemoryPresenceStore(),
        _ body: @Sendable (LoadedNode) async throws -> Result
    ) async throws -> Result {
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        let ports = Mutex<[String: Int]>([:])
        let waitForPort = { (name: String) in
            try await eventually("\(name) is listening") { ports.withLock { $0[name] } }
        }
        let authority = try StandInAuthority { port in ports.withLock { $0["authority"] = port } }
        let authorityGroup = ServiceGroup(services: [authority], logger: logger)
        return try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await authorityGroup.run() }
            let configuration = TrackerConfiguration(
                publicAddress: ListenAddress(host: "127.0.0.1", port: 0),
                adminAddress: ListenAddress(host: "127.0.0.1", port: 0),
                authorityURL: "http://127.0.0.1:\(try await waitForPort("authority"))",
                root: authority.root
            )
            let node = TrackerNode(
                configuration,
                store: .memory(store),
                metrics: { "" },
                logger: logger,
                onListening: { side, port in ports.withLock { $0["\(side)"] = port } }
            )
            let nodeGroup = ServiceGroup(services: [node], logger: logger)
            tasks.addTask { try await nodeGroup.run() }
            let endpoint = TrackerEndpoint(host: "127.0.0.1", port: try await waitForPort("public"))
            let result: Swift.Result<Result, any Error>
            do {
                result = .success(try await body(LoadedNode(endpoint: endpoint, authority: authority)))
            } catch {
                result = .failure(error)
            }
            await nodeGroup.triggerGracefulShutdown()
            await authorityGroup.triggerGracefulShutdown()
            try await tasks.waitForAll()
            return try result.get()
        }
    }

    /// A small load: some hundred operations a second by 60 connections.
    func plan() -> LoadPlan {
        var plan = LoadPlan(trackers: [endpoint])
        plan.connections = 60
        plan.contents = 40
        plan.contentsPerConnection = 3
        plan.rates.announces = 100
        plan.rates.leaves = 100
        plan.rates.finds = 500
        plan.rates.signals = 200
        plan.rates.disconnects = 10
        plan.grace = .milliseconds(500)
        plan.heartbeat = .milliseconds(200)
        return plan
    }

    /// Loads the node until the report is as wanted, and gives the final one.
    func load(
        _ plan: LoadPlan,
        until expectation: String,
        _ isWanted: @escaping @Sendable (LoadCounts) -> Bool
    ) async throws -> LoadReport {
        let generator = try await LoadGenerator(plan, key: authority.signingKey, site: WebOrigin(Self.site))
        do {
            try await generator.connect()
            try await generator.drive()
            _ = try await eventually(expectation) { isWanted(try await generator.report().counts) ? true : nil }
            try await generator.pause()
        } catch {
            try await generator.close()
            throw error
        }
        return try await generator.close()
    }
}
