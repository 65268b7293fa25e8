import ContentTrust
import NIOCore

/// A message from tracker to client (Docs/Protocol.md §4).
public enum TrackerMessage: Equatable, Sendable {
    /// §4.1.
    case welcome(peer: PeerID, limits: ProtocolLimits, ice: [String])
    /// §4.2.
    case announced(id: Int, results: [Result<ContentID, ProtocolError>])
    /// §4.3.
    case found(id: Int, results: [FindResult])
    /// §4.4.
    case left(id: Int, count: Int)
    /// §4.5. `data` is a JSON value, byte for byte as it was sent.
    case signal(from: PeerID, data: ByteBuffer)
    /// §4.6.
    case gone(peer: PeerID)
    /// §4.7.
    case error(RejectedMessage)
    /// §4.8. `delay` is in milliseconds.
    case move(delay: Int)

    /// What a `find` found for one URL or one certificate (§4.3).
    public enum FindResult: Equatable, Sendable {
        /// `certificate` is nil for an entry of `certificates`.
        case certified(content: ContentID, certificate: IssuedCertificate?, peers: [PeerID])
        case pending(retry: Int)
        case degraded(content: ContentID, certificate: IssuedCertificate?, retry: Int)
        case refused(ProtocolError)
    }
}

/// A certificate as the authority gave it: what a client needs to verify content.
public struct IssuedCertificate: Equatable, Sendable {
    /// The compact JWS.
    public var text: String
    /// The piece layer in base64url; empty when the content is one piece.
    public var layer: String

    public init(text: String, layer: String) {
        self.text = text
        self.layer = layer
    }
}
