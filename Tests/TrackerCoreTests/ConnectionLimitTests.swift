import NIOCore
import Presence
import Testing
import TrackerProtocol

@testable import TrackerCore

/// Rates, silence and what cannot be read (Docs/Protocol.md §2.4, §2.6, §2.7).
@Suite struct ConnectionLimitTests {
    private static func limited() -> CoreFixture {
        CoreFixture {
            $0.messageRate = 10
            $0.messageBurst = 20
        }
    }

    private static let leave = #"{"action":"leave","id":1}"#

    private func isCarriedOut(_ actions: [TrackerAction]) -> Bool {
        if case .send(.left, _)? = actions.first { true } else { false }
    }

    @Test func bearsABurstAndThenTheRate() {
        var fixture = Self.limited()
        let peer = fixture.connect()
        for _ in 0..<20 { #expect(isCarriedOut(fixture.send(Self.leave, from: peer))) }
        #expect(!isCarriedOut(fixture.send(Self.leave, from: peer)))
        // One token in 100 ms.
        fixture.advance(milliseconds: 99)
        #expect(!isCarriedOut(fixture.send(Self.leave, from: peer)))
        fixture.advance(milliseconds: 1)
        #expect(isCarriedOut(fixture.send(Self.leave, from: peer)))
        #expect(!isCarriedOut(fixture.send(Self.leave, from: peer)))
        fixture.advance(milliseconds: 1_000_000)
        for _ in 0..<20 { #expect(isCarriedOut(fixture.send(Self.leave, from: peer))) }
        #expect(!isCarriedOut(fixture.send(Self.leave, from: peer)))
    }

    @Test func saysTooFastAtMostOnceASecond() {
        var fixture = Self.limited()
        let peer = fixture.connect()
        for _ in 0..<20 { _ = fixture.send(Self.leave, from: peer) }
        let first = fixture.send(Self.leave, from: peer)
        #expect(first.map { $0.sentError?.error.code } == [.tooFast])
        #expect(first.first?.sentError?.error.limit == 10)
        var errors: [Int] = []
        for millisecond in stride(from: 0, to: 3_000, by: 20) {
            fixture.advance(milliseconds: 20)
            let actions = fixture.send(Self.leave, from: peer)
            if actions.first?.sentError?.error.code == .tooFast { errors.append(millisecond + 20) }
        }
        #expect(errors.count == 2)
        #expect(zip(errors, errors.dropFirst()).allSatisfy { $1 - $0 >= 1_000 })
        #expect(errors.allSatisfy { $0 >= 1_000 })
    }

    /// Ten bursts beyond the rate are borne, one message more is not.
    @Test func closesAFlood() {
        var fixture = Self.limited()
        let peer = fixture.connect()
        _ = fixture.announce([Sample.certificate(1)], from: peer)
        for _ in 0..<(19 + 10 * 20) {
            #expect(!fixture.send(Self.leave.replacing("leave", with: "x"), from: peer).contains { $0.isClose })
        }
        let last = fixture.send(Self.leave, from: peer)
        #expect(
            last == [
                .presence([.remove(Sample.content(1), fixture.address(peer))], nil),
                .close(peer, .policyViolation, reason: "far over 10 messages a second"),
            ]
        )
        #expect(fixture.core.connectionCount == 0)
        #expect(fixture.core.counters.closedFlooding == 1)
    }

    /// RFC 6455 §5.5.1: a close is answered, also by a node that has had enough of the client.
    @Test func answersACloseAtAnyRate() {
        var fixture = Self.limited()
        let peer = fixture.connect()
        for _ in 0..<30 { _ = fixture.send(Self.leave, from: peer) }
        #expect(fixture.receive(.close(code: 1000), from: peer) == [.close(peer, .normal, reason: "")])
    }

    @Test func answersWhatIsNoMessage() {
        var fixture = CoreFixture { $0.messageSize = 1_000 }
        let peer = fixture.connect()
        let binary = fixture.receive(
            .message(WebSocketMessage(isText: false, payload: ByteBuffer(bytes: [1]))),
            from: peer
        )
        #expect(binary.map { $0.sentError?.error.code } == [.binaryMessage])
        let oversize = fixture.receive(.oversize(got: 1_001), from: peer)
        #expect(oversize.map { $0.sentError?.error.code } == [.messageTooLong])
        #expect(oversize.first?.sentError?.error.limit == 1_000)
        #expect(oversize.first?.sentError?.error.got == .integer(1_001))
        let malformed = fixture.send(#"{"action":"nothing","id":4}"#, from: peer)
        #expect(malformed.first?.sentError?.error.code == .unknownAction)
        #expect(malformed.first?.sentError?.id == 4)
        let ping = ByteBuffer(string: "ping")
        #expect(fixture.receive(.ping(ping), from: peer) == [.pong(ping, to: peer)])
        #expect(fixture.receive(.pong, from: peer) == [])
        #expect(fixture.core.counters.protocolErrors == 3)
        #expect(fixture.core.connectionCount == 1)
    }

    @Test func closesWhatCannotBeTakenApart() {
        var fixture = CoreFixture()
        let (first, second) = (fixture.connect(), fixture.connect())
        #expect(
            fixture.step { core, _, actions in
                core.received(WebSocketDecoder.Violation.framing("why"), from: first, actions: &actions)
            } == [.close(first, .protocolError, reason: "why")]
        )
        #expect(
            fixture.step { core, _, actions in
                core.received(WebSocketDecoder.Violation.hopelesslyLong, from: second, actions: &actions)
            } == [.close(second, .messageTooBig, reason: "a message is at most 65536 bytes")]
        )
        #expect(fixture.core.connectionCount == 0)
    }

    /// A ping after 30 s of silence, and again every 30 s; the end after more than 75 s.
    @Test func pingsAndThenClosesTheSilent() {
        var fixture = CoreFixture()
        let peer = fixture.connect()
        var pings: [Int] = []
        var closed: Int?
        for second in 1...80 {
            fixture.advance(milliseconds: 1_000)
            for action in fixture.tick() {
                if action == .ping(peer) { pings.append(second) }
                if action == .close(peer, .goingAway, reason: "nothing was heard for 75 s") { closed = second }
            }
        }
        #expect(pings == [30, 60])
        #expect(closed == 76)
        #expect(fixture.core.counters.closedIdle == 1)
        #expect(fixture.core.connectionCount == 0)
    }

    @Test func keepsWhoAnswersPings() {
        var fixture = CoreFixture()
        let peer = fixture.connect()
        for _ in 1...1_000 {
            fixture.advance(milliseconds: 1_000)
            for action in fixture.tick() where action == .ping(peer) { _ = fixture.receive(.pong, from: peer) }
        }
        #expect(fixture.core.connectionCount == 1)
    }

    /// A machine that slept: nothing overflows, and the silent are closed once.
    @Test func survivesALongPause() {
        var fixture = CoreFixture()
        let peer = fixture.connect()
        fixture.advance(milliseconds: 1 << 50)
        #expect(fixture.send(Self.leave, from: peer).count == 1)
        fixture.advance(milliseconds: 1 << 50)
        #expect(fixture.tick().count == 1)
        #expect(fixture.tick() == [])
    }
}

extension TrackerAction {
    fileprivate var isClose: Bool { if case .close = self { true } else { false } }
}
