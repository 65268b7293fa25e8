import Foundation
import NIOCore
import TestSupport
import Testing

@testable import RedisClient

@Suite("Servers that a link refuses, and says why")
struct RedisServerTests {
    @Test("A password: the right one, none, a wrong one, and one that nobody asked for")
    func passwords() async throws {
        let redis = try RedisProcess(["--requirepass", "secret"])
        try await redis.waitUntilListening()
        let open = try await RedisProcess.listening()
        try await expectReady(redis.server(login: ":secret@"))
        try await expectReady(redis.server(password: "secret"))
        // The URL's own password counts.
        try await expectReady(redis.server(login: ":secret@", password: "other"))
        try await expect(.passwordRequired, of: redis.server())
        try await expect(.wrongPassword, of: redis.server(login: ":other@"))
        try await expect(.passwordNotExpected, of: open.server(login: ":secret@"))
    }

    @Test("Users of the ACL, and what they may not do")
    func users() async throws {
        let redis = try await RedisProcess.listening([
            "--user", "alice", "on", ">secret", "~presence:*", "&inbox", "+@all",
            "--user", "bob", "on", ">secret", "~*", "+ping", "--user", "carol", "off", ">secret",
        ])
        try await expect(.wrongPassword, of: redis.server(login: "alice:other@"))
        try await expect(.wrongPassword, of: redis.server(login: "nobody:secret@"))
        try await expect(.wrongPassword, of: redis.server(login: "carol:secret@"))
        let bob = try await refusal(by: redis.server(login: "bob:secret@"))
        guard case .noPermission(let message) = bob else {
            Issue.record("\(bob)")
            return
        }
        #expect(message.contains("'info'"))
        let probe = try await LinkProbe(to: redis.server(login: "alice@", password: "secret"))
        try await probe.untilReady()
        #expect(try await probe.ask("SET presence:a 1") == .reply(.status("OK")))
        guard case .failure(.noPermission) = try await probe.ask("SET other 1") else {
            Issue.record("\(probe.record.answers)")
            return
        }
        // Only the command failed.
        #expect(probe.state == .ready)
        try await probe.stop()
    }

    @Test("A replica is refused at once; a master that becomes one is left, and taken again when it is master")
    func roles() async throws {
        let master = try await RedisProcess.listening()
        let replica = try await RedisProcess.listening(["--replicaof", "127.0.0.1 \(master.port)"])
        try await expect(.wrongRole("slave"), of: replica.server())
        let probe = try await LinkProbe(to: master.server())
        try await probe.untilReady()
        try replica.command("REPLICAOF", "NO", "ONE")
        try master.command("REPLICAOF", "127.0.0.1", "\(replica.port)")
        #expect(try await probe.ask("SET key 1") == .failure(.readOnly))
        _ = try await eventually("the role is seen") {
            probe.record.states.contains { if case .waiting(.wrongRole("slave"), _) = $0 { true } else { false } }
                ? true : nil
        }
        try master.command("REPLICAOF", "NO", "ONE")
        try await probe.untilReady()
        #expect(try await probe.ask("SET key 2") == .reply(.status("OK")))
        try await probe.stop()
    }

    @Test("A replica that lost its master")
    func masterDown() async throws {
        let replica = try await RedisProcess.listening([
            "--replicaof", "127.0.0.1 \(try RedisProcess.freePort())", "--replica-serve-stale-data", "no",
        ])
        try await expect(.masterDown, of: replica.server())
    }

    @Test("Full memory is the command's error; the link stays")
    func outOfMemory() async throws {
        let redis = try await RedisProcess.listening(["--maxmemory", "1mb", "--maxmemory-policy", "noeviction"])
        let probe = try await LinkProbe(to: redis.server())
        try await probe.untilReady()
        let value = String(repeating: "v", count: 200_000)
        for index in 0..<10 where try await probe.ask("SET key\(index) \(value)") == .reply(.status("OK")) {}
        #expect(try await probe.ask("SET full \(value)") == .failure(.outOfMemory))
        #expect(probe.state == .ready)
        #expect(try await probe.ask("PING") == .reply(.status("PONG")))
        try redis.command("CONFIG", "SET", "maxmemory", "0")
        #expect(try await probe.ask("SET more \(value)") == .reply(.status("OK")))
        try await probe.stop()
    }

