import ArgumentParser

/// The `shoal-bench` command: what Shoal costs, in parts and as a whole, and whether it keeps its word under load.
@main
struct Benchmark: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "shoal-bench",
        abstract: "Load tracker nodes, check their answers, and measure what they cost.",
        discussion: """
            Figures of one run on one machine belong together; compare ratios, not figures of different runs. \
            Build with swift build -c release.
            """,
        subcommands: [LoadCommand.self, ClusterCommand.self, CodecsCommand.self, RedisCommand.self]
    )
}

/// One line of a result.
struct Measurement: Encodable {
    var name: String
    var nanosecondsPerOperation: Double
}

/// Runs an operation again and again and gives the cost of one.
///
/// The best of several rounds counts: on a shared machine, every disturbance only makes a round longer.
func measure(_ name: String, rounds: Int, operations: Int, _ operation: () throws -> Void) rethrows -> Measurement {
    let clock = ContinuousClock()
    var best = Duration.seconds(3_600)
    for _ in 0..<rounds {
        let elapsed = try clock.measure { for _ in 0..<operations { try operation() } }
        best = min(best, elapsed)
    }
    let nanoseconds = Double(best.components.seconds) * 1e9 + Double(best.components.attoseconds) / 1e9
    return Measurement(name: name, nanosecondsPerOperation: nanoseconds / Double(operations))
}
