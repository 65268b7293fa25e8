import ContentTrust
import NIOCore
import TrackerProtocol

/// One peer's WebSocket: bytes to events for the worker of its event loop. Everything that is decided is decided there.
final class PeerConnectionHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let worker: EventLoopWorker
    private let site: WebOrigin
    private var decoder: WebSocketDecoder
    private var peer: PeerID?

    init(worker: EventLoopWorker, site: WebOrigin) {
        self.worker = worker
        self.site = site
        decoder = WebSocketDecoder(
            messageSizeLimit: worker.limits.messageSize,
            oversizeFactor: ProtocolLimits.oversizeFactor
        )
    }

    func handlerAdded(context: ChannelHandlerContext) {
        guard context.channel.isActive else { return }
        peer = worker.connect(context.channel, site: site)
        worker.flush()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard let peer else { return }
        decoder.append(unwrapInboundIn(data))
        do throws(WebSocketDecoder.Violation) {
            while let event = try decoder.next() { worker.received(event, from: peer) }
        } catch {
            worker.received(error, from: peer)
            self.peer = nil
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) { worker.flush() }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        // The high-water mark is the send queue's limit: past it, the client does not read what it asked for.
        guard let peer, !context.channel.isWritable else { return }
        worker.close(peer, .tryAgainLater, "more than the send queue's limit waits to be read")
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        // Not the server's ChannelShouldQuiesceEvent: when the server ends, the workers have closed their peers.
        if case ChannelEvent.inputClosed = event {
            context.close(promise: nil)
        } else {
            context.fireUserInboundEventTriggered(event)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        if let peer { worker.disconnected(peer) }
        peer = nil
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // The socket broke; channelInactive follows and ends the peer's presence.
        context.close(promise: nil)
    }
}
