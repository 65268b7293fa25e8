import NIOCore
import TestSupport
import Testing

@testable import RedisClient

@Suite("RedisLink with a real server")
struct RedisLinkTests {
    @Test("Commands are answered in the order of sending")
    func pipelining() async throws {
        let redis = try RedisProcess()
        try await redis.waitUntilListening()
        let probe = try await LinkProbe(to: redis.server())
        try await probe.untilReady()
        let commands = (0..<1_000).map { "RPUSH list \($0)" }
        let refusals = try await probe.onLoop { link in
            commands.compactMap { command in link.send(command) { LinkProbe.write(command, to: &$0) } }
        }
        #expect(refusals.isEmpty)
        _ = try await eventually("all answers") { probe.record.tokens.count == commands.count ? true : nil }
        #expect(probe.record.tokens == commands)
        for (index, command) in commands.enumerated() {
            #expect(probe.record.answers[command] == .reply(.integer(index + 1)))
        }
        #expect(try await probe.ask("LRANGE list 0 2") == .reply(.array([.bulk("0"), .bulk("1"), .bulk("2")])))
        #expect(try redis.command("LLEN", "list") == "1000")
        try await probe.stop()
        #expect(probe.record.states == [.connecting, .ready, .stopped])
    }
}

extension RedisProcess {
    /// How links reach it.
    func server(login: String = "", password: String? = nil) throws -> RedisServer {
        try RedisServer(RedisURL("redis://\(login)127.0.0.1:\(port)"), password: password)
    }
}
