import COpenSSL
import ContentTrust
import Foundation
import NIOCore
import NIOHTTP1

/// The opening handshake of RFC 6455 §4.2, for the one path and subprotocol that a tracker has (Docs/Protocol.md §2.1).
enum WebSocketUpgrade {
    static let path = "/v1/connect"
    static let subprotocol = "shoal.v1"
    private static let version = "13"
    /// Appended to a client's key (RFC 6455 §1.3).
    private static let keySuffix = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
    /// 16 bytes in base64.
    private static let keyLength = 24

    /// Why a request is not upgraded: the body of an answer 400.
    struct Refusal: Error, Equatable {
        var reason: String
    }

    /// What a request that may be upgraded asks for.
    struct Opening: Equatable {
        /// The connection's site: its `Origin`.
        var site: WebOrigin
        var key: String
    }

    /// Judges a request by its header fields; `field` gives the values of one, in order.
    static func judge(_ field: (String) -> [String]) throws(Refusal) -> Opening {
        let offered = field("Sec-WebSocket-Protocol").flatMap { $0.split(separator: ",") }
        guard offered.contains(where: { $0.trimmingCharacters(in: .whitespaces) == subprotocol }) else {
            throw Refusal(reason: "Sec-WebSocket-Protocol must offer \(subprotocol).")
        }
        guard field("Sec-WebSocket-Version") == [version] else {
            throw Refusal(reason: "Sec-WebSocket-Version must be \(version).")
        }
        let keys = field("Sec-WebSocket-Key")
        guard keys.count == 1, keys[0].utf8.count == keyLength else {
            throw Refusal(reason: "Sec-WebSocket-Key must be \(keyLength) characters.")
        }
        let origins = field("Origin")
        guard origins.count == 1, let site = try? WebOrigin(origins[0]) else {
            throw Refusal(reason: "Origin must be an http or https origin, for example https://site.example.")
        }
        return Opening(site: site, key: keys[0])
    }

    /// `Sec-WebSocket-Accept` for a client's key.
    static func accept(key: String) -> String {
        var digest = [UInt8](repeating: 0, count: Int(SHA_DIGEST_LENGTH))
        let bytes = Array((key + keySuffix).utf8)
        _ = SHA1(bytes, bytes.count, &digest)
        return Data(digest).base64EncodedString()
    }
}

/// Upgrades a connection's first request to a peer's WebSocket.
///
/// Own, instead of NIO's upgrader, because that one installs NIO's frame decoder.
struct PeerUpgrader: NIOTypedHTTPServerProtocolUpgrader {
    /// Adds the peer's handler to a channel of its loop.
    let open: @Sendable (any Channel, WebOrigin) -> EventLoopFuture<PublicChannel.Negotiated>
    /// Whether the node may have one more connection.
    let hasRoom: @Sendable () -> Bool

    let supportedProtocol = "websocket"
    let requiredUpgradeHeaders = ["Sec-WebSocket-Key"]

    func buildUpgradeResponse(
        channel: any Channel,
        upgradeRequest: HTTPRequestHead,
        initialResponseHeaders: HTTPHeaders
    ) -> EventLoopFuture<HTTPHeaders> {
        channel.eventLoop.makeCompletedFuture {
            guard upgradeRequest.method == .GET,
                upgradeRequest.uri.prefix(while: { $0 != "?" }) == WebSocketUpgrade.path,
                hasRoom()
            else { throw WebSocketUpgrade.Refusal(reason: "not here, or not now") }
            let opening = try WebSocketUpgrade.judge { upgradeRequest.headers[$0] }
            var headers = initialResponseHeaders
            headers.replaceOrAdd(name: "Upgrade", value: "websocket")
            headers.add(name: "Sec-WebSocket-Accept", value: WebSocketUpgrade.accept(key: opening.key))
            headers.add(name: "Sec-WebSocket-Protocol", value: WebSocketUpgrade.subprotocol)
            return headers
        }
    }

    func upgrade(channel: any Channel, upgradeRequest: HTTPRequestHead) -> EventLoopFuture<PublicChannel.Negotiated> {
        do throws(WebSocketUpgrade.Refusal) {
            return open(channel, try WebSocketUpgrade.judge { upgradeRequest.headers[$0] }.site)
        } catch {
            return channel.eventLoop.makeFailedFuture(error)
        }
    }
}
