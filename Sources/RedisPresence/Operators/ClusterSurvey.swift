import ContentTrust
import NIOCore
import Presence
import RedisClient

/// Asks the shards what an operator wants to know. Only when somebody asks: a cluster that nobody looks at is not looked at.
struct ClusterSurvey {
    /// Parts of swarms that are looked at on each shard.
    static let sampleLimit = 4_096
    /// Swarms that are named.
    static let namedLimit = 10

    let keeper: LeaseKeeperReference

    /// What one shard answered.
    private struct Findings {
        var contents: Int?
        var memory: Int?
        var memoryLimit: Int?
        var swarms: [(content: ContentID, peers: Int)] = []
    }

    func status(includingSwarms: Bool) async throws -> ClusterStatus {
        let known = try await keeper.ask { try $0.known() }.get()
        var findings: [Findings] = []
        for shard in known.shards {
            findings.append(shard.isReachable ? await survey(shard, includingSwarms) : Findings())
        }
        let total = findings.reduce(0) { $0 + ($1.contents ?? 0) }
        let weight = known.topology.shards.reduce(0) { $0 + $1.weight }
        let shards = zip(known.shards, findings).map { shard, found in
            ClusterStatus.Shard(
                name: shard.shard.name,
                url: shard.shard.url,
                reachable: shard.isReachable,
                problem: shard.problem,
                weight: shard.shard.weight,
                nextWeight: shard.shard.nextWeight,
                leaving: shard.shard.isLeaving,
                idealShare: Double(shard.shard.weight) / Double(max(1, weight)),
                share: found.contents.map { Double($0) / Double(max(1, total)) },
                contents: found.contents,
                memoryBytes: found.memory,
                memoryLimitBytes: found.memoryLimit,
                nodes: shard.leases.nodes.count
            )
        }
        return ClusterStatus(
            nodes: Self.nodes(known.shards),
            shards: shards,
            topology: .init(epoch: known.topology.epoch, phase: known.topology.phase.rawValue),
            swarms: Self.swarms(findings.flatMap(\.swarms))
        )
    }

    /// The nodes, each once, with the least that any shard knows of its progress.
    private static func nodes(_ shards: [KnownShard]) -> [ClusterStatus.Node] {
        var nodes: [UInt64: ClusterStatus.Node] = [:]
        for shard in shards where shard.isReachable {
            for (number, record) in shard.leases.nodes {
                var node =
                    nodes[number]
                    ?? ClusterStatus.Node(
                        name: record.name,
                        id: PresenceKey.hexadecimal(number),
                        epoch: Int(record.floor),
                        leases: [],
                        connections: record.connections,
                        announced: record.announced,
                        topology: record.topology,
                        draining: record.isDraining,
                        problem: record.problem
                    )
                node.leases.append(shard.shard.name)
                node.topology = min(node.topology, record.topology)
                nodes[number] = node
            }
        }
        return nodes.values.sorted { ($0.name, $0.id) < ($1.name, $1.id) }
    }

    private static func swarms(_ parts: [(content: ContentID, peers: Int)]) -> ClusterStatus.Swarms {
        var peers: [ContentID: Int] = [:]
        for part in parts { peers[part.content, default: 0] += part.peers }
        var classes: [Int: Int] = [:]
        for count in peers.values {
            var floor = 1
            while floor * 10 <= count { floor *= 10 }
            classes[floor, default: 0] += 1
        }
        let largest = peers.sorted { ($1.value, $0.key.text) < ($0.value, $1.key.text) }.prefix(namedLimit)
        return ClusterStatus.Swarms(
            sampled: peers.count,
            sizes: classes.sorted { $0.key < $1.key }.map { .init(atLeast: $0.key, swarms: $0.value) },
            largest: largest.map { .init(content: $0.key.text, peers: $0.value) }
        )
    }

