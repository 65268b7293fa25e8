import ContentTrust
import LoadGenerator
import Signing

/// What announces and finds cost: the same work, done by several clusters in turn.
///
/// A round fills a cluster (every connection announces all its contents, one in each message), then lets it answer finds, then empties it.
/// CPU seconds are read at the borders. All clusters run all the time, so that rounds can be interleaved: a machine that is slow for a while
/// is slow for all of them.
struct ThroughputScenario {
    struct Workload: Sendable {
        /// Connections of each node.
        var connections: Int
        var contents: Int
        var contentsPerConnection: Int
        /// Finds that wait for an answer at each node.
        var outstandingFinds: Int
        /// Seconds of finds in a round.
        var seconds: Double
    }

    struct Cost: Sendable {
        var announcesPerTrackerSecond: Double
        var announcesPerRedisSecond: Double
        var findsPerTrackerSecond: Double
        var findsPerRedisSecond: Double
    }

    private struct Subject {
        var cluster: LocalCluster
        var generator: LoadGenerator
        var pairs: Double
    }

    let environment: LocalCluster.Environment
    let signingKey: SigningKey
    let workload: Workload

    /// Measures clusters side by side; the costs of each one's rounds.
    func run(_ clusters: [(nodes: Int, store: StoreKind)], rounds: Int) async throws -> [[Cost]] {
        var subjects: [Subject] = []
        for (nodes, store) in clusters {
            let cluster = try await LocalCluster.start(environment, nodes: nodes, store: store)
            var plan = LoadPlan(trackers: cluster.endpoints)
            plan.connections = workload.connections * nodes
            plan.contents = workload.contents
            plan.contentsPerConnection = workload.contentsPerConnection
            plan.certificatesPerMessage = 1
            plan.rates.finds = 1
            plan.pace = .outstanding(workload.outstandingFinds * nodes)
            let generator = try await LoadGenerator(plan, key: signingKey, site: ClusterCommand.site())
            try await generator.connect(announcing: false)
            // Every node verifies every certificate once; that is not what is measured.
            try await generator.announceAll()
            try await generator.leaveAll()
            let pairs = Double(plan.connections * plan.contentsPerConnection)
            subjects.append(Subject(cluster: cluster, generator: generator, pairs: pairs))
        }
        var costs: [[Cost]] = Array(repeating: [], count: subjects.count)
        for _ in 0..<rounds {
            for (index, subject) in subjects.enumerated() { costs[index].append(try await round(subject)) }
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

    private func round(_ subject: Subject) async throws -> Cost {
        let generator = subject.generator
        let start = try subject.cluster.usage()
        try await generator.announceAll()
        let filled = try subject.cluster.usage()
        let before = try await generator.report().counts.finds
        try await generator.drive()
        try await Task.sleep(for: .seconds(workload.seconds))
        try await generator.pause()
        let found = try subject.cluster.usage()
        let finds = Double(try await generator.report().counts.finds - before)
        try await generator.leaveAll()
        let announcing = filled - start
        let finding = found - filled
        return Cost(
            announcesPerTrackerSecond: subject.pairs / announcing.trackers,
            announcesPerRedisSecond: subject.pairs / announcing.redis,
            findsPerTrackerSecond: finds / finding.trackers,
            findsPerRedisSecond: finds / finding.redis
        )
    }
}
