import ArgumentParser
import ContentTrust
import Foundation
import LoadGenerator
import Logging
import ServiceLifecycle
import Synchronization

/// `shoal-bench cluster`: starts nodes and Redis servers, measures them, and says what the project wants the values to be.
struct ClusterCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cluster",
        abstract: "Start clusters on this machine and measure what they cost.",
        discussion: """
            Starts redis-server and `shoal tracker` from its own build directory, on loopback, and stops them. Build with \
            swift build -c release. Values are medians of the rounds; ratios are of the same round.
            """
    )

    enum Scenario: String, CaseIterable, ExpressibleByArgument {
        /// Announces and finds per CPU second, in memory and on Redis.
        case throughput
        /// CPU per announce at 1 node × 1 shard and at 4 × 4.
        case scale
        /// Latency of signals between nodes.
        case relay
        /// Memory of idle connections.
        case idle
        /// Redis memory of entries.
        case entries
    }

    static func site() throws -> WebOrigin { try WebOrigin("https://bench.example") }

    @Option(help: "What to measure; may be repeated. Without it, everything.")
    var scenario: [Scenario] = []

    @Option(help: "Rounds of each measurement.")
    var rounds = 5

    @Option(help: "Connections to each node in throughput and scale.")
    var connections = 200

    @Option(help: "Contents that each of them announces.")
    var contentsPerConnection = 250

    @Option(help: "Idle connections whose memory is measured.")
    var idleConnections = 10_000

    @Option(help: "Announces, and leaves, a second of each node in scale.")
    var nodeRate = 2_000.0

    @Option(help: ArgumentHelp("Of finds and of signals in each round.", valueName: "s"))
    var seconds = 3.0

    @Option(help: ArgumentHelp("Path of redis-server.", valueName: "path"))
    var redisServer = "/usr/bin/redis-server"

    @Flag(help: "Measure only what needs no Redis.")
    var withoutRedis = false

    @Flag(help: "Print JSON instead of a table.")
    var json = false

    func validate() throws {
        guard rounds > 0, connections > 0, idleConnections > 0, seconds > 0, nodeRate > 0,
            1...2_000 ~= contentsPerConnection
        else {
            throw ValidationError(
                "--rounds, --connections, --idle-connections, --node-rate and --seconds must be above 0, --contents-per-connection 1 to 2000."
            )
        }
    }

    func run() async throws {
        let interrupted = Task {
            await StopSignals().wait(for: nil)
            guard !Task.isCancelled else { return }
            ChildProcess.killAll()
            Foundation.exit(1)
        }
        defer {
            interrupted.cancel()
            ChildProcess.killAll()
        }
        try OpenFileLimit.raise(toConnections: idleConnections + 1_000)
        let ports = AsyncStream.makeStream(of: Int.self)
        let authority = try StandInAuthority { ports.continuation.yield($0) }
        var logger = Logger(label: "shoal-bench")
        logger.logLevel = .error
        let group = ServiceGroup(services: [authority], logger: logger)
        let serving = Task { try await group.run() }
        for await port in ports.stream {
            let report = try await measure(authority, port: port)
            if json {
                let encoder = JSONEncoder()
                encoder.outputFormatting = [.sortedKeys, .prettyPrinted]
                encoder.nonConformingFloatEncodingStrategy = .convertToString(
                    positiveInfinity: "inf",
                    negativeInfinity: "-inf",
                    nan: "nan"
                )
                say(String(decoding: try encoder.encode(report), as: UTF8.self))
            } else {
                say(report.text)
            }
            break
        }
        await group.triggerGracefulShutdown()
        try await serving.value
    }

    private func measure(_ authority: StandInAuthority, port: Int) async throws -> ClusterReport {
        let directory = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
        let environment = LocalCluster.Environment(
            shoal: directory.appending(path: "shoal").path,
            redisServer: redisServer,
            authorityURL: "http://127.0.0.1:\(port)",
            root: authority.root
        )
        let throughput = ThroughputScenario(
            environment: environment,
            signingKey: authority.signingKey,
            workload: ThroughputScenario.Workload(
                connections: connections,
                contents: 4 * contentsPerConnection,
                contentsPerConnection: contentsPerConnection,
                outstandingFinds: 2 * connections,
                seconds: seconds
            )
        )
        let memory = MemoryScenarios(environment: environment, signingKey: authority.signingKey)
        var report = ClusterReport()
        for scenario in Scenario.allCases where self.scenario.isEmpty || self.scenario.contains(scenario) {
            progress("\(scenario.rawValue)…")
            switch scenario {
            case .throughput: report.figures += try await measureThroughput(throughput)
            case .scale where !withoutRedis:
                let scale = ScaleScenario(
                    environment: environment,
                    signingKey: authority.signingKey,
                    rate: nodeRate,
                    seconds: seconds
                )
                report.figures += try await measureScale(scale, throughput)
            case .relay where !withoutRedis:
                let relay = RelayScenario(
                    environment: environment,
                    signingKey: authority.signingKey,
                    seconds: seconds
                )
                report.figures += try await measureRelay(relay)
            case .idle: report.figures += try await measureIdle(memory)
            case .entries where !withoutRedis: report.figures += try await measureEntries(memory)
            case .scale, .relay, .entries: break
            }
        }
        return report
    }

    private func progress(_ text: String) {
        FileHandle.standardError.write(Data((text + "\n").utf8))
    }
}
