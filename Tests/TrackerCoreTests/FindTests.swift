import ContentTrust
import Presence
import Testing
import TrackerProtocol

@testable import TrackerCore

/// Finding (Docs/Protocol.md §3.2, §4.3).
@Suite struct FindTests {
    private let issued = IssuedCertificate(text: "a.b.c", layer: "bGF5ZXI")
    private let far = PeerAddress(node: 99, peer: 5)

    private func verdict(_ number: Int) -> JudgedCertificate {
        JudgedCertificate(content: Sample.content(number), url: Sample.url(number), notBefore: 0, expires: .max)
    }

    /// URLs go to the directory; what it certifies, and the certificates given, go to the store; the answer has their order.
    @Test func answersURLsThenCertificatesInOrder() throws {
        var fixture = CoreFixture()
        let peer = fixture.connect()
        let asked = fixture.find(
            urls: (1...4).map(Sample.url),
            certificates: ["nonsense", Sample.certificate(5)],
            peers: 3,
            id: 77,
            from: peer
        )
        guard case .lookUp(let token, site: Sample.site(), urls: (1...4).map(Sample.url))? = asked.first,
            asked.count == 1
        else {
            Issue.record("\(asked)")
            return
        }
        let refusal = ProtocolError(.notCertifiable, "no")
        let answers: [CertificateLookUp] = [
            .certified(verdict(1), issued), .pending(retry: 4), .refused(refusal), .certified(verdict(4), issued),
        ]
        let lookedUp = fixture.step { core, _, actions in core.lookedUp(token, answers, actions: &actions) }
        let commands = [1, 4, 5].map {
            PresenceCommand.find(Sample.content($0), limit: 3, excluded: fixture.address(peer))
        }
        #expect(lookedUp == [.presence(commands, token)])
        let replies: [PresenceReply] = [.peers([far]), .unavailable(retry: 2), .peers([])]
        let found = fixture.step { core, now, actions in core.foundPeers(token, replies, now: now, actions: &actions) }
        let bad = ProtocolError(.badCertificate, "not a certificate", field: "certificates[0]")
        #expect(
            found == [
                .send(
                    .found(
                        id: 77,
                        results: [
                            .certified(content: Sample.content(1), certificate: issued, peers: [PeerID(rawValue: 5)]),
                            .pending(retry: 4), .refused(refusal),
                            .degraded(content: Sample.content(4), certificate: issued, retry: 2), .refused(bad),
                            .certified(content: Sample.content(5), certificate: nil, peers: []),
                        ]
                    ),
                    to: peer
                )
            ]
        )
        // Once.
        #expect(fixture.step { core, _, actions in core.lookedUp(token, answers, actions: &actions) } == [])
        #expect(
            fixture.step { core, now, actions in core.foundPeers(token, replies, now: now, actions: &actions) } == []
        )
    }

    @Test func asksNobodyWhenNothingIsCertified() throws {
        var fixture = CoreFixture()
        let peer = fixture.connect()
        let actions = fixture.find(certificates: ["nonsense"], id: 3, from: peer)
        guard case .send(.found(3, let results), peer)? = actions.first, actions.count == 1 else {
            Issue.record("\(actions)")
            return
        }
        #expect(results.count == 1)
    }

    /// A site that only wants certificates, not peers.
    @Test func asksForNoPeersWhenNoneAreWanted() {
        var fixture = CoreFixture()
        let peer = fixture.connect()
        #expect(
            fixture.find(certificates: [Sample.certificate(1)], peers: 0, id: 3, from: peer) == [
                .send(
                    .found(id: 3, results: [.certified(content: Sample.content(1), certificate: nil, peers: [])]),
                    to: peer
                )
            ]
        )
    }

    /// §3.2: absolute URLs without fragment. Others are not worth the authority's time, nor a place in the directory.
    @Test func refusesWhatIsNoURLByItself() throws {
        var fixture = CoreFixture()
        let peer = fixture.connect()
        let asked = fixture.find(
            urls: ["/relative", Sample.url(1), Sample.url(2) + "#fragment", "https://site.example/\u{212A}"],
            id: 8,
            from: peer
        )
        guard case .lookUp(let token, site: _, urls: [Sample.url(1)])? = asked.first, asked.count == 1 else {
            Issue.record("\(asked)")
            return
        }
        let answer = fixture.step { core, _, actions in
            core.lookedUp(token, [.pending(retry: 1)], actions: &actions)
        }
        guard case .send(.found(8, let results), peer)? = answer.first, results.count == 4 else {
            Issue.record("\(answer)")
            return
        }
        #expect(results[1] == .pending(retry: 1))
        for index in [0, 2, 3] {
            guard case .refused(let error) = results[index] else {
                Issue.record("\(results[index])")
                continue
            }
            #expect(error.code == .badValue)
            #expect(error.field == "urls[\(index)]")
        }
        let only = fixture.find(urls: ["nonsense"], id: 9, from: peer)
        guard case .send(.found(9, let refused), peer)? = only.first else {
            Issue.record("\(only)")
            return
        }
        #expect(refused.count == 1)
    }

    @Test func answersWhatTheDirectoryLeftOut() throws {
        var fixture = CoreFixture()
        let peer = fixture.connect()
        guard case .lookUp(let token, _, _)? = fixture.find(urls: [Sample.url(1), Sample.url(2)], from: peer).first
        else {
            Issue.record("no look-up")
            return
        }
        let answer = fixture.step { core, _, actions in
            core.lookedUp(token, [.pending(retry: 1)], actions: &actions)
        }
        guard case .send(.found(1, let results), peer)? = answer.first, case .refused(let error)? = results.last else {
            Issue.record("\(answer)")
            return
        }
        #expect(results.first == .pending(retry: 1))
        #expect(error.code == .unavailable)
    }

    @Test func holds64OpenFinds() throws {
        var fixture = CoreFixture()
        let peer = fixture.connect()
        var tokens: [FindToken] = []
        for id in 0..<64 {
            guard case .lookUp(let token, _, _)? = fixture.find(urls: [Sample.url(1)], id: id, from: peer).first else {
                Issue.record("find \(id) was not carried out")
                return
            }
            tokens.append(token)
        }
        #expect(Set(tokens).count == 64)
        let over = fixture.find(urls: [Sample.url(1)], id: 64, from: peer)
        #expect(over.map { $0.sentError?.error.code } == [.tooFast])
        #expect(over.first?.sentError?.id == 64)
        #expect(over.first?.sentError?.error.limit == 64)
        // Another connection has its own, and an answer makes room.
        let other = fixture.connect()
        #expect(fixture.find(urls: [Sample.url(1)], from: other).count == 1)
        _ = fixture.step { core, _, actions in core.lookedUp(tokens[10], [.pending(retry: 1)], actions: &actions) }
        #expect(fixture.find(urls: [Sample.url(1)], id: 65, from: peer).first?.sentError == nil)
    }

    @Test func forgetsTheFindsOfAnEndedConnection() throws {
        var fixture = CoreFixture()
        let peer = fixture.connect()
        let other = fixture.connect()
        guard case .lookUp(let first, _, _)? = fixture.find(urls: [Sample.url(1)], from: peer).first,
            case .presence(_, let second?)? = fixture.find(certificates: [Sample.certificate(1)], from: peer).first
        else {
            Issue.record("no tokens")
            return
        }
        _ = fixture.disconnect(peer)
        let before = fixture.core.counters
        let found = [PresenceReply.peers([fixture.address(other)])]
        let late = fixture.step { core, now, actions in
            core.lookedUp(first, [.certified(verdict(1), issued)], actions: &actions)
            core.foundPeers(second, found, now: now, actions: &actions)
        }
        #expect(late == [])
        #expect(fixture.core.counters == before)
        #expect(fixture.core.connectionCount == 1)
    }
}
