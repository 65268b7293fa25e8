import ContentTrust
import NIOCore
import Presence
import TrackerProtocol

/// A message between two introduced peers, on its way between their nodes.
public struct PeerSignal: Equatable, Sendable {
    public var from: PeerAddress
    public var to: PeerAddress
    /// A JSON value, byte for byte as it was sent.
    public var data: ByteBuffer

    public init(from: PeerAddress, to: PeerAddress, data: ByteBuffer) {
        self.from = from
        self.to = to
        self.data = data
    }
}

/// Names one `find` that waits for an answer from the directory or from the store.
public struct FindToken: Hashable, Sendable {
    var peer: PeerID
    var serial: Int
}

/// What is to be done after the core has decided; in order.
public enum TrackerAction: Equatable, Sendable {
    case send(TrackerMessage, to: PeerID)
    /// A WebSocket ping.
    case ping(PeerID)
    /// A WebSocket pong with the ping's payload.
    case pong(ByteBuffer, to: PeerID)
    /// A close frame, then the end of the connection; the core has forgotten it already.
    case close(PeerID, WebSocketCloseCode, reason: String)
    /// Ask the certificate directory; the answer goes to `TrackerCore.lookedUp`.
    case lookUp(FindToken, site: WebOrigin, urls: [String])
    /// Ask the store; with a token the replies go to `TrackerCore.foundPeers`, without one nobody waits for them.
    case presence([PresenceCommand], FindToken?)
    /// Take a signal to the node of its target.
    case relay(PeerSignal)
}

/// What the certificate directory knows of one URL.
public enum CertificateLookUp: Equatable, Sendable {
    /// `certificate` has been judged valid for the site.
    case certified(JudgedCertificate, IssuedCertificate)
    /// Ask again after so many seconds.
    case pending(retry: Int)
    case refused(ProtocolError)
}
