import Presence
import Testing
import TrackerProtocol

@testable import TrackerCore

/// The way out of a node (Docs/Protocol.md §4.8).
@Suite struct DrainTests {
    private static let spread = 10_000

    /// A drain of 30 seconds that begins now.
    private static func drain(_ fixture: CoreFixture, spread: Int = spread) -> Drain {
        Drain(spread: spread, deadline: fixture.now.uptimeMilliseconds + 30_000)
    }

    /// Who is told to move, and after how many milliseconds.
    private static func moves(_ actions: [TrackerAction]) -> [(peer: PeerID, delay: Int)] {
        actions.compactMap { if case .send(.move(let delay), let peer) = $0 { (peer, delay) } else { nil } }
    }

    @Test func spreadsTheMovesUniformly() {
        var fixture = CoreFixture()
        let peers = (0..<10_000).map { _ in fixture.connect() }
        let moves = Self.moves(fixture.drain(Self.drain(fixture)))
        #expect(moves.map(\.peer) == peers.sorted())
        #expect(moves.allSatisfy { (0...Self.spread).contains($0.delay) })
        // Each tenth of the spread gets 1,000 of them, with a standard deviation of 30.
        let tenths = Dictionary(grouping: moves) { min(9, $0.delay * 10 / Self.spread) }
        #expect(tenths.count == 10)
        #expect(tenths.values.allSatisfy { (850...1_150).contains($0.count) })
        #expect(fixture.core.counters.moves == 10_000)
    }

    @Test func movesEverybodyAtOnceWithoutASpread() {
        var fixture = CoreFixture()
        for _ in 0..<100 { _ = fixture.connect() }
        let moves = Self.moves(fixture.drain(Self.drain(fixture, spread: 0)))
        #expect(moves.count == 100)
        #expect(moves.allSatisfy { $0.delay == 0 })
    }

    @Test func drawsTheSameDelaysFromTheSameRandomNumbers() {
        var (one, other) = (CoreFixture(), CoreFixture())
        for _ in 0..<100 { _ = (one.connect(), other.connect()) }
        #expect(one.drain(Self.drain(one)) == other.drain(Self.drain(other)))
    }

    @Test func servesAndMovesThoseThatComeMeanwhile() {
        var fixture = CoreFixture()
        let early = fixture.connect()
        _ = fixture.drain(Self.drain(fixture))
        let late = PeerID(rawValue: 1_000)
        let greeting = fixture.connect(late)
        #expect(greeting.count == 2)
        #expect(
            greeting.first
                == .send(.welcome(peer: late, limits: fixture.core.limits, ice: ["stun:stun.example"]), to: late)
        )
        #expect(Self.moves(greeting).map(\.peer) == [late])
        for peer in [early, late] {
            #expect(
                fixture.announce([Sample.certificate(1)], from: peer) == [
                    .presence([.add(Sample.content(1), fixture.address(peer))], nil),
                    .send(.announced(id: 1, results: [.success(Sample.content(1))]), to: peer),
                ]
            )
        }
        fixture.introduce(late, to: [fixture.address(early)])
        #expect(fixture.signal(to: early, from: late).count == 1)
    }

    @Test func asksNobodyToStayForLongerThanTheNode() {
        var fixture = CoreFixture()
        _ = fixture.drain(Self.drain(fixture))
        var longest = 0
        for (elapsed, limit) in [(19_000, 10_000), (6_000, 5_000), (4_999, 1), (1, 0), (1_000, 0)] {
            fixture.advance(milliseconds: elapsed)
            for number in 0..<1_000 {
                let delays = Self.moves(fixture.connect(PeerID(rawValue: UInt64(number)))).map(\.delay)
                #expect(delays.count == 1)
                longest = max(longest, delays[0])
                #expect((0...limit).contains(delays[0]))
            }
        }
        #expect(longest > 9_000)
    }

    @Test func closesThoseThatStayedAndThoseThatComeTooLate() {
        var fixture = CoreFixture()
        let (silent, seeder) = (fixture.connect(), fixture.connect())
        _ = fixture.announce([Sample.certificate(1)], from: seeder)
        _ = fixture.drain(Self.drain(fixture))
        let reason = "the node is shutting down"
        #expect(
            fixture.end() == [
                .close(silent, .goingAway, reason: reason),
                .presence([.remove(Sample.content(1), fixture.address(seeder))], nil),
                .close(seeder, .goingAway, reason: reason),
            ]
        )
        let late = PeerID(rawValue: 1_000)
        #expect(fixture.connect(late).last == .close(late, .goingAway, reason: reason))
        #expect(fixture.core.connectionCount == 0)
        #expect(fixture.announce([Sample.certificate(1)], from: late) == [])
    }
}
