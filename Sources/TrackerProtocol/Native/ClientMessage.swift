import ContentTrust
import NIOCore

/// A message from client to tracker (Docs/Protocol.md §3), well-formed and within the protocol's limits.
public enum ClientMessage: Equatable, Sendable {
    /// §3.1. `certificates` are compact JWS, not judged yet.
    case announce(id: Int, certificates: [String])
    /// §3.2.
    case find(id: Int, Find)
    /// §3.3. Without `contents`: all of the connection's.
    case leave(id: Int, contents: [ContentID]?)
    /// §3.4. `data` is a JSON value, byte for byte as it was sent.
    case signal(to: PeerID, data: ByteBuffer)

    /// What a `find` asks for.
    public struct Find: Equatable, Sendable {
        public var urls: [String]
        public var certificates: [String]
        /// Peers wanted for each content.
        public var peers: Int

        public init(urls: [String], certificates: [String], peers: Int) {
            self.urls = urls
            self.certificates = certificates
            self.peers = peers
        }
    }
}
