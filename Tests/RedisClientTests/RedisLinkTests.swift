import NIOCore
import TestSupport
import Testing

@testable import RedisClient

@Suite("RedisLink with a real server")
struct RedisLinkTests {
    @Test("Commands are answered in the order of sending")
    func pipelining() async throws {
        let redis = try await RedisProcess.listening()
        let probe = try await LinkProbe(to: redis.server())
        try await probe.untilReady()
        let commands = (0..<1_000).map { "RPUSH list \($0)" }
        #expect(try await probe.send(commands).isEmpty)
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

    @Test("A batch is sent at the end of the loop's turn, or when it is full")
    func batching() async throws {
        let redis = try await RedisProcess.listening()
        let probe = try await LinkProbe(to: redis.server(), configuration: RedisConfiguration(batchLimit: 3))
        try await probe.untilReady()
        let (before, after) = try await probe.onLoop { link in
            var seen: [String] = []
            for command in ["INCR a", "INCR b"] {
                #expect(link.send(command) { LinkProbe.write(command, to: &$0) } == nil)
                seen.append(try redis.command("GET", "a"))
            }
            #expect(link.send("INCR c") { LinkProbe.write("INCR c", to: &$0) } == nil)
            // Within the same turn, which this loop holds up; a server of its own process goes on.
            try redis.wait(until: "c", is: "1")
            return (seen, try redis.command("GET", "a"))
        }
        #expect(before == ["", ""] && after == "1")
        #expect(try await probe.ask("INCR d") == .reply(.integer(1)))
        try await probe.stop()
    }

    @Test("With a batch limit of 1 each command is sent at once, and flush() sends what waits")
    func flushing() async throws {
        let redis = try await RedisProcess.listening()
        let unbatched = try await LinkProbe(to: redis.server(), configuration: RedisConfiguration(batchLimit: 1))
        let batched = try await LinkProbe(to: redis.server())
        try await unbatched.untilReady()
        try await batched.untilReady()
        try await unbatched.onLoop { link in
            #expect(link.send("INCR a") { LinkProbe.write("INCR a", to: &$0) } == nil)
            try redis.wait(until: "a", is: "1")
        }
        try await batched.onLoop { link in
            #expect(link.send("INCR b") { LinkProbe.write("INCR b", to: &$0) } == nil)
            link.flush()
            try redis.wait(until: "b", is: "1")
        }
        try await unbatched.stop()
        try await batched.stop()
    }

    @Test("A killed server fails what is unanswered, and is found again when it is back")
    func killed() async throws {
        let redis = try await RedisProcess.listening()
        let probe = try await LinkProbe(to: redis.server())
        try await probe.untilReady()
        redis.pause()
        #expect(try await probe.send(["INCR a", "INCR b"]).isEmpty)
        redis.kill()
        let lost = try await probe.untilWaiting()
        guard case .notConnected = lost else {
            Issue.record("\(lost)")
            return
        }
        #expect(probe.record.answers == ["INCR a": .failure(lost), "INCR b": .failure(lost)])
        // Nothing waits for a server that is not there.
        #expect(try await probe.send("INCR c") != nil)
        let reborn = try await RedisProcess.listening(port: redis.port)
        try await probe.untilReady()
        #expect(try await probe.ask("INCR d") == .reply(.integer(1)))
        #expect(try reborn.command("EXISTS", "a", "b", "c") == "0")
        try await probe.stop()
    }

    @Test("A server that hangs fails all unanswered commands, and is left until it shakes hands again")
    func paused() async throws {
        let redis = try await RedisProcess.listening()
        let configuration = RedisConfiguration(connectTimeout: .milliseconds(300))
        let probe = try await LinkProbe(to: redis.server(), configuration: configuration)
        try await probe.untilReady()
        redis.pause()
        #expect(try await probe.send(["INCR a", "INCR b"]).isEmpty)
        #expect(try await probe.untilWaiting() == .timedOut(after: .milliseconds(200)))
        let timedOut = LinkProbe.Answer.failure(.timedOut(after: .milliseconds(200)))
        #expect(probe.record.answers == ["INCR a": timedOut, "INCR b": timedOut])
        // The system still takes connections for it; nothing is answered on them.
        _ = try await eventually("a handshake is given up") {
            probe.record.states.contains { state in
                if case .waiting(.timedOut(after: .milliseconds(300)), _) = state { true } else { false }
            } ? true : nil
        }
        #expect(!probe.record.states.dropFirst(2).contains(.ready))
        redis.resume()
        try await probe.untilReady()
        #expect(try await probe.ask("PING") == .reply(.status("PONG")))
        #expect(probe.record.tokens.count == 3)
        try await probe.stop()
    }

    @Test("Commands above the limit are refused while the server does not answer")
    func queueFull() async throws {
        let redis = try await RedisProcess.listening()
        let configuration = RedisConfiguration(timeout: .seconds(30), queueLimit: 10)
        let probe = try await LinkProbe(to: redis.server(), configuration: configuration)
        try await probe.untilReady()
        redis.pause()
        let commands = (0..<12).map { "RPUSH list \($0)" }
        #expect(try await probe.send(commands) == [.queueFull(limit: 10), .queueFull(limit: 10)])
        redis.resume()
        _ = try await eventually("all answers") { probe.record.tokens.count == 10 ? true : nil }
        #expect(try await probe.ask("LRANGE list -1 -1") == .reply(.array([.bulk("9")])))
        try await probe.stop()
    }

    @Test("Bytes above the limit are refused while the server does not read")
    func outboundFull() async throws {
        let redis = try await RedisProcess.listening()
        // Also the system's own buffers have to be full.
        let configuration = RedisConfiguration(timeout: .seconds(30), outboundLimit: 1 << 20, batchLimit: 1)
        let probe = try await LinkProbe(to: redis.server(), configuration: configuration)
        try await probe.untilReady()
        redis.pause()
        let value = ByteBuffer(repeating: UInt8(ascii: "v"), count: 256 << 10)
        let accepted = try await probe.onLoop { link in
            for count in 0..<1_000 {
                let refusal = link.send("\(count)") { writer in
                    writer.command("SET", arguments: 2)
                    writer.argument("key" as StaticString)
                    writer.argument(value)
                }
                if let refusal {
                    #expect(refusal == .outboundFull(limit: 1 << 20))
                    return count
                }
            }
            return 1_000
        }
        #expect(accepted > 0 && accepted < 1_000)
        redis.resume()
        _ = try await eventually("all answers") { probe.record.tokens.count == accepted ? true : nil }
        #expect(probe.record.answers.values.allSatisfy { $0 == .reply(.status("OK")) })
        try await probe.stop()
    }

    @Test("Stopping fails what is unanswered, once")
    func stopped() async throws {
        let redis = try await RedisProcess.listening()
        let probe = try await LinkProbe(to: redis.server())
        try await probe.untilReady()
        redis.pause()
        #expect(try await probe.send(["INCR a", "INCR b"]).isEmpty)
        try await probe.stop()
        try await probe.stop()
        redis.resume()
        #expect(probe.record.tokens == ["INCR a", "INCR b"])
        #expect(probe.record.answers["INCR a"] == .failure(.stopped))
        #expect(try await probe.send("INCR c") == .stopped)
        #expect(probe.record.states.last == .stopped)
        _ = try await eventually("the connection is closed") {
            try redis.command("CLIENT", "LIST", "TYPE", "normal").split(separator: "\n").count == 1 ? true : nil
        }
    }

    @Test("A link may be stopped and started by its own callbacks")
    func restarted() async throws {
        let redis = try await RedisProcess.listening()
        let probe = try await LinkProbe(to: redis.server()) { link, token in
            guard token == "INCR restart" else { return }
            link.stop()
            link.start()
        }
        try await probe.untilReady()
        #expect(try await probe.send(["INCR a", "INCR restart", "INCR b"]).isEmpty)
        _ = try await eventually("all answers") { probe.record.tokens.count == 3 ? true : nil }
        #expect(probe.record.answers["INCR restart"] == .reply(.integer(1)))
        #expect(probe.record.answers["INCR b"] == .failure(.stopped))
        #expect(probe.record.states.prefix(4) == [.connecting, .ready, .stopped, .connecting])
        try await probe.untilReady()
        #expect(try await probe.ask("INCR a") == .reply(.integer(2)))
        try await probe.stop()
    }
}
