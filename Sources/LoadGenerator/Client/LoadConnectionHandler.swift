import NIOCore
import TrackerProtocol

/// One client's WebSocket: the opening handshake (RFC 6455 §4.1), then frames to events for the engine.
///
/// NIO's client upgrader was rejected: its HTTP handlers and futures cost a multiple of the handshake itself, and a generator must cost less
/// than what it measures.
final class LoadConnectionHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private enum State {
        case handshake(ByteBuffer)
        case open
        case ended
    }

    /// The nonce of RFC 6455 §1.3 and its answer. One for all: it proves that a server understood the handshake, and hides nothing.
    private static let key = "dGhlIHNhbXBsZSBub25jZQ=="
    private static let accept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="

    private let engine: LoadEngine
    private let client: LoadClient
    private let generation: Int
    private let request: ByteBuffer
    private var state = State.handshake(ByteBuffer())
    private var decoder = WebSocketDecoder(role: .client, messageSizeLimit: LoadLimits.messageSize, oversizeFactor: 1)

    init(engine: LoadEngine, client: LoadClient, host: String, site: String) {
        self.engine = engine
        self.client = client
        generation = client.generation
        request = ByteBuffer(
            string: """
                GET /v1/connect HTTP/1.1\r
                Host: \(host)\r
                Connection: Upgrade\r
                Upgrade: websocket\r
                Origin: \(site)\r
                Sec-WebSocket-Version: 13\r
                Sec-WebSocket-Protocol: shoal.v1\r
                Sec-WebSocket-Key: \(Self.key)\r
                \r

                """
        )
    }

    func channelActive(context: ChannelHandlerContext) {
        context.writeAndFlush(wrapOutboundOut(request), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        if case .handshake(var head) = state {
            head.writeBuffer(&bytes)
            guard let rest = upgrade(head, context) else { return }
            bytes = rest
        }
        guard case .open = state else { return }
        decoder.append(bytes)
        do throws(WebSocketDecoder.Violation) {
            while let event = try decoder.next() { engine.received(event, by: client, generation) }
        } catch {
            engine.fault("a tracker broke RFC 6455: \(error)")
            end(context)
        }
    }

    /// Takes the answer to the handshake; gives what came behind it when it is complete and good.
    private func upgrade(_ head: ByteBuffer, _ context: ChannelHandlerContext) -> ByteBuffer? {
        let view = head.readableBytesView
        guard let end = view.firstRange(of: Array("\r\n\r\n".utf8)) else {
            state = .handshake(head)
            if head.readableBytes > LoadLimits.handshakeSize { self.end(context) }
            return nil
        }
        let text = String(decoding: view[..<end.lowerBound], as: UTF8.self)
        guard text.hasPrefix("HTTP/1.1 101 "), text.contains(Self.accept) else {
            engine.handshakeRefused(text.prefix { $0 != "\r" && $0 != "\r\n" }.description)
            self.end(context)
            return nil
        }
        state = .open
        return head.getSlice(at: end.upperBound, length: view.endIndex - end.upperBound)
    }

    func channelReadComplete(context: ChannelHandlerContext) { engine.flush() }

    func channelInactive(context: ChannelHandlerContext) {
        state = .ended
        engine.ended(client, generation)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // The socket broke; channelInactive follows.
        context.close(promise: nil)
    }

    private func end(_ context: ChannelHandlerContext) {
        state = .ended
        context.close(promise: nil)
    }
}
