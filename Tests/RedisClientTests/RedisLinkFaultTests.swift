import NIOCore
import TestSupport
import Testing

@testable import RedisClient

@Suite("Servers that break the rules")
struct RedisLinkFaultTests {
    @Test(
        "What is wrong is said, and every attempt keeps the time that was announced for it",
        arguments: [
            ("-LOADING Redis is loading the dataset in memory\r\n", RedisError.loading),
            ("-WRONGPASS invalid\r\n", .wrongPassword),
            ("+PONG\r\n$12\r\nrole:slave\r\n\r\n", .wrongRole("slave")),
            (
                "HTTP/1.1 400 Bad Request\r\n\r\n",
                .protocolViolation(#"what came is not RESP2: Protocol error, got "H" as reply type byte"#)
            ),
            (FakeServer.handshake + "+OK\r\n", .protocolViolation("a reply came and no command waited for one")),
            ("*1000000000\r\n", .protocolViolation("a reply has 1000000000 values; at most 262144 are accepted")),
        ]
    )
    func refusals(_ answer: String, expected: RedisError) async throws {
        let fake = try await FakeServer { _ in answer }
        let probe = try await LinkProbe(to: fake.server())
        _ = try await eventually("five connections") { fake.connections.count >= 5 ? true : nil }
        try await probe.stop()
        let announced = probe.record.states.compactMap { state -> NIODeadline? in
            guard case .waiting(let error, let retryAt) = state else { return nil }
            #expect(error == expected)
            return retryAt
        }
        let connections = fake.connections
        #expect(announced.count >= 4)
        // One attempt for each announcement, and none before its time.
        for (retryAt, connection) in zip(announced, connections.dropFirst()) { #expect(connection >= retryAt) }
        #expect(connections.count <= announced.count + 1)
        try await fake.stop()
    }

    @Test("A server that drops each connection when it gets a command answers none twice")
    func dropping() async throws {
        let fake = try await FakeServer { $0.contains("INCR") ? nil : FakeServer.handshake }
        let probe = try await LinkProbe(to: fake.server())
        var accepted: [String] = []
        for round in 0..<5 {
            try await probe.untilReady()
            let commands = (0..<3).map { "INCR \(round)-\($0)" }
            #expect(try await probe.send(commands).isEmpty)
            accepted += commands
            _ = try await eventually("answers") { probe.record.tokens.count == accepted.count ? true : nil }
        }
        try await probe.stop()
        #expect(probe.record.tokens == accepted)
        #expect(probe.record.answers.values.allSatisfy { if case .failure(.notConnected) = $0 { true } else { false } })
        try await fake.stop()
    }

    @Test("An answer that repeats the password does not get into the error")
    func password() async throws {
        let fake = try await FakeServer {
            "-ERR unknown command, with args beginning with: \($0.split(separator: "\r\n"))\r\n"
        }
        let probe = try await LinkProbe(to: fake.server(login: ":hidden@"))
        let error = try await probe.untilWaiting()
        #expect(error == .other(prefix: "ERR", message: "ERR in answer to AUTH"))
        try await probe.stop()
        try await fake.stop()
    }

    @Test("A port without a server and a name without an address")
    func nobody() async throws {
        for host in ["127.0.0.1:\(try RedisProcess.freePort())", "name.invalid"] {
            let error = try await refusal(by: RedisServer(RedisURL("redis://\(host)")))
            guard case .notConnected(let reason) = error else {
                Issue.record("\(error)")
                continue
            }
            #expect(!reason.isEmpty)
        }
    }
}
