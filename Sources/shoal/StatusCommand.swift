import ArgumentParser
import Foundation
import NIOHTTP1
import RedisPresence

/// `shoal status`: the cluster at a glance.
struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show the nodes, shards, topology and swarms of a cluster."
    )

    @OptionGroup var tracker: TrackerAdmin

    @Flag(help: "Print JSON instead of tables.")
    var json = false

    func run() async throws {
        let answer = try await tracker.request(.GET, "/v1/cluster")
        guard !json else { return say(String(decoding: answer, as: UTF8.self)) }
        let status = try JSONDecoder().decode(ClusterStatus.self, from: answer)
        say("Topology epoch \(status.topology.epoch), \(status.topology.phase)\n")
        say(Self.nodes(status).text + "\n")
        say(Self.shards(status).text + "\n")
        say(Self.swarms(status))
    }

    static func nodes(_ status: ClusterStatus) -> TextTable {
        var table = TextTable(["NODE", "ID", "EPOCH", "LEASES", "CONNECTIONS", "ANNOUNCED", "TOPOLOGY", "STATE"])
        for node in status.nodes {
            let leases = "\(node.leases.count) of \(status.shards.count)"
            let state = !node.problem.isEmpty ? node.problem : node.draining ? "draining" : "serving"
            table.add([
                node.name, node.id, "\(node.epoch)", leases, "\(node.connections)", "\(node.announced)",
                "\(node.topology)", state,
            ])
        }
        return table
    }

    static func shards(_ status: ClusterStatus) -> TextTable {
        var table = TextTable(["SHARD", "ADDRESS", "WEIGHT", "SHARE", "IDEAL", "CONTENTS", "MEMORY", "NODES", "STATE"])
        for shard in status.shards {
            let weight = shard.weight == shard.nextWeight ? "\(shard.weight)" : "\(shard.weight)→\(shard.nextWeight)"
            let state = shard.reachable ? (shard.leaving ? "leaving" : "reachable") : "unreachable: \(shard.problem)"
            table.add([
                shard.name, shard.url, weight, shard.share.map(percent) ?? "–", percent(shard.idealShare),
                shard.contents.map { "\($0)" } ?? "–", memory(shard), "\(shard.nodes)", state,
            ])
        }
        return table
    }

    private static func swarms(_ status: ClusterStatus) -> String {
        guard status.swarms.sampled > 0 else { return "No swarms." }
        let sizes = status.swarms.sizes.map { "\($0.swarms) of \($0.atLeast) or more" }.joined(separator: ", ")
        var table = TextTable(["LARGEST SWARMS", "PEERS"])
        for swarm in status.swarms.largest { table.add([swarm.content, "\(swarm.peers)"]) }
        return "Swarms by size, of \(status.swarms.sampled) looked at: \(sizes)\n\n\(table.text)"
    }

    private static func percent(_ share: Double) -> String { String(format: "%.1f %%", share * 100) }

    private static func memory(_ shard: ClusterStatus.Shard) -> String {
        guard let used = shard.memoryBytes else { return "–" }
        let mebibytes = { (bytes: Int) in String(format: "%.1f MiB", Double(bytes) / 1_048_576) }
        guard let limit = shard.memoryLimitBytes, limit > 0 else { return mebibytes(used) }
        return "\(mebibytes(used)) of \(mebibytes(limit))"
    }
}

/// Columns as wide as their longest text.
struct TextTable {
    private var rows: [[String]]

    init(_ titles: [String]) { rows = [titles] }

    /// - Parameter row: as many texts as there are titles.
    mutating func add(_ row: [String]) { rows.append(row) }

    var text: String {
        let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }.joined(separator: "  ")
                .trimmingCharacters(in: .whitespaces)
        }
        .joined(separator: "\n")
    }
}
