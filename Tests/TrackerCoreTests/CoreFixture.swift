import ContentTrust
import NIOCore
import Presence
import Synchronization
import TrackerProtocol

@testable import TrackerCore

/// Names that the tests of the core share.
enum Sample {
    static let siteText = "https://site.example"

    static func site(_ text: String = siteText) -> WebOrigin {
        guard let site = try? WebOrigin(text) else { preconditionFailure("\(text) is an origin") }
        return site
    }

    static func content(_ number: Int) -> ContentID {
        guard let content = ContentID(bytes: SHA256.hash(Array("content \(number)".utf8))) else {
            preconditionFailure("SHA-256 gives 32 bytes")
        }
        return content
    }

    static func url(_ number: Int) -> String { "\(siteText)/\(number)" }

    /// A certificate that ``FakeJudge`` accepts, for content of a number, until a time.
    static func certificate(_ number: Int, expires: Int = .max, site: String = siteText) -> String {
        "\(number)|\(expires)|\(site)"
    }
}

/// Accepts the certificates that ``Sample`` writes, for their site and until they expire, and counts what it is asked.
final class FakeJudge: CertificateJudging {
    private struct State {
        var version: Int? = 1
        var count = 0
    }

    private let state = Mutex(State())

    var keysetVersion: Int? {
        get { state.withLock { $0.version } }
        set { state.withLock { $0.version = newValue } }
    }

    /// Certificates judged so far.
    var count: Int { state.withLock { $0.count } }

    func judge(_ certificate: String, site: WebOrigin, now: Int) throws(ProtocolError) -> JudgedCertificate {
        let hasKeyset = state.withLock { state in
            state.count += 1
            return state.version != nil
        }
        guard hasKeyset else { throw ProtocolError(.unavailable, "no keyset") }
        let parts = certificate.split(separator: "|").map(String.init)
        guard parts.count == 3, let number = Int(parts[0]), let expires = Int(parts[1]) else {
            throw ProtocolError(.badCertificate, "not a certificate")
        }
        guard parts[2] == site.text else { throw ProtocolError(.wrongAudience, "for \(parts[2])") }
        guard now < expires else { throw ProtocolError(.certificateExpired, "expired") }
        return JudgedCertificate(
            content: Sample.content(number),
            url: Sample.url(number),
            notBefore: now,
            expires: expires
        )
    }
}

/// One core, driven step by step.
struct CoreFixture {
    static let node: UInt64 = 7

    let judge = FakeJudge()
    var core: TrackerCore
    var now = Moment(uptimeMilliseconds: 5_000_000, unixSeconds: 1_800_000_000)
    var random = SplitMix64(seed: 1)
    private var lastPeer: UInt64 = 0

    init(_ change: (inout ProtocolLimits) -> Void = { _ in }) {
        var limits = ProtocolLimits()
        change(&limits)
        core = TrackerCore(node: Self.node, limits: limits, judge: judge, ice: ["stun:stun.example"])
    }

    mutating func advance(milliseconds: Int) {
        now.uptimeMilliseconds += milliseconds
        now.unixSeconds += milliseconds / 1000
    }

    /// Collects what a step wants done.
    mutating func step(_ body: (inout TrackerCore, Moment, inout [TrackerAction]) -> Void) -> [TrackerAction] {
        var actions: [TrackerAction] = []
        body(&core, now, &actions)
        return actions
    }

    mutating func connect(site: String = Sample.siteText) -> PeerID {
        lastPeer += 1
        let peer = PeerID(rawValue: lastPeer)
        _ = connect(peer, site: site)
        return peer
    }

    mutating func connect(_ peer: PeerID, site: String = Sample.siteText) -> [TrackerAction] {
        var random = random
        defer { self.random = random }
        return step { core, now, actions in
            core.connected(peer, site: Sample.site(site), now: now, using: &random, actions: &actions)
        }
    }

    mutating func drain(_ drain: Drain) -> [TrackerAction] {
        var random = random
        defer { self.random = random }
        return step { core, now, actions in core.drain(drain, now: now, using: &random, actions: &actions) }
    }

    mutating func end() -> [TrackerAction] { step { core, _, actions in core.end(actions: &actions) } }

    mutating func receive(_ event: WebSocketDecoder.Event, from peer: PeerID) -> [TrackerAction] {
        step { core, now, actions in core.received(event, from: peer, now: now, actions: &actions) }
    }

    mutating func send(_ text: String, from peer: PeerID) -> [TrackerAction] {
        receive(.message(WebSocketMessage(isText: true, payload: ByteBuffer(string: text))), from: peer)
    }

    mutating func tick() -> [TrackerAction] {
        step { core, now, actions in core.tick(now: now, actions: &actions) }
    }

    mutating func disconnect(_ peer: PeerID) -> [TrackerAction] {
        step { core, _, actions in core.disconnected(peer, actions: &actions) }
    }

    mutating func announce(_ certificates: [String], id: Int = 1, from peer: PeerID) -> [TrackerAction] {
        send(#"{"action":"announce","id":\#(id),"certificates":\#(Self.json(certificates))}"#, from: peer)
    }

    mutating func find(
        urls: [String] = [],
        certificates: [String] = [],
        peers: Int = 8,
        id: Int = 1,
        from peer: PeerID
    ) -> [TrackerAction] {
        let text =
            #"{"action":"find","id":\#(id),"urls":\#(Self.json(urls)),"certificates":\#(Self.json(certificates)),"peers":\#(peers)}"#
        return send(text, from: peer)
    }

    mutating func signal(_ data: String = "1", to target: PeerID, from peer: PeerID) -> [TrackerAction] {
        send(#"{"action":"signal","to":"\#(target.text)","data":\#(data)}"#, from: peer)
    }

    /// Introduces `asker` to `found`, as an answered find does.
    mutating func introduce(_ asker: PeerID, to found: [PeerAddress]) {
        let actions = find(certificates: [Sample.certificate(1)], from: asker)
        guard case .presence(_, let token?)? = actions.first else { preconditionFailure("\(actions)") }
        _ = step { core, now, actions in core.foundPeers(token, [.peers(found)], now: now, actions: &actions) }
    }

    func address(_ peer: PeerID) -> PeerAddress { PeerAddress(node: Self.node, peer: peer.rawValue) }

    static func json(_ texts: [String]) -> String { "[" + texts.map { "\"\($0)\"" }.joined(separator: ",") + "]" }
}

extension TrackerAction {
    /// The error that a client is sent.
    var sentError: RejectedMessage? { if case .send(.error(let rejected), _) = self { rejected } else { nil } }
}
