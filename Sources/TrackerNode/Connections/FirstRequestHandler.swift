import NIOCore
import NIOHTTP1

/// Ends a connection whose first request does not come: after a time, or when the node shuts down.
///
/// The handlers that look after an HTTP connection and after a peer's are added when its first request says which of the two it is; until
/// then this one stands in for them.
final class FirstRequestHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer

    private let timeout: TimeAmount
    private var deadline: Scheduled<Void>?

    init(timeout: TimeAmount) { self.timeout = timeout }

    func handlerAdded(context: ChannelHandlerContext) {
        let channel = context.channel
        deadline = context.eventLoop.scheduleTask(in: timeout) { channel.close(promise: nil) }
    }

    func handlerRemoved(context: ChannelHandlerContext) { deadline?.cancel() }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is ChannelShouldQuiesceEvent {
            context.close(promise: nil)
        } else {
            context.fireUserInboundEventTriggered(event)
        }
    }
}

/// Answers a connection whose first bytes are not HTTP, and ends it. At the pipeline's end, where the decoder's errors arrive; nobody else
/// takes them before the first request has said who looks after the connection.
final class MalformedRequestHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart

    private var hasAnswered = false

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard error is HTTPParserError else { return context.fireErrorCaught(error) }
        if !hasAnswered { WebSocketUpgrade.Refusal.malformed.answer(on: context.channel) }
        hasAnswered = true
    }
}
