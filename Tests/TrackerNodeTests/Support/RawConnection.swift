import NIOCore
import NIOPosix
import Synchronization
import TestSupport

/// A TCP connection without any protocol, for requests that no client would send.
final class RawConnection: Sendable {
    private let received = Mutex(ByteBuffer())
    private let hasEnded = Mutex(false)

    /// Sends a request, behind the bytes of a proxy, and gives all that comes until the node ends the connection, or until `isComplete`.
    static func answer(
        to request: String,
        behind header: [UInt8] = [],
        port: Int,
        until isComplete: @Sendable (String) -> Bool = { _ in false }
    ) async throws -> String {
        let connection = RawConnection()
        let channel = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Handler(connection))
                }
            }
            .connect(host: "127.0.0.1", port: port).get()
        try await channel.writeAndFlush(ByteBuffer(bytes: header + Array(request.utf8)))
        let text = try await eventually("the end of the answer") {
            let text = connection.received.withLock { String(buffer: $0) }
            return connection.hasEnded.withLock { $0 } || isComplete(text) ? text : nil
        }
        try? await channel.close()
        return text
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        private let connection: RawConnection

        init(_ connection: RawConnection) { self.connection = connection }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            var bytes = unwrapInboundIn(data)
            connection.received.withLock { _ = $0.writeBuffer(&bytes) }
        }

        func channelInactive(context: ChannelHandlerContext) { connection.hasEnded.withLock { $0 = true } }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }
}
