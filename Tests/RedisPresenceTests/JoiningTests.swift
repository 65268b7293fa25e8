import Logging
import NIOCore
import NIOPosix
import Presence
import RedisPresence
import TestSupport
import Testing

/// How a node finds its cluster, and when it must not join it. Against real servers.
@Suite(.timeLimit(.minutes(2))) struct JoiningTests {
    private static let handlers = ClusterHandlers(onSignal: { _ in }, onUndeliverable: { _ in }, onFenced: { _ in })

    private func presence(_ shards: [(name: String, url: String)], password: String? = nil) async throws
        -> RedisPresence
    {
        var configuration = RedisPresenceConfiguration(name: "test", shards: shards)
        configuration.password = password
        return try await RedisPresence(
            configuration,
            loops: Array(NIOSingletons.posixEventLoopGroup.makeIterator()),
            logger: Logger(label: "test")
        )
    }

    private func servers(_ count: Int, _ options: [String] = []) async throws -> [RedisProcess] {
        let servers = try (0..<count).map { _ in try RedisProcess(options) }
        for server in servers { try await server.waitUntilListening() }
        return servers
    }

    private func url(_ server: RedisProcess) -> String { "redis://127.0.0.1:\(server.port)" }

    @Test(arguments: [
        (#"{"format":99,"epoch":1,"phase":"stable","shards":[]}"#, "format 99"), ("not JSON", "not JSON"),
        (#"{"format":1,"epoch":3,"phase":"stable"}"#, "lacks"),
    ])
    func refusesATopologyThatItCannotServe(document: String, reason: String) async throws {
        let server = try await servers(1)[0]
        #expect(try RedisProbe.ask(port: server.port, "SET", "topology", document) == "+OK")
        let node = try await presence([("a", url(server))])
        let error = await #expect(throws: ClusterError.self) { try await node.join(Self.handlers) }
        #expect("\(try #require(error))".contains(reason))
        #expect("\(try #require(error))".contains("Shard a"))
        await node.leave()
    }

    /// The settings are only where a node begins to look: what the shards say rules.
    @Test func findsTheShardsThatItsSettingsDoNotName() async throws {
        let servers = try await servers(2)
        let first = try await presence([("a", url(servers[0])), ("b", url(servers[1]))])
        try await first.join(Self.handlers)
        try await eventually("the first node serves") { await first.isSettled }
        let second = try await presence([("b", url(servers[1]))])
        try await second.join(Self.handlers)
        try await eventually("both see each other on both shards") {
            let status = try await second.status(includingSwarms: true)
            return status.nodes.count == 2 && status.nodes.allSatisfy { $0.leases == ["a", "b"] }
        }
        #expect(try await second.status(includingSwarms: false).shards.map(\.name) == ["a", "b"])
        await first.leave()
        try await eventually("a node that left is gone at once") {
            try await second.status(includingSwarms: false).nodes.count == 1
        }
        await second.leave()
    }

    /// A password belongs to the node's own settings and never into what the shards tell everybody.
    @Test func keepsThePasswordOutOfTheTopology() async throws {
        let server = try await servers(1, ["--requirepass", "secret"])[0]
        let node = try await presence([("a", "redis://:secret@127.0.0.1:\(server.port)")])
        try await node.join(Self.handlers)
        try await eventually("it serves") { await node.isSettled }
        #expect(try await node.status(includingSwarms: false).shards.map(\.url) == [url(server)])
        await node.leave()
        let other = try await presence([("z", url(server))], password: "secret")
        try await other.join(Self.handlers)
        try await eventually("the other one serves as well") { await other.isSettled }
        #expect(other.reasonNotReady == nil)
        await other.leave()
    }

    @Test func refusesChangesThatWouldLoseSomething() async throws {
        let servers = try await servers(2)
        let node = try await presence([("a", url(servers[0]))])
        try await node.join(Self.handlers)
        try await eventually("it serves") { await node.isSettled }
        let impossible: [(TopologyChange, Int)] = [
            (.remove(name: "a"), 1), (.drain(name: "x"), 1), (.add(name: "a", url: url(servers[1]), weight: 1), 1),
            (.advance, 1), (.abandon, 1), (.add(name: "b", url: "http://127.0.0.1", weight: 1), 1),
            (.add(name: "b", url: url(servers[1]), weight: 1), 2),
        ]
        for (change, epoch) in impossible {
            await #expect(throws: ClusterError.self, "\(change)") { try await node.change(change, after: epoch) }
        }
        let unchanged = try await node.status(includingSwarms: false).topology
        #expect(unchanged.epoch == 1 && unchanged.phase == "stable")
        try await node.change(.add(name: "b", url: url(servers[1]), weight: 1), after: 1)
        try await eventually("it is prepared") { await node.isSettled }
        let prepared = try await node.status(includingSwarms: false).topology
        #expect(prepared.epoch == 2 && prepared.phase == "prepare")
        try await node.change(.abandon, after: 2)
        try await eventually("it is as before") { await node.isSettled }
        #expect(try await node.status(includingSwarms: false).shards.map(\.name) == ["a"])
        await node.leave()
    }
}
