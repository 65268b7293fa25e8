import AsyncHTTPClient
import ContentTrust
import Foundation
import LoadGenerator
import NIOCore
import NIOHTTP1
import NIOPosix
import Signing

/// Where presence is kept in a measured cluster.
enum StoreKind: Sendable, Hashable {
    case memory
    /// - Parameter batchLimit: of `--redis-batch-limit`; nil for its default.
    case redis(shards: Int, batchLimit: Int?)
}

/// Tracker nodes and their Redis shards, as processes on loopback.
struct LocalCluster: Sendable {
    let trackers: [ChildProcess]
    let endpoints: [TrackerEndpoint]
    let shards: [RedisServer]

    /// CPU seconds so far.
    struct Usage {
        var trackers: Double
        var redis: Double

        static func - (a: Usage, b: Usage) -> Usage {
            Usage(trackers: a.trackers - b.trackers, redis: a.redis - b.redis)
        }
    }

    /// The parts that all clusters of a run share.
    struct Environment: Sendable {
        /// Path of the `shoal` program.
        var shoal: String
        /// Path of redis-server, and of redis-cli beside it.
        var redisServer: String
        var authorityURL: String
        var root: KeyID
    }

    /// Starts shards and nodes, each node with one event loop, and returns when all are ready.
    static func start(_ environment: Environment, nodes: Int, store: StoreKind) async throws -> LocalCluster {
        var shards: [RedisServer] = []
        var arguments: [String] = []
        if case .redis(let count, let batchLimit) = store {
            for index in 0..<count { shards.append(try await RedisServer.start(environment.redisServer, index)) }
            let urls = shards.enumerated().map { "s\($0)=redis://127.0.0.1:\($1.port)" }
            arguments += ["--redis-url", urls.joined(separator: ",")]
            if let batchLimit { arguments += ["--redis-batch-limit", "\(batchLimit)"] }
        }
        var trackers: [ChildProcess] = []
        for index in 0..<nodes {
            trackers.append(
                try ChildProcess(
                    "tracker \(index)",
                    environment.shoal,
                    [
                        "tracker", "--public-address", "127.0.0.1:0", "--admin-address", "127.0.0.1:0",
                        "--authority-url", environment.authorityURL, "--root-thumbprint", environment.root.text,
                        "--event-loops", "1", "--connection-limit", "100000",
                        // A few connections stand for many visitors.
                        "--message-rate-limit", "100000", "--message-burst-limit", "100000",
                    ] + arguments
                )
            )
        }
        var endpoints: [TrackerEndpoint] = []
        for tracker in trackers {
            endpoints.append(try TrackerEndpoint("ws://" + (try await tracker.line(after: "public address "))))
            let admin = try await tracker.line(after: "admin address ")
            try await tracker.wait(30, "\(tracker.name) was not ready") {
                try await HTTPProbe.isOK("http://\(admin)/readyz")
            }
        }
        return LocalCluster(trackers: trackers, endpoints: endpoints, shards: shards)
    }

    func stop() async {
        for tracker in trackers { await tracker.stop() }
        for shard in shards { await shard.process.stop() }
    }

    func usage() throws -> Usage {
        Usage(
            trackers: try trackers.reduce(0) { try $0 + $1.cpuSeconds() },
            redis: try shards.reduce(0) { try $0 + $1.process.cpuSeconds() }
        )
    }
}

/// One redis-server without persistence, for presence needs none.
struct RedisServer: Sendable {
    let process: ChildProcess
    let port: Int
    private let client: String

    static func start(_ executable: String, _ index: Int) async throws -> RedisServer {
        let port = try await freePort()
        let process = try ChildProcess(
            "redis-server \(index)",
            executable,
            ["--bind", "127.0.0.1", "--port", "\(port)", "--save", "", "--appendonly", "no", "--daemonize", "no"]
        )
        _ = try await process.line(after: "Ready to accept connections")
        let client = URL(filePath: executable).deletingLastPathComponent().appending(path: "redis-cli").path
        return RedisServer(process: process, port: port, client: client)
    }

    /// A port that was free a moment ago; redis-server cannot choose one itself.
    private static func freePort() async throws -> Int {
        let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .bind(host: "127.0.0.1", port: 0).get()
        let port = listener.localAddress?.port ?? 0
        try await listener.close()
        return port
    }

    /// Bytes that it has allocated.
    func usedMemory() async throws -> Int {
        let line = try await ask("info", "memory").first { $0.hasPrefix("used_memory:") } ?? ""
        guard let bytes = Int(line.dropFirst("used_memory:".count)) else {
            throw LoadError("redis-cli gave used_memory as \"\(line)\"")
        }
        return bytes
    }

    /// Waits until so many fields are in its hashes: a node acknowledges an announce before the shard has it.
    func waitForEntries(_ wanted: Int) async throws {
        var found = 0
        try await process.wait(60, "\(process.name) did not get \(wanted) entries") {
            let script = """
                local n, c = 0, '0'
                repeat
                  local r = redis.call('SCAN', c, 'COUNT', 1000, 'TYPE', 'hash')
                  c = r[1]
                  for _, k in ipairs(r[2]) do n = n + redis.call('HLEN', k) end
                until c == '0'
                return n
                """
            found = try await ask("eval", script, "0").first.flatMap { Int($0) } ?? 0
            return found >= wanted
        }
    }

    /// The lines of redis-cli's answer.
    private func ask(_ arguments: String...) async throws -> [String] {
        try await ChildProcess.lines(of: client, ["-p", "\(port)"] + arguments)
    }
}

/// Asks whether a server says that it is ready.
enum HTTPProbe {
    static func isOK(_ url: String) async throws -> Bool {
        let answer = try? await HTTPClient.shared.execute(HTTPClientRequest(url: url), timeout: .seconds(5))
        return answer?.status == .ok
    }
}
