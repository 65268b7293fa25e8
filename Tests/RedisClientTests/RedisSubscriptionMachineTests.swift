import NIOCore
import Presence
import Testing

@testable import RedisClient

@Suite("RedisSubscriptionMachine")
struct RedisSubscriptionMachineTests {
    static let confirmation = "*3\r\n$9\r\nsubscribe\r\n$5\r\ninbox\r\n:1\r\n"
    static let message = "*3\r\n$7\r\nmessage\r\n$5\r\ninbox\r\n$2\r\nhi\r\n"
    static let pong = "*2\r\n$4\r\npong\r\n$0\r\n\r\n"

    private var random = SplitMix64(seed: 2)
    private var machine = RedisSubscriptionMachine(
        session: RedisSession(usesPassword: false, connectTimeout: .seconds(1), backoff: Backoff()),
        pingInterval: .seconds(10),
        pingTimeout: .seconds(5)
    )

    @Test("Ready when the server has confirmed, and not before")
    mutating func confirmed() throws {
        try shakeHands(now: 0)
        #expect(machine.state == .connecting)
        #expect(try received(Self.confirmation) == .subscribed)
        #expect(machine.state == .ready)
        #expect(try received(Self.message) == .message)
        machine.failed(.timedOut(after: .seconds(5)), now: at(10), using: &random)
        guard case .waiting(.timedOut, let retryAt) = machine.state else {
            Issue.record("\(machine.state)")
            return
        }
        #expect(machine.deadline == retryAt && machine.due(at: retryAt) == .connect)
        // All over again: the new connection has subscribed to nothing.
        try shakeHands(now: 1_000)
        #expect(machine.state == .connecting)
        #expect(try received(Self.confirmation) == .subscribed)
        machine.stop()
        #expect(machine.state == .stopped && machine.deadline == nil)
    }

    @Test("A server that does not confirm, or does not answer a PING, is given up; a message is an answer as well")
    mutating func liveness() throws {
        try shakeHands(now: 0)
        #expect(machine.due(at: at(4_999)) == .nothing)
        #expect(machine.due(at: at(5_000)) == .fail(.timedOut(after: .seconds(5))))
        #expect(try received(Self.confirmation) == .subscribed)
        for (asked, answer) in [(10_000, Self.pong), (20_000, Self.message)] {
            #expect(machine.due(at: at(asked - 1)) == .nothing)
            #expect(machine.due(at: at(asked)) == .ping)
            machine.asked(now: at(asked))
            #expect(machine.due(at: at(asked + 4_999)) == .nothing)
            #expect(machine.due(at: at(asked + 5_000)) == .fail(.timedOut(after: .seconds(5))))
            _ = try received(answer)
            #expect(machine.due(at: at(asked + 5_000)) == .nothing)
        }
    }

    @Test("An idle hour costs 360 PINGs")
    mutating func idle() throws {
        try shakeHands(now: 0)
        _ = try received(Self.confirmation)
        var pings = 0
        while let deadline = machine.deadline, deadline <= at(3_600_000) {
            #expect(machine.due(at: deadline) == .ping)
            machine.asked(now: deadline)
            #expect(try received(Self.pong) == .nothing)
            pings += 1
        }
        #expect(pings == 360)
    }

    @Test(
        "What does not belong to a subscription ends it",
        arguments: ["+OK\r\n", ":1\r\n", "*0\r\n", "*2\r\n$7\r\nmessage\r\n$5\r\ninbox\r\n", confirmation, "$-1\r\n"]
    )
    mutating func strange(_ text: String) throws {
        try shakeHands(now: 0)
        _ = try received(Self.confirmation)
        guard case .fail(.protocolViolation) = try received(text) else {
            Issue.record("\(text) was taken")
            return
        }
    }

    @Test("An error in answer to SUBSCRIBE is the reason")
    mutating func refused() throws {
        try shakeHands(now: 0)
        let error = "NOPERM this user has no permissions to access one of the channels used as arguments"
        #expect(try received("-\(error)\r\n") == .fail(.noPermission(error)))
    }

    private mutating func shakeHands(now: Int) throws {
        machine.connect(now: at(now))
        #expect(machine.state == .connecting)
        machine.connected()
        #expect(try received("+PONG\r\n") == .nothing)
        #expect(try received("$13\r\nrole:master\r\n\r\n") == .nothing)
        #expect(try received("$19\r\ncluster_enabled:0\r\n\r\n") == .subscribe)
        machine.asked(now: at(now))
    }

    private mutating func received(_ text: String) throws -> RedisSubscriptionMachine.Received {
        try withReply(text) { machine.received($0) }
    }
}
