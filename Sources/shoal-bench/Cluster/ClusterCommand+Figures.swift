/// The measurements as figures with the targets that the project has set itself.
extension ClusterCommand {
    func measureThroughput(_ scenario: ThroughputScenario) async throws -> [ClusterFigure] {
        let stores: [(name: String, store: StoreKind)] =
            [("in memory", .memory)]
            + (withoutRedis
                ? []
                : [
                    ("on Redis", .redis(shards: 1, batchLimit: nil)),
                    ("on Redis, no batching", .redis(shards: 1, batchLimit: 1)),
                ])
        let costs = try await scenario.run(stores.map { (1, $0.store) }, rounds: rounds)
        var figures: [ClusterFigure] = []
        for ((name, store), rounds) in zip(stores, costs) {
            // Ten times what chihaya does on Redis, 4,500 announces a second on a core.
            let target = store == .redis(shards: 1, batchLimit: nil) ? ClusterFigure.Target.atLeast(45_000) : nil
            figures += [
                ClusterFigure(
                    "announces, \(name)",
                    "/tracker CPU s",
                    rounds: rounds.map(\.announcesPerTrackerSecond),
                    target: target
                ),
                ClusterFigure("finds, \(name)", "/tracker CPU s", rounds: rounds.map(\.findsPerTrackerSecond)),
            ]
            guard store != .memory else { continue }
            figures += [
                ClusterFigure("announces, \(name)", "/Redis CPU s", rounds: rounds.map(\.announcesPerRedisSecond)),
                ClusterFigure("finds, \(name)", "/Redis CPU s", rounds: rounds.map(\.findsPerRedisSecond)),
                ClusterFigure(
                    "announces, \(name) ÷ in memory",
                    "",
                    rounds: zip(rounds, costs[0]).map { $0.announcesPerTrackerSecond / $1.announcesPerTrackerSecond },
                    target: target == nil ? nil : .atLeast(0.6)
                ),
                ClusterFigure(
                    "finds, \(name) ÷ in memory",
                    "",
                    rounds: zip(rounds, costs[0]).map { $0.findsPerTrackerSecond / $1.findsPerTrackerSecond }
                ),
            ]
        }
        return figures
    }

    func measureScale(_ scenario: ScaleScenario, _ unpaced: ThroughputScenario) async throws -> [ClusterFigure] {
        let sizes = [1, 4]
        let paced = try await scenario.run(sizes: sizes, rounds: rounds)
        let costs = try await unpaced.run(
            sizes.map { ($0, .redis(shards: $0, batchLimit: nil)) },
            rounds: rounds
        )
        let full = costs.map { $0.map { 1e6 / $0.announcesPerTrackerSecond } }
        let target = ClusterFigure.Target.atMost(1.15)
        return figures("announce and leave at \(Int(scenario.rate))/s a node", sizes, paced, target: target)
            + figures("announce, as fast as possible", sizes, full, target: target)
    }

    private func figures(
        _ name: String,
        _ sizes: [Int],
        _ microseconds: [[Double]],
        target: ClusterFigure.Target?
    ) -> [ClusterFigure] {
        zip(sizes, microseconds).map { size, rounds in
            ClusterFigure("\(name), \(size) nodes × \(size) shards", "µs of tracker CPU", rounds: rounds)
        } + [
            ClusterFigure(
                "\(name), 4 × 4 ÷ 1 × 1",
                "",
                rounds: zip(microseconds[1], microseconds[0]).map { $0 / $1 },
                target: target
            )
        ]
    }

    func measureRelay(_ scenario: RelayScenario) async throws -> [ClusterFigure] {
        let latencies = try await scenario.run(rounds: rounds)
        return [
            ClusterFigure("signals between 2 nodes at half load", "/s", rounds: latencies.map(\.rate)),
            ClusterFigure("signal to another node, p50", "ms", rounds: latencies.map(\.p50)),
            ClusterFigure("signal to another node, p99", "ms", rounds: latencies.map(\.p99), target: .atMost(5)),
        ]
    }

    func measureIdle(_ scenarios: MemoryScenarios) async throws -> [ClusterFigure] {
        var figures: [ClusterFigure] = []
        let stores: [(name: String, store: StoreKind)] =
            [("in memory", .memory)] + (withoutRedis ? [] : [("on Redis", .redis(shards: 1, batchLimit: nil))])
        for (name, store) in stores {
            for announced in [0, 4] {
                let bytes = try await scenarios.bytesPerConnection(idleConnections, announced: announced, store: store)
                figures.append(
                    ClusterFigure(
                        "idle connection with \(announced) contents, \(name)",
                        "KiB resident in the tracker",
                        rounds: [bytes / 1_024],
                        target: .atMost(6)
                    )
                )
            }
        }
        return figures
    }

    func measureEntries(_ scenarios: MemoryScenarios) async throws -> [ClusterFigure] {
        var figures: [ClusterFigure] = []
        for size in [1, 10, 100, 1_000, 10_000] {
            figures.append(
                ClusterFigure(
                    "presence entry in swarms of \(size)",
                    "bytes of Redis memory",
                    rounds: [try await scenarios.bytesPerEntry(swarmSize: size)],
                    target: size >= 10 ? .atMost(80) : nil
                )
            )
        }
        return figures
    }
}
