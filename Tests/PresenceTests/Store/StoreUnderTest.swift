import Dispatch
import Logging
import NIOCore
import NIOPosix
import Presence
import RedisPresence
import TestSupport
import Testing
import TrackerCore

/// An implementation of ``PresenceStore`` as ``PresenceConformance`` needs it.
struct StoreUnderTest: Sendable, CustomTestStringConvertible {
    var name: String
    /// A fresh, empty store, ready to serve.
    var make: @Sendable () async throws -> any PresenceStore
    /// Contents of which the store keeps anything.
    var contentCount: @Sendable (any PresenceStore) async throws -> Int

    var testDescription: String { name }

    /// Every implementation there is; a new one is added here.
    static let all: [StoreUnderTest] = [
        StoreUnderTest(
            name: "memory",
            make: { MemoryPresenceStore(node: PresenceModel.node) },
            contentCount: memoryContentCount
        ),
        // Not for use: shows that the suite holds for a store that answers later, on a thread of its own.
        StoreUnderTest(name: "remote", make: { RemoteStore() }, contentCount: memoryContentCount),
        StoreUnderTest(
            name: "redis, 1 shard",
            make: { try await RedisStore(shards: 1) },
            contentCount: redisContentCount
        ),
        StoreUnderTest(
            name: "redis, 3 shards",
            make: { try await RedisStore(shards: 3) },
            contentCount: redisContentCount
        ),
    ]

    private static let memoryContentCount: @Sendable (any PresenceStore) async throws -> Int = { store in
        ((store as? RemoteStore)?.inner ?? store as? MemoryPresenceStore)?.contentCount ?? -1
    }

    private static let redisContentCount: @Sendable (any PresenceStore) async throws -> Int = { store in
        try (store as? RedisStore)?.contentCount() ?? -1
    }
}

/// A store behind a queue: replies come in order, after `perform` has returned, on another thread.
private final class RemoteStore: PresenceStore {
    let inner = MemoryPresenceStore(node: PresenceModel.node)
    private let queue = DispatchQueue(label: "remote store")

    var node: UInt64 { inner.node }

    func perform(_ batch: [PresenceCommand], reply: @escaping @Sendable ([PresenceReply]) -> Void) {
        queue.async { self.inner.perform(batch, reply: reply) }
    }
}

/// Presence on redis-servers of its own.
private final class RedisStore: PresenceStore {
    private let servers: [RedisProcess]
    private static let pool = ServerPool()
    private let inner: RedisPresence
    var node: UInt64 { inner.node }

    init(shards: Int) async throws {
        servers = try await Self.pool.take(shards)
        let addresses = servers.enumerated().map { ("shard-\($0)", "redis://127.0.0.1:\($1.port)") }
        var configuration = RedisPresenceConfiguration(name: "test", shards: addresses)
        // Whether a find is late is not what these tests are about, and their machines are slow.
        configuration.timeout = 20_000
        inner = try await RedisPresence(
            configuration,
            loops: Array(NIOSingletons.posixEventLoopGroup.makeIterator()),
            node: PresenceModel.node,
            logger: Logger(label: "test")
        )
        try await inner.join(ClusterHandlers(onSignal: { _ in }, onUndeliverable: { _ in }, onFenced: { _ in }))
        _ = try await eventually("the store serves") { [inner] in await inner.isSettled ? true : nil }
    }

    deinit {
        Task { [inner, servers] in
            await inner.leave()
            await Self.pool.giveBack(servers)
        }
    }

    func perform(_ batch: [PresenceCommand], reply: @escaping @Sendable ([PresenceReply]) -> Void) {
        inner.perform(batch, reply: reply)
    }

    /// By the servers' own word: names of parts begin with `p:` and the content.
    func contentCount() throws -> Int {
        let count =
            "local n = {} for _, k in ipairs(redis.call('KEYS', 'p:*')) do n[string.sub(k, 3, 34)] = 1 end "
            + "local c = 0 for _ in pairs(n) do c = c + 1 end return c"
        return try servers.reduce(0) { sum, server in
            try sum + (Int(RedisProbe.ask(port: server.port, "EVAL", count, "0").dropFirst()) ?? -1_000_000)
        }
    }
}

/// Empty redis-servers, used again by one test after the other.
private actor ServerPool {
    private var idle: [RedisProcess] = []

    func take(_ count: Int) async throws -> [RedisProcess] {
        while idle.count < count {
            let server = try RedisProcess()
            try await server.waitUntilListening()
            idle.append(server)
        }
        defer { idle.removeLast(count) }
        return Array(idle.suffix(count))
    }

    /// To be called when nobody is connected any more.
    func giveBack(_ servers: [RedisProcess]) {
        for server in servers where (try? RedisProbe.ask(port: server.port, "FLUSHALL")) == "+OK" {
            idle.append(server)
        }
    }
}
