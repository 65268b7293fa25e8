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
        static let malformed = Refusal(reason: "This is not an HTTP request.")
        static let crowded = Refusal(
            status: .serviceUnavailable,
            reason: "Your address has as many connections as one address may have; close some, or try again."
        )
        /// Seconds after which it may be tried again.
        static let retryWhenFull = 5
    }

    /// What a request that may be upgraded asks for.
    struct Opening: Equatable {
        /// The connection's site: its `Origin`.
        var site: WebOrigin
        var key: String
    }

    /// Judges a request by its head.
    static func judge(_ request: HTTPRequestHead) throws(Refusal) -> Opening {
        guard request.method == .GET, request.uri.prefix(while: { $0 != "?" }) == path else {
            throw Refusal(status: .notFound, reason: "WebSockets are at \(path).")
        }
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

extension WebSocketUpgrade.Refusal {
    /// Answers a connection's first request, and ends the connection.
    func answer(on channel: any Channel) {
        let body = ByteBuffer(string: reason + "\n")
        var headers: HTTPHeaders = [
            "Connection": "close", "Content-Length": "\(body.readableBytes)",
            "Content-Type": "text/plain; charset=utf-8",
            // RFC 6455 §4.4: a client of another version is told which one is meant.
            "Sec-WebSocket-Version": WebSocketUpgrade.version,
        ]
        if status == .serviceUnavailable {
            headers.add(name: "Retry-After", value: "\(Self.retryWhenFull)")
        }
        let head = HTTPResponseHead(version: .http1_1, status: status, headers: headers)
        channel.write(HTTPServerResponsePart.head(head), promise: nil)
        channel.write(HTTPServerResponsePart.body(.byteBuffer(body)), promise: nil)
        channel.writeAndFlush(HTTPServerResponsePart.end(nil)).whenComplete { _ in channel.close(promise: nil) }
    }
}

/// Upgrades a connection's first request to a peer's WebSocket.
///
/// Own, instead of NIO's upgrader, because that one installs NIO's frame decoder.
struct PeerUpgrader: NIOTypedHTTPServerProtocolUpgrader {
    /// Adds the peer's handler to a channel of its loop.
    let open: @Sendable (any Channel, WebOrigin) -> EventLoopFuture<PublicChannel.Negotiated>
    /// Why the node does not take one more connection of this client; nil when it does. Asked on the channel's loop.
    let refusal: @Sendable () -> WebSocketUpgrade.Refusal?

    let supportedProtocol = "websocket"
    // Not for the key: NIO looks for these names in the Connection field.
    let requiredUpgradeHeaders: [String] = []

    func buildUpgradeResponse(
        channel: any Channel,
        upgradeRequest: HTTPRequestHead,
        initialResponseHeaders: HTTPHeaders
    ) -> EventLoopFuture<HTTPHeaders> {
        do throws(WebSocketUpgrade.Refusal) {
            let opening = try WebSocketUpgrade.judge(upgradeRequest)
            if let refusal = refusal() { throw refusal }
            var headers = initialResponseHeaders
            headers.replaceOrAdd(name: "Upgrade", value: "websocket")
            headers.add(name: "Sec-WebSocket-Accept", value: WebSocketUpgrade.accept(key: opening.key))
            headers.add(name: "Sec-WebSocket-Protocol", value: WebSocketUpgrade.subprotocol)
            return channel.eventLoop.makeSucceededFuture(headers)
        } catch {
            // Answered here: NIO does not replay the head of a request whose upgrade was refused, so that nobody behind could answer it
            // (swift-nio issue 2632).
            error.answer(on: channel)
            return channel.eventLoop.makeFailedFuture(error)
        }
    }

    func upgrade(channel: any Channel, upgradeRequest: HTTPRequestHead) -> EventLoopFuture<PublicChannel.Negotiated> {
        do throws(WebSocketUpgrade.Refusal) {
            return open(channel, try WebSocketUpgrade.judge(upgradeRequest).site)
        } catch {
            return channel.eventLoop.makeFailedFuture(error)
        }
    }
}
