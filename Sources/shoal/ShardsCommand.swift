import ArgumentParser
import Foundation
import NIOHTTP1
import RedisPresence

/// `shoal shards`: changes the shards of a cluster while it serves.
struct ShardsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "shards",
        abstract: "Add, drain and remove the Redis shards of a running cluster.",
        discussion: """
            A change goes in steps, and every node has to carry out one before the next is made. A command that was \
            interrupted is run again, and goes on where it was. Until the nodes read by the new shards, a change can be abandoned.
            """,
        subcommands: [Add.self, Drain.self, Remove.self, Abandon.self, Status.self]
    )

    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Add a shard; its share of contents moves to it.")

        @Argument(help: "The shard's name, which never changes: a-z, 0-9 and hyphen.")
        var name: String

        @Argument(help: "Its address: redis://host:port or rediss://host:port, without user and password.")
        var url: String

        @Option(help: "Its share compared with others, 1 to 100.")
        var weight = 1

        @OptionGroup var options: ChangeOptions

        func run() async throws {
            let change = ShardChange(options)
            try await change.begin(
                .init(change: "add", name: name, url: url, weight: weight),
                isUnderWay: { $0.shards.contains { $0.name == name && $0.weight == 0 && $0.nextWeight > 0 } }
            )
            try await change.finish()
        }
    }

    struct Drain: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Move everything off a shard, which stays connected.")

        @Argument(help: "The shard's name.")
        var name: String

        @OptionGroup var options: ChangeOptions

        func run() async throws {
            let change = ShardChange(options)
            try await change.begin(
                .init(change: "drain", name: name),
                isUnderWay: { $0.shards.contains { $0.name == name && $0.nextWeight == 0 && !$0.leaving } }
            )
            try await change.finish()
        }
    }

    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Move everything off a shard and forget it; then its server can be stopped."
        )

        @Argument(help: "The shard's name.")
        var name: String

        @OptionGroup var options: ChangeOptions

        func run() async throws {
            let change = ShardChange(options)
            try await change.begin(
                .init(change: "remove", name: name),
                isUnderWay: { $0.shards.contains { $0.name == name && $0.leaving } }
            )
            try await change.finish()
        }
    }

    struct Abandon: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Give up a change that no node reads by yet.")

        @OptionGroup var options: ChangeOptions

        func run() async throws {
            let change = ShardChange(options)
            try await change.step(.init(change: "abandon"))
            try await change.waitForAll()
            say("abandoned")
        }
    }

    struct Status: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show the shards.")

        @OptionGroup var options: ChangeOptions

        func run() async throws {
            let status = try await ShardChange(options).status()
            say("Topology epoch \(status.topology.epoch), \(status.topology.phase)\n")
            say(StatusCommand.shards(status).text)
        }
    }
}

struct ChangeOptions: ParsableArguments {
    @OptionGroup var tracker: TrackerAdmin

    @Option(help: "Seconds for which one step may take; then the command ends and the change waits.")
    var stepTimeout = 300
}

/// Leads a change of the shards through its steps.
struct ShardChange {
    /// One step as `PUT /v1/topology` takes it.
    struct Request: Encodable {
        var change: String
        var epoch = 0
        var name: String?
        var url: String?
        var weight: Int?
    }

    /// Between two looks at the nodes.
    private static let interval = Duration.milliseconds(250)
    /// Until it is said who is being waited for, and between two such lines.
    private static let patience = Duration.seconds(5)

    private let tracker: TrackerAdmin
    private let stepTimeout: Duration

    init(_ options: ChangeOptions) {
        tracker = options.tracker
        stepTimeout = .seconds(options.stepTimeout)
    }

    func status() async throws -> ClusterStatus {
        try await JSONDecoder().decode(ClusterStatus.self, from: tracker.request(.GET, "/v1/cluster?swarms=false"))
    }

    /// Makes the first step, unless this very change is under way already.
    func begin(_ request: Request, isUnderWay: (ClusterStatus) -> Bool) async throws {
        let status = try await status()
        if status.topology.phase != "stable", isUnderWay(status) {
            say("this change is under way already (\(status.topology.phase)); going on with it")
        } else {
            try await step(request)
        }
    }

    /// Makes all further steps.
    func finish() async throws {
        while true {
            let status = try await waitForAll()
            switch status.topology.phase {
            case "stable":
                say("done: topology epoch \(status.topology.epoch)")
                return say("\n" + StatusCommand.shards(status).text)
            default:
                try await step(Request(change: "advance"))
            }
        }
    }

    func step(_ request: Request) async throws {
        var request = request
        request.epoch = try await status().topology.epoch
        let answer = try await tracker.request(.PUT, "/v1/topology", body: JSONEncoder().encode(request))
        let status = try JSONDecoder().decode(ClusterStatus.self, from: answer)
        let meaning =
            switch status.topology.phase {
            case "prepare": "nodes write to the old and to the new shards of each content"
            case "switch": "nodes read from the new shards"
            default: "nodes use one shard for each content again"
            }
        say("epoch \(status.topology.epoch), \(status.topology.phase): \(meaning)")
    }

    /// Waits until every live node has carried out the topology in force.
    @discardableResult
    func waitForAll() async throws -> ClusterStatus {
        let clock = ContinuousClock()
        let end = clock.now + stepTimeout
        var next = clock.now + Self.patience
        while true {
            let status = try await status()
            let behind = status.nodes.filter { $0.topology < status.topology.epoch }
            if behind.isEmpty, !status.nodes.isEmpty { return status }
            let names = behind.map { $0.name + ($0.problem.isEmpty ? "" : " (\($0.problem))") }.joined(separator: ", ")
            let lost = status.shards.filter { !$0.reachable && !$0.leaving }.map(\.name).joined(separator: ", ")
            let waiting = "waiting for \(names)" + (lost.isEmpty ? "" : "; shards that cannot be reached: \(lost)")
            guard clock.now < end else {
                throw ValidationError(
                    "Not all nodes have carried out epoch \(status.topology.epoch): \(waiting). Nothing is lost: run the command again to go on, or, before the switch, shoal shards abandon."
                )
            }
            if clock.now >= next {
                say(waiting)
                next = clock.now + Self.patience
            }
            try await Task.sleep(for: Self.interval)
        }
    }
}
