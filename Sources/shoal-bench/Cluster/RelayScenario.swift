import LoadGenerator
import Signing

/// How long a signal takes between two nodes: first as many as they can relay, then half as many.
struct RelayScenario {
    struct Latency: Sendable {
        /// Signals a second at half load.
        var rate: Double
        /// Milliseconds, between peers of different nodes.
        var p50: Double
        var p99: Double
    }

    private static let connections = 200
    private static let outstanding = 256
    /// Finds in proportion to signals: introductions lapse.
    private static let findShare = 0.05

    let environment: LocalCluster.Environment
    let signingKey: SigningKey
    let seconds: Double

    func run(rounds: Int) async throws -> [Latency] {
        let store = StoreKind.redis(shards: 1, batchLimit: nil)
        let cluster = try await LocalCluster.start(environment, nodes: 2, store: store)
        var latencies: [Latency] = []
        for _ in 0..<rounds {
            let limit = try await load(cluster, pace: .outstanding(Self.outstanding), rate: 1).rate
            latencies.append(try await load(cluster, pace: .rates, rate: limit / 2))
        }
        await cluster.stop()
        return latencies
    }

    private func load(_ cluster: LocalCluster, pace: LoadPlan.Pace, rate: Double) async throws -> Latency {
        var plan = LoadPlan(trackers: cluster.endpoints)
        plan.connections = Self.connections
        plan.contents = Self.connections
        plan.contentsPerConnection = 8
        plan.pace = pace
        plan.rates.signals = rate
        plan.rates.finds = rate * Self.findShare
        let generator = try await LoadGenerator(plan, key: signingKey, site: ClusterCommand.site())
        try await generator.connect()
        try await generator.drive()
        // Until peers know each other.
        try await Task.sleep(for: .seconds(1))
        try await generator.resetLatencies()
        let before = try await generator.report()
        try await Task.sleep(for: .seconds(seconds))
        let after = try await generator.report()
        try await generator.pause()
        let report = try await generator.close()
        guard report.isClean, let latency = after.latencies.signalOtherTracker else {
            throw LoadError("no signals passed between nodes: \(report.faults.joined(separator: "; "))")
        }
        return Latency(
            rate: Double(after.counts.signalsArrived - before.counts.signalsArrived) / (after.elapsed - before.elapsed),
            p50: latency.p50,
            p99: latency.p99
        )
    }
}
