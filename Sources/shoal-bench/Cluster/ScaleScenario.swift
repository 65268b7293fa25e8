import LoadGenerator
import Signing

/// What an announce costs in clusters of different sizes, each node with the same load: so many announces, and as many leaves, a second.
///
/// A fixed rate and not as fast as possible, because all clusters share one machine: four nodes on two cores get half as much to do each, and
/// smaller batches cost more.
struct ScaleScenario {
    private static let connections = 200
    private static let contentsPerConnection = 4

    let environment: LocalCluster.Environment
    let signingKey: SigningKey
    /// Announces a second of each node.
    let rate: Double
    /// Of a round.
    let seconds: Double

    private struct Subject {
        var cluster: LocalCluster
        var generator: LoadGenerator
    }

    /// Measures clusters of so many nodes and as many shards in turn; microseconds of tracker CPU for one announce and its leave, in each round.
    func run(sizes: [Int], rounds: Int) async throws -> [[Double]] {
        var subjects: [Subject] = []
        for size in sizes {
            let store = StoreKind.redis(shards: size, batchLimit: nil)
            let cluster = try await LocalCluster.start(environment, nodes: size, store: store)
            var plan = LoadPlan(trackers: cluster.endpoints)
            plan.connections = Self.connections * size
            plan.contents = Self.connections * size
            plan.contentsPerConnection = Self.contentsPerConnection
            plan.rates.announces = rate * Double(size)
            plan.rates.leaves = rate * Double(size)
            let generator = try await LoadGenerator(plan, key: signingKey, site: ClusterCommand.site())
            try await generator.connect()
            subjects.append(Subject(cluster: cluster, generator: generator))
        }
        var costs: [[Double]] = Array(repeating: [], count: subjects.count)
        // The first round is not counted: each node verifies each certificate once.
        for round in 0...rounds {
            for (index, subject) in subjects.enumerated() {
                let cost = try await measure(subject)
                if round > 0 { costs[index].append(cost) }
            }
        }
        for subject in subjects {
            let report = try await subject.generator.close()
            await subject.cluster.stop()
            guard report.isClean else {
                throw LoadError("the tracker did not keep its word: \(report.faults.joined(separator: "; "))")
            }
        }
        return costs
    }

    private func measure(_ subject: Subject) async throws -> Double {
        let before = (try subject.cluster.usage(), try await subject.generator.report().counts)
        try await subject.generator.drive()
        try await Task.sleep(for: .seconds(seconds))
        try await subject.generator.pause()
        let usage = try subject.cluster.usage() - before.0
        let announces = try await subject.generator.report().counts.announces - before.1.announces
        return usage.trackers / Double(announces) * 1e6
    }
}
