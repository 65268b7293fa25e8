import NIOCore
import NIOPosix
import Synchronization

@testable import RedisClient

/// A server that says what a test wants, for what no redis-server does on demand.
final class FakeServer: Sendable {
    /// Answers to a handshake of a server that is fine.
    static let handshake = "+PONG\r\n$13\r\nrole:master\r\n\r\n$19\r\ncluster_enabled:0\r\n\r\n"

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer

        private let answer: @Sendable (String) -> String?

        init(answer: @escaping @Sendable (String) -> String?) { self.answer = answer }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            if let text = answer(String(buffer: unwrapInboundIn(data))) {
                context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
            } else {
                context.close(promise: nil)
            }
        }
    }

    private final class Arrivals: Sendable {
        let times = Mutex<[NIODeadline]>([])
    }

    private let channel: any Channel
    private let arrivals = Arrivals()

    /// - Parameter answer: to the bytes of one read; nil closes the connection.
    init(answer: @escaping @Sendable (String) -> String?) async throws {
        let arrivals = arrivals
        channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                arrivals.times.withLock { $0.append(.now()) }
                return channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Handler(answer: answer))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
    }

    /// When connections came.
    var connections: [NIODeadline] { arrivals.times.withLock { $0 } }

    func server(login: String = "") throws -> RedisServer {
        try RedisServer(RedisURL("redis://\(login)127.0.0.1:\(channel.localAddress?.port ?? 0)"))
    }

    func stop() async throws { try await channel.close() }
}