    @Test("A server that loads its data is waited for")
    func loading() async throws {
        let writer = try await RedisProcess.listening(["--enable-debug-command", "yes"])
        try writer.command("DEBUG", "POPULATE", "20000")
        #expect(try writer.command("SAVE") == "OK")
        writer.kill()
        // A millisecond for each key: 20 seconds, unless it is told otherwise; and a look at its connections after some 50 keys.
        let redis = try RedisProcess(
            ["--key-load-delay", "1000", "--loading-process-events-interval-bytes", "1024"],
            folder: writer.folder
        )
        try await redis.waitUntilListening()
        #expect(try redis.command("GET", "key:1").hasPrefix("LOADING"))
        let probe = try await LinkProbe(to: redis.server())
        #expect(try await probe.untilWaiting() == .loading)
        #expect(try await probe.send("GET key:1") != nil)
        _ = try await eventually("the delay is taken away") {
            try redis.command("CONFIG", "SET", "key-load-delay", "0") == "OK" ? true : nil
        }
        try await probe.untilReady()
        #expect(try await probe.ask("GET key:1") == .reply(.bulk("value:1")))
        try await probe.stop()
    }

    @Test("A server that cannot save refuses writes, and is refused")
    func persistenceFailing() async throws {
        let redis = try await RedisProcess.listening(["--save", "3600", "1"])
        let probe = try await LinkProbe(to: redis.server())
        try await probe.untilReady()
        try FileManager.default.removeItem(at: redis.folder)
        try redis.command("BGSAVE")
        _ = try await eventually("the server knows") {
            try redis.command("PING").hasPrefix("MISCONF") ? true : nil
        }
        #expect(try await probe.ask("SET key 1") == .failure(.persistenceFailing))
        try await expect(.persistenceFailing, of: redis.server())
        try await probe.stop()
    }

    @Test("A cluster-mode server gets no command")
    func clusterMode() async throws {
        // Its bus would listen 10000 ports above, where there may be none.
        let redis = try await RedisProcess.listening([
            "--cluster-enabled", "yes", "--cluster-config-file", "nodes.conf",
            "--cluster-port", "\(try RedisProcess.freePort())",
        ])
        try await expect(.clusterMode, of: redis.server())
    }

    // MARK: Helpers

    private func expectReady(_ server: RedisServer) async throws {
        let probe = try await LinkProbe(to: server)
        try await probe.untilReady()
        #expect(try await probe.ask("PING") == .reply(.status("PONG")))
        try await probe.stop()
    }

    private func expect(_ error: RedisError, of server: RedisServer) async throws {
        let found = try await refusal(by: server)
        #expect(found == error)
    }
}

/// The first reason why a link to a server waits; that it sends nothing meanwhile, and tries again.
func refusal(by server: RedisServer) async throws -> RedisError {
    let probe = try await LinkProbe(to: server)
    let error = try await probe.untilWaiting()
    #expect(try await probe.send("INCR refused") != nil)
    _ = try await eventually("another attempt") { probe.record.states.count >= 3 ? true : nil }
    #expect(!probe.record.states.contains(.ready))
    try await probe.stop()
    #expect(probe.record.tokens.isEmpty)
    return error
}

extension RedisProcess {
    /// A server that answers.
    static func listening(_ options: [String] = [], port: Int? = nil) async throws -> RedisProcess {
        let redis = try RedisProcess(options, port: port)
        try await redis.waitUntilListening()
        return redis
    }

    /// How links reach it.
    func server(login: String = "", password: String? = nil) throws -> RedisServer {
        try RedisServer(RedisURL("redis://\(login)127.0.0.1:\(port)"), password: password)
    }

    /// Holds up the calling thread until a key has a value.
    func wait(until key: String, is value: String) throws {
        let clock = ContinuousClock()
        let end = clock.now + .seconds(30)
        while try command("GET", key) != value {
            guard clock.now < end else { throw Failure(description: "\(key) did not become \(value)") }
        }
    }
}
