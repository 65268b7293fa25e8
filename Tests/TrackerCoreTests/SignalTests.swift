import NIOCore
import Presence
import Testing
import TrackerProtocol

@testable import TrackerCore

/// Signals pass between introduced peers only (Docs/Protocol.md §3.4, §4.5, §4.6).
@Suite struct SignalTests {
    private static let far = PeerAddress(node: 99, peer: 500)
    private static let farPeer = PeerID(rawValue: 500)

    private func isRefused(_ actions: [TrackerAction]) -> Bool {
        actions.count == 1 && actions.first?.sentError?.error.code == .notIntroduced
    }

    private func signal(_ data: String, from: PeerAddress, to: PeerAddress) -> PeerSignal {
        PeerSignal(from: from, to: to, data: ByteBuffer(string: data))
    }

    @Test func refusesASignalToAStranger() {
        var fixture = CoreFixture()
        let (peer, other) = (fixture.connect(), fixture.connect())
        let actions = fixture.signal(to: other, from: peer)
        #expect(
            actions == [
                .send(
                    .error(
                        RejectedMessage(
                            error: ProtocolError(
                                .notIntroduced,
                                "This connection was not introduced to that peer, or too long ago.",
                                field: "to",
                                got: .text(other.text)
                            )
                        )
                    ),
                    to: peer
                )
            ]
        )
    }

    @Test func relaysToAnIntroducedPeerByteForByte() {
        var fixture = CoreFixture()
        let peer = fixture.connect()
        fixture.introduce(peer, to: [Self.far])
        let data = #"{ "sdp":"v=0\r\n" }"#
        #expect(
            fixture.signal(data, to: Self.farPeer, from: peer)
                == [.relay(signal(data, from: fixture.address(peer), to: Self.far))]
        )
    }

    /// Who has had a signal may answer it, though it never asked for the sender.
    @Test func introducesTheSenderToTheReceiver() {
        var fixture = CoreFixture()
        let peer = fixture.connect()
        var isDelivered = false
        let incoming = signal("7", from: Self.far, to: fixture.address(peer))
        let delivered = fixture.step { core, now, actions in
            isDelivered = core.deliver(incoming, now: now, actions: &actions)
        }
        #expect(isDelivered)
        #expect(delivered == [.send(.signal(from: Self.farPeer, data: ByteBuffer(string: "7")), to: peer)])
        #expect(
            fixture.signal("8", to: Self.farPeer, from: peer)
                == [.relay(signal("8", from: fixture.address(peer), to: Self.far))]
        )
    }

    @Test func deliversNothingToAnotherNodeOrAnEndedConnection() {
        var fixture = CoreFixture()
        let peer = fixture.connect()
        for to in [
            PeerAddress(node: 99, peer: peer.rawValue), PeerAddress(node: CoreFixture.node, peer: peer.rawValue + 1),
        ] {
            let actions = fixture.step { core, now, actions in
                let isDelivered = core.deliver(signal("1", from: Self.far, to: to), now: now, actions: &actions)
                #expect(!isDelivered)
            }
            #expect(actions == [])
        }
    }

    @Test func reportsAPeerThatIsGone() {
        var fixture = CoreFixture()
        let peer = fixture.connect()
        let back = signal("1", from: fixture.address(peer), to: Self.far)
        #expect(
            fixture.step { core, _, actions in core.undeliverable(back, actions: &actions) }
                == [.send(.gone(peer: Self.farPeer), to: peer)]
        )
        _ = fixture.disconnect(peer)
        #expect(fixture.step { core, _, actions in core.undeliverable(back, actions: &actions) } == [])
    }

    /// 120 s after its last use, and not a millisecond before; each signal renews it.
    @Test func forgetsAnIntroductionAfterItsLifetime() {
        var fixture = CoreFixture()
        let peer = fixture.connect()
        fixture.introduce(peer, to: [Self.far])
        for _ in 0..<3 {
            fixture.advance(milliseconds: 120_000)
            #expect(!isRefused(fixture.signal(to: Self.farPeer, from: peer)))
        }
        fixture.advance(milliseconds: 120_001)
        #expect(isRefused(fixture.signal(to: Self.farPeer, from: peer)))
        fixture.introduce(peer, to: [Self.far])
        #expect(!isRefused(fixture.signal(to: Self.farPeer, from: peer)))
    }

    /// The one unused for longest makes room.
    @Test func remembersOnlySoManyIntroductions() {
        var fixture = CoreFixture {
            $0.introductionMemory = 3
            $0.introductions = 16
        }
        let peer = fixture.connect()
        let peers = (0..<4).map { PeerAddress(node: 99, peer: UInt64(600 + $0)) }
        fixture.introduce(peer, to: Array(peers[..<3]))
        fixture.advance(milliseconds: 1)
        #expect(!isRefused(fixture.signal(to: PeerID(rawValue: 600), from: peer)))
        fixture.introduce(peer, to: [peers[3]])
        #expect(fixture.core.connections[peer]?.introductions.count == 3)
        #expect(!isRefused(fixture.signal(to: PeerID(rawValue: 600), from: peer)))
        #expect(isRefused(fixture.signal(to: PeerID(rawValue: 601), from: peer)))
        #expect(!isRefused(fixture.signal(to: PeerID(rawValue: 602), from: peer)))
        #expect(!isRefused(fixture.signal(to: PeerID(rawValue: 603), from: peer)))
    }
}
