import NIOCore
import Presence
import Testing

@testable import RedisClient

@Suite("Backoff")
struct BackoffTests {
    @Test("Delays are spread between the floor and a bound that doubles up to the cap")
    func jitter() {
        let backoff = Backoff(base: .milliseconds(50), cap: .seconds(2), floor: .milliseconds(10))
        var random = SplitMix64(seed: 1)
        for (failures, longest) in [(1, 50), (2, 100), (3, 200), (6, 1_600), (7, 2_000), (1_000_000, 2_000)] {
            let delays = (0..<2_000).map { _ in
                Int(backoff.delay(afterFailures: failures, using: &random).nanoseconds / 1_000)
            }
            #expect(delays.allSatisfy { 10_000...longest * 1_000 ~= $0 }, "after \(failures)")
            // Full jitter: uniform, so the mean is in the middle, and both ends are reached.
            let mean = delays.reduce(0, +) / delays.count
            let middle = (10_000 + longest * 1_000) / 2
            #expect(abs(mean - middle) < middle / 10, "after \(failures)")
        }
    }

    @Test("A base below the floor, or a cap below the base, is no busy loop")
    func contradictions() {
        var random = SplitMix64(seed: 1)
        let backoff = Backoff(base: .zero, cap: .zero, floor: .milliseconds(10))
        for failures in [0, 1, 5, .max] {
            #expect(backoff.delay(afterFailures: failures, using: &random) == .milliseconds(10))
        }
        let capped = Backoff(base: .seconds(5), cap: .milliseconds(20), floor: .milliseconds(10))
        #expect(capped.delay(afterFailures: 9, using: &random) <= .milliseconds(20))
    }
}

@Suite("RedisSession")
struct RedisSessionTests {
    private static let backoff = Backoff(base: .milliseconds(50), cap: .seconds(2), floor: .milliseconds(10))
    private var random = SplitMix64(seed: 5)
    private var session = RedisSession(usesPassword: false, connectTimeout: .seconds(1), backoff: backoff)

    @Test("From stopped to ready and back")
    mutating func life() {
        #expect(session.state == .stopped && session.refusal == .stopped && session.deadline == nil)
        session.connect(now: at(0))
        #expect(session.state == .connecting && session.deadline == at(1_000))
        #expect(session.refusal == .notConnected(reason: "it is being made"))
        session.connected()
        #expect(session.state == .connecting && session.deadline == at(1_000))
        shakeHands()
        #expect(session.state == .ready && session.isReady && session.refusal == nil && session.deadline == nil)
        session.failed(.timedOut(after: .seconds(1)), now: at(500), using: &random)
        guard case .waiting(.timedOut, let retryAt) = session.state else {
            Issue.record("\(session.state)")
            return
        }
        #expect(retryAt >= at(510) && retryAt <= at(550))
        #expect(session.deadline == retryAt && session.refusal == .timedOut(after: .seconds(1)))
        #expect(session.due(at: retryAt - .nanoseconds(1)) == .nothing)
        #expect(session.due(at: retryAt) == .connect)
        session.stop()
        #expect(session.state == .stopped)
    }

    @Test("A connection that is not made, or whose handshake does not end, is given up at one deadline")
    mutating func connectTimeout() {
        session.connect(now: at(0))
        #expect(session.due(at: at(999)) == .nothing)
        #expect(session.due(at: at(1_000)) == .fail(.timedOut(after: .seconds(1))))
        session.connected()
        _ = session.received(.text("PONG"))
        #expect(session.due(at: at(999)) == .nothing)
        #expect(session.due(at: at(1_000)) == .fail(.timedOut(after: .seconds(1))))
    }

    @Test("A failure that is told again, or after the end, changes nothing")
    mutating func lateFailures() {
        session.failed(.loading, now: at(0), using: &random)
        #expect(session.state == .stopped)
        session.connect(now: at(0))
        session.failed(.loading, now: at(1), using: &random)
        let waiting = session.state
        session.failed(.wrongPassword, now: at(2), using: &random)
        #expect(session.state == waiting)
    }

    /// Every way in which a server can be of no use, for an hour of a clock of the test's own.
    @Test("No server makes a busy loop", arguments: ["refuses", "is loading", "drops at once", "drops after 100 ms"])
    mutating func attempts(_ server: String) {
        var now = at(0)
        var attempts = 0
        let hour = 3_600_000
        session.connect(now: now)
        while now < at(hour) {
            attempts += 1
            switch server {
            case "refuses":
                session.failed(.notConnected(reason: "refused"), now: now, using: &random)
            case "is loading":
                session.connected()
                #expect(session.received(.error("LOADING")) == .refused(.loading))
                session.failed(.loading, now: now, using: &random)
            case "drops at once":
                session.connected()
                shakeHands()
                session.failed(.readOnly, now: now, using: &random)
            default:
                session.connected()
                shakeHands()
                now = now + .milliseconds(100)
                session.failed(.notConnected(reason: "dropped"), now: now, using: &random)
            }
            guard let deadline = session.deadline else {
                Issue.record("no deadline in \(session.state)")
                return
            }
            now = deadline
            #expect(session.due(at: now) == .connect)
            session.connect(now: now)
        }
        // A mean delay of half the cap of 2 s is 3,600 in an hour.
        #expect((2_900...4_000).contains(attempts), "\(attempts)")
    }

    @Test("A connection that held as long as the cap starts the delays from the base again")
    mutating func success() {
        var now = at(0)
        for _ in 0..<10 {
            session.connect(now: now)
            session.failed(.loading, now: now, using: &random)
            now = now + .seconds(2)
        }
        session.connect(now: now)
        session.connected()
        shakeHands()
        session.failed(.loading, now: now + .seconds(2), using: &random)
        guard case .waiting(_, let retryAt) = session.state else {
            Issue.record("\(session.state)")
            return
        }
        #expect(retryAt - (now + .seconds(2)) <= .milliseconds(50))
    }

    private mutating func shakeHands() {
        #expect(session.received(.text("PONG")) == .incomplete)
        #expect(session.received(RedisHandshakeTests.master) == .incomplete)
        #expect(session.received(RedisHandshakeTests.single) == .accepted)
    }
}

/// A time of a test's own clock.
func at(_ milliseconds: Int) -> NIODeadline { .uptimeNanoseconds(UInt64(1_000 + milliseconds) * 1_000_000) }
