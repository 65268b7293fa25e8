import ContentTrust
import Presence
import Testing
import TrackerProtocol

@testable import TrackerCore

/// Connecting, announcing and leaving (Docs/Protocol.md §2.3, §3.1, §3.3).
@Suite struct AnnounceTests {
    @Test func welcomesWithTheLimitsInForce() {
        var fixture = CoreFixture { $0.messageSize = 2_000 }
        let peer = PeerID(rawValue: 42)
        let actions = fixture.connect(peer)
        #expect(
            actions == [
                .send(.welcome(peer: peer, limits: fixture.core.limits, ice: ["stun:stun.example"]), to: peer)
            ]
        )
        #expect(fixture.core.limits.messageSize == 2_000)
        #expect(fixture.core.connectionCount == 1)
    }

    @Test func announcesEachCertificateByItself() {
        var fixture = CoreFixture()
        let peer = fixture.connect()
        let expired = Sample.certificate(3, expires: fixture.now.unixSeconds)
        let foreign = Sample.certificate(4, site: "https://other.example")
        let actions = fixture.announce(
            [Sample.certificate(1), "nonsense", Sample.certificate(2), expired, foreign],
            id: 9,
            from: peer
        )
        let (one, two) = (Sample.content(1), Sample.content(2))
        #expect(actions.count == 2)
        #expect(
            actions.first == .presence([.add(one, fixture.address(peer)), .add(two, fixture.address(peer))], nil)
        )
        guard case .send(.announced(9, let results), peer)? = actions.last else {
            Issue.record("\(actions)")
            return
        }
        #expect(results.map { try? $0.get() } == [one, nil, two, nil, nil])
        let errors = results.map { result in
            if case .failure(let error) = result { error } else { nil as ProtocolError? }
        }
        #expect(errors.map { $0?.code } == [nil, .badCertificate, nil, .certificateExpired, .wrongAudience])
        #expect(errors.map { $0?.field } == [nil, "certificates[1]", nil, "certificates[3]", "certificates[4]"])
    }

    /// Said again it changes nothing, so the store is not asked.
    @Test func announcesNothingTwice() {
        var fixture = CoreFixture()
        let peer = fixture.connect()
        let both = [Sample.certificate(1), Sample.certificate(1)]
        let expected = TrackerAction.send(
            .announced(id: 1, results: [.success(Sample.content(1)), .success(Sample.content(1))]),
            to: peer
        )
        #expect(
            fixture.announce(both, from: peer)
                == [.presence([.add(Sample.content(1), fixture.address(peer))], nil), expected]
        )
        #expect(fixture.announce(both, from: peer) == [expected])
        #expect(fixture.core.announcedCount == 1)
    }

    @Test func announcesUpToTheLimit() throws {
        var fixture = CoreFixture { $0.announcedContents = 3 }
        let peer = fixture.connect()
        _ = fixture.announce([Sample.certificate(1), Sample.certificate(2), Sample.certificate(3)], from: peer)
        #expect(fixture.core.announcedCount == 3)
        let over = fixture.announce([Sample.certificate(2), Sample.certificate(4)], from: peer)
        let error = ProtocolError(
            .tooMuchAnnounced,
            "One connection announces at most 3 contents.",
            field: "certificates[1]",
            limit: 3,
            got: .integer(4)
        )
        #expect(over == [.send(.announced(id: 1, results: [.success(Sample.content(2)), .failure(error)]), to: peer)])
        // Room is made by leaving.
        _ = fixture.send(#"{"action":"leave","id":2,"contents":["\#(Sample.content(1).text)"]}"#, from: peer)
        #expect(fixture.announce([Sample.certificate(4)], from: peer).count == 2)
        #expect(fixture.core.announcedCount == 3)
    }

    @Test func leavesWhatItNamesOrEverything() {
        var fixture = CoreFixture()
        let peer = fixture.connect()
        let address = fixture.address(peer)
        _ = fixture.announce((1...4).map { Sample.certificate($0) }, from: peer)
        let (one, nine) = (Sample.content(1), Sample.content(9))
        #expect(
            fixture.send(
                #"{"action":"leave","id":5,"contents":["\#(one.text)","\#(nine.text)","\#(one.text)"]}"#,
                from: peer
            ) == [.presence([.remove(one, address)], nil), .send(.left(id: 5, count: 1), to: peer)]
        )
        let all = fixture.send(#"{"action":"leave","id":6}"#, from: peer)
        guard case .presence(let commands, nil)? = all.first else {
            Issue.record("\(all)")
            return
        }
        let removals = (2...4).map { PresenceCommand.remove(Sample.content($0), address) }
        #expect(commands.count == 3)
        #expect(removals.allSatisfy(commands.contains))
        #expect(all.last == .send(.left(id: 6, count: 3), to: peer))
        #expect(fixture.send(#"{"action":"leave","id":7}"#, from: peer) == [.send(.left(id: 7, count: 0), to: peer)])
        #expect(fixture.core.announcedCount == 0)
    }

    @Test func removesWhatAnEndedConnectionHad() {
        var fixture = CoreFixture()
        let peer = fixture.connect()
        _ = fixture.announce([Sample.certificate(1)], from: peer)
        #expect(
            fixture.disconnect(peer) == [.presence([.remove(Sample.content(1), fixture.address(peer))], nil)]
        )
        #expect(fixture.disconnect(peer) == [])
        #expect(fixture.core.connectionCount == 0)
        #expect(fixture.announce([Sample.certificate(1)], from: peer) == [])
    }
}
