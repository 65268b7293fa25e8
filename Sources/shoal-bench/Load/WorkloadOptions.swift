import ArgumentParser
import LoadGenerator
import NIOCore

/// What the clients of a load do.
struct WorkloadOptions: ParsableArguments {
    @Option(help: "Connections, each a peer.")
    var connections = 1_000

    @Option(help: "Contents that exist.")
    var contents = 1_000

    @Option(help: "Contents that each connection announces for the whole run.")
    var contentsPerConnection = 4

    @Option(
        help: ArgumentHelp(
            "Choose contents by Zipf's law with this exponent, 0.8 for example, instead of alike.",
            valueName: "exponent"
        )
    )
    var zipf: Double?

    @Option(help: "Peers wanted by a find, 1 to 16.")
    var peers = 8

    @Option(help: "Announces a second, of contents beyond those that stay; all rates are of all connections together.")
    var announces = 50.0

    @Option(help: "Leaves a second, of what was announced so.")
    var leaves = 50.0

    @Option(help: "Finds a second.")
    var finds = 500.0

    @Option(help: "Signals a second, to peers that a find named.")
    var signals = 100.0

    @Option(help: "Connections a second that end without a word, and come back.")
    var disconnects = 0.0

    @Option(
        help: ArgumentHelp(
            "As fast as possible with so many operations outstanding; the rates are then only shares.",
            valueName: "operations"
        )
    )
    var outstanding: Int?

    @Option(help: "Bytes of a signal's data.")
    var signalSize = 1_200

    @Option(
        help: ArgumentHelp("For which a peer that left may still be shown, and a new one be missing.", valueName: "s")
    )
    var grace = 4.0

    @Option(
        help: ArgumentHelp(
            "Ping each connection so often, so that peers of a node that stands still do not count as misses; 0 for never.",
            valueName: "s"
        )
    )
    var heartbeat = 1.0

    @Option(help: "Of the random choices; runs of the same seed are about the same contents.")
    var seed: UInt64 = 1

    func validate(isIdle: Bool) throws {
        func check(_ isGood: Bool, _ demand: String) throws {
            if !isGood { throw ValidationError(demand) }
        }
        try check(1...1_000_000 ~= connections, "--connections must be 1 to 1000000; it is \(connections).")
        try check(1...1_000_000 ~= contents, "--contents must be 1 to 1000000; it is \(contents).")
        try check(
            0...4_000 ~= contentsPerConnection,
            "--contents-per-connection must be 0 to 4000, below announce-limit; it is \(contentsPerConnection)."
        )
        try check(1...16 ~= peers, "--peers must be 1 to 16; it is \(peers).")
        try check(zipf.map { 0...4 ~= $0 } ?? true, "--zipf must be 0 to 4.")
        try check(16...16_384 ~= signalSize, "--signal-size must be 16 to 16384; it is \(signalSize).")
        try check(0...60 ~= grace, "--grace must be 0 to 60; it is \(grace).")
        try check(0...60 ~= heartbeat, "--heartbeat must be 0 to 60; it is \(heartbeat).")
        try check(outstanding.map { 1...100_000 ~= $0 } ?? true, "--outstanding must be 1 to 100000.")
        for (name, rate) in [
            ("announces", announces), ("leaves", leaves), ("finds", finds), ("signals", signals),
            ("disconnects", disconnects),
        ] {
            try check(0...1_000_000 ~= rate, "--\(name) must be 0 to 1000000; it is \(rate).")
        }
        try check(
            isIdle || announces + leaves + finds + signals + disconnects > 0,
            "All rates are 0; for connections that do nothing there is --idle."
        )
    }

    func plan(trackers: [String], isIdle: Bool) throws -> LoadPlan {
        var plan = LoadPlan(trackers: try trackers.map { try TrackerEndpoint($0) })
        plan.connections = connections
        plan.contents = contents
        plan.contentsPerConnection = contentsPerConnection
        plan.popularity = zipf.map { .zipf(exponent: $0) } ?? .uniform
        plan.peersWanted = peers
        plan.signalSize = signalSize
        plan.rates.announces = announces
        plan.rates.leaves = leaves
        plan.rates.finds = finds
        plan.rates.signals = signals
        plan.rates.disconnects = disconnects
        plan.pace = outstanding.map { .outstanding($0) } ?? .rates
        plan.grace = .milliseconds(Int64(grace * 1000))
        // An idle client is silent, or it would not be idle to the tracker.
        plan.heartbeat = heartbeat > 0 && !isIdle ? .milliseconds(Int64(heartbeat * 1000)) : nil
        plan.seed = seed
        return plan
    }
}
