import COpenSSL
import ContentTrust
import Foundation
import NIOCore
import NIOHTTP1

/// The opening handshake of RFC 6455 §4.2, for the one path and subprotocol that a tracker has (Docs/Protocol.md §2.1).
enum WebSocketUpgrade {
    static let path = "/v1/connect"
    static let subprotocol = "shoal.v1"
    static let version = "13"
    /// Appended to a client's key (RFC 6455 §1.3).
    private static let keySuffix = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
    /// 16 bytes in base64.
    private static let keyLength = 24

    /// Why a request is not upgraded; the reason is the answer's body.
    struct Refusal: Error, Equatable {
        var status = HTTPResponseStatus.badRequest
        var reason: String

        static let full = Refusal(
            status: .serviceUnavailable,
            reason: "This node has as many connections as it may have; try again."
        )
        /// Seconds after which a full node may be asked again.
        static let retryWhenFull = 5
    }

    /// What a request that may be upgraded asks for.
    struct Opening: Equatable {
        /// The connection's site: its `Origin`.
        var site: WebOrigin
        var key: String
    }

    /// Judges a request by its head.
    static func judge(_ request: HTTPRequestHead, hasRoom: Bool) throws(Refusal) -> Opening {
        guard request.method == .GET, request.uri.prefix(while: { $0 != "?" }) == path else {
            throw Refusal(status: .notFound, reason: "WebSockets are at \(path).")
        }
        guard hasRoom else { throw .full }
        let field = { (name: String) in request.headers[name] }
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
    // Not for the key: NIO looks for these names in the Connection field.
    let requiredUpgradeHeaders: [String] = []

    func buildUpgradeResponse(
        channel: any Channel,
        upgradeRequest: HTTPRequestHead,
        initialResponseHeaders: HTTPHeaders
    ) -> EventLoopFuture<HTTPHeaders> {
        do throws(WebSocketUpgrade.Refusal) {
            let opening = try WebSocketUpgrade.judge(upgradeRequest, hasRoom: hasRoom())
            var headers = initialResponseHeaders
            headers.replaceOrAdd(name: "Upgrade", value: "websocket")
            headers.add(name: "Sec-WebSocket-Accept", value: WebSocketUpgrade.accept(key: opening.key))
            headers.add(name: "Sec-WebSocket-Protocol", value: WebSocketUpgrade.subprotocol)
            return channel.eventLoop.makeSucceededFuture(headers)
        } catch {
            refuse(channel, error)
            return channel.eventLoop.makeFailedFuture(error)
        }
    }

    /// Answers here and ends the connection: NIO does not replay the head of a request whose upgrade was refused, so that nobody behind
    /// could answer it (swift-nio issue 2632).
    private func refuse(_ channel: any Channel, _ refusal: WebSocketUpgrade.Refusal) {
        let body = ByteBuffer(string: refusal.reason + "\n")
        var headers: HTTPHeaders = [
            "Connection": "close", "Content-Length": "\(body.readableBytes)",
            "Content-Type": "text/plain; charset=utf-8",
            // RFC 6455 §4.4: a client of another version is told which one is meant.
            "Sec-WebSocket-Version": WebSocketUpgrade.version,
        ]
        if refusal.status == .serviceUnavailable {
            headers.add(name: "Retry-After", value: "\(WebSocketUpgrade.Refusal.retryWhenFull)")
        }
        channel.write(
            HTTPServerResponsePart.head(HTTPResponseHead(version: .http1_1, status: refusal.status, headers: headers)),
            promise: nil
        )
        channel.write(HTTPServerResponsePart.body(.byteBuffer(body)), promise: nil)
        channel.writeAndFlush(HTTPServerResponsePart.end(nil)).whenComplete { _ in channel.close(promise: nil) }
    }

    func upgrade(channel: any Channel, upgradeRequest: HTTPRequestHead) -> EventLoopFuture<PublicChannel.Negotiated> {
        do throws(WebSocketUpgrade.Refusal) {
            return open(channel, try WebSocketUpgrade.judge(upgradeRequest, hasRoom: true).site)
        } catch {
            return channel.eventLoop.makeFailedFuture(error)
        }
    }
}
