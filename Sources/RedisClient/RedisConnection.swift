import NIOCore
import NIOPosix
import NIOSSL
import NIOTLS

/// What a connection tells its owner, on the event loop of both.
///
/// Closures, because the replies of a generic link have to reach code that was compiled for its token; a protocol's witness is not.
@usableFromInline
struct RedisConnectionEvents {
    /// The connection is there, with TLS if the server's URL wants it.
    let connected: () -> Void
    let received: (borrowing RESPReply) -> Void
    /// The connection could not be made, or ended; the last call about it.
    let failed: (RedisError) -> Void

    @usableFromInline
    init(
        connected: @escaping () -> Void,
        received: @escaping (borrowing RESPReply) -> Void,
        failed: @escaping (RedisError) -> Void
    ) {
        self.connected = connected
        self.received = received
        self.failed = failed
    }
}

/// The IO of one connection at a time: opens it, reads replies, writes bytes, closes it. Decides nothing.
///
/// Confined to its event loop. What belongs to an earlier connection is never told: its handler loses the events when it is closed.
@usableFromInline
final class RedisConnection {
    private let server: RedisServer
    private let configuration: RedisConfiguration
    private let eventLoop: any EventLoop
    private var handler: RedisChannelHandler?
    private var channel: (any Channel)?

    init(server: RedisServer, configuration: RedisConfiguration, eventLoop: any EventLoop) {
        self.server = server
        self.configuration = configuration
        self.eventLoop = eventLoop
    }

    /// Whether the bytes written and not taken by the system are within the limit.
    @usableFromInline
    var isWritable: Bool { channel?.isWritable ?? false }

    func open(_ events: RedisConnectionEvents) {
        close()
        let handler = RedisChannelHandler(events: events, limits: configuration.replyLimits)
        self.handler = handler
        let bound = NIOLoopBound(handler, eventLoop: eventLoop)
        let server = server
        let outboundLimit = configuration.outboundLimit
        ClientBootstrap(group: eventLoop)
            .connectTimeout(configuration.connectTimeout)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelOption(
                .writeBufferWaterMark,
                value: .init(low: max(outboundLimit / 2, 1), high: max(outboundLimit, 1))
            )
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let tls = try server.makeTLSHandler() { try channel.pipeline.syncOperations.addHandler(tls) }
                    try channel.pipeline.syncOperations.addHandler(bound.value)
                }
            }
            .connect(host: server.url.host, port: server.url.port)
            .assumeIsolated()
            .whenComplete { [self] result in
                guard self.handler === handler else {
                    // Closed before it was open.
                    if case .success(let channel) = result { channel.close(promise: nil) }
                    return
                }
                switch result {
                case .success(let channel):
                    self.channel = channel
                    if !server.url.isSecure { handler.events?.connected() }
                case .failure(let error):
                    handler.fail(RedisError(connecting: error))
                }
            }
    }

    /// What a time-out comes to: a server without TLS waits for more after a TLS handshake, and that is worth saying.
    func reason(of timeout: RedisError) -> RedisError {
        guard let handler, channel != nil, server.url.isSecure, !handler.isSecured else { return timeout }
        return .tls("the server does not answer the TLS handshake")
    }

    /// Sends bytes, if there is a connection.
    func write(_ bytes: ByteBuffer) { channel?.writeAndFlush(bytes, promise: nil) }

    /// Ends the connection without a word to the owner.
    func close() {
        handler?.events = nil
        handler = nil
        channel?.close(promise: nil)
        channel = nil
    }
}

/// A connection's last handler: bytes to replies.
final class RedisChannelHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// Nil when the connection is closed on this side, or has failed.
    var events: RedisConnectionEvents?
    /// Whether TLS is agreed on; always false without.
    private(set) var isSecured = false
    private var reader: RESPReader

    init(events: RedisConnectionEvents, limits: RESPLimits) {
        self.events = events
        reader = RESPReader(limits: limits)
    }

    /// Tells the owner once.
    func fail(_ error: RedisError) {
        guard let events else { return }
        self.events = nil
        events.failed(error)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        do throws(RESPViolation) {
            // Looked up for each reply: the owner may close the connection at any of them.
            try reader.read(unwrapInboundIn(data)) { reply in events?.received(reply) }
        } catch {
            fail(.protocolViolation(error.description))
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let event = event as? TLSUserEvent, case .handshakeCompleted = event {
            isSecured = true
            events?.connected()
        } else {
            context.fireUserInboundEventTriggered(event)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        fail(.notConnected(reason: "the server closed it"))
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        fail(RedisError(connecting: error))
    }
}

extension RedisError {
    /// Why a connection is not there, of an error of the system or of TLS.
    init(connecting error: any Error) {
        switch error {
        case let error as NIOConnectionError:
            let causes = error.connectionErrors.map(\.error) + [error.dnsAError, error.dnsAAAAError].compactMap { $0 }
            self = .notConnected(reason: causes.first.map { "\($0)" } ?? "\(error.host) has no address")
        case NIOSSLError.uncleanShutdown:
            self = .notConnected(reason: "the server closed it")
        case is NIOSSLError, is BoringSSLError, is NIOSSLExtraError:
            self = .tls("\(error)")
        default:
            self = .notConnected(reason: "\(error)")
        }
    }
}