    private func survey(_ shard: KnownShard, _ includingSwarms: Bool) async -> Findings {
        var findings = Findings()
        let name = shard.shard.name
        let info = await ask(name) {
            $0.command("INFO", arguments: 1)
            $0.argument("memory")
        }.string
        findings.memory = Self.field("used_memory", of: info)
        findings.memoryLimit = Self.field("maxmemory", of: info)
        let keys = await ask(name) { $0.command("DBSIZE", arguments: 0) }.integer
        // Beside the parts there are the list of nodes, the topology and the leases.
        findings.contents = keys.map { max(0, $0 - 2 - shard.leases.nodes.count) }
        if includingSwarms { findings.swarms = await sample(name) }
        return findings
    }

    private func sample(_ shard: String) async -> [(content: ContentID, peers: Int)] {
        var cursor: [UInt8] = [UInt8(ascii: "0")]
        var swarms: [(content: ContentID, peers: Int)] = []
        repeat {
            let page = await ask(shard) { [cursor] writer in
                writer.command("SCAN", arguments: 5)
                writer.argument(cursor)
                writer.argument("MATCH")
                writer.argument("p:*")
                writer.argument("COUNT")
                writer.argument(512)
            }.array
            guard let page, page.count == 2, let next = page[0].bytes, let keys = page[1].array else { break }
            let parts = keys.compactMap(\.bytes)
            for (part, count) in zip(parts, await keeper.sizes(of: parts, shard: shard)) {
                guard let content = ContentID(bytes: part.dropFirst(2).prefix(32)), let count else { continue }
                swarms.append((content, count))
            }
            cursor = next
        } while cursor != [UInt8(ascii: "0")] && swarms.count < Self.sampleLimit
        return swarms
    }

    private func ask(_ shard: String, _ write: @escaping @Sendable (inout RESPWriter) -> Void) async -> RedisValue {
        await keeper.query(shard: shard, write)
    }

    /// A number out of INFO's lines.
    private static func field(_ name: String, of info: String?) -> Int? {
        info?.split(whereSeparator: \.isNewline).first { $0.hasPrefix(name + ":") }
            .flatMap { Int($0.dropFirst(name.count + 1)) }
    }
}

/// What the keeper knows of a shard without asking it.
struct KnownShard: Sendable {
    let shard: Topology.Shard
    let isReachable: Bool
    let problem: String
    let leases: LeaseTable
}

extension LeaseKeeper {
    func known() throws -> (topology: Topology, shards: [KnownShard]) {
        guard let topology else { throw ClusterError.notStarted }
        let shards = shards.map { shard in
            KnownShard(
                shard: shard.shard,
                isReachable: shard.link?.state.isReady == true,
                problem: shard.trouble.map { "\($0)" } ?? "",
                leases: shard.leases ?? LeaseTable()
            )
        }
        return (topology, shards)
    }

    func query(shard name: String, _ write: (inout RESPWriter) -> Void) -> EventLoopFuture<RedisValue> {
        let promise = eventLoop.makePromise(of: RedisValue.self)
        let link = shards.first { $0.shard.name == name }?.link
        let error = link.map { $0.send(.ask(promise), write) } ?? .stopped
        if let error { promise.succeed(.failure(error)) }
        return promise.futureResult
    }
}

extension LeaseKeeperReference {
    /// The numbers of members of parts, asked for in one go.
    func sizes(of parts: [[UInt8]], shard: String) async -> [Int?] {
        let answers = ask { keeper in
            let sizes = parts.map { part in
                keeper.query(shard: shard) { writer in
                    writer.command("HLEN", arguments: 1)
                    writer.argument(part)
                }
            }
            return EventLoopFuture.whenAllSucceed(sizes, on: keeper.eventLoop)
        }
        return (try? await answers.flatMap { $0 }.get().map(\.integer)) ?? []
    }

    /// Sends one command to a shard; a failure is among the values.
    func query(shard: String, _ write: @escaping @Sendable (inout RESPWriter) -> Void) async -> RedisValue {
        do {
            return try await ask { $0.query(shard: shard, write) }.flatMap { $0 }.get()
        } catch {
            return .failure(.stopped)
        }
    }
}
