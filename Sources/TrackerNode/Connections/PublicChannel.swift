import ContentTrust
import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import NIOHTTPTypesHTTP1
import NIOPosix

/// A connection to the public address: HTTP, answered by Hummingbird, until its first request asks for a peer's WebSocket.
///
/// A peer's connection costs no task: ``handle(value:logger:)`` returns, and the channel lives on in its event loop.
struct PublicChannel: ServerChildChannel, HTTPChannelHandler {
    /// Until a connection without a request is closed.
    static let httpIdleTimeout = Duration.seconds(60)
    /// Bytes of a request's header fields, in all and of one field.
    static let headerLimit = 16_384
    static let headerFieldLimit = 8_192

    enum Negotiated: Sendable {
        case http(NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>)
        case peer
    }

    struct Value: ServerChildChannelValue {
        let negotiated: EventLoopFuture<Negotiated>
        let channel: any Channel
    }

    let responder: HTTPChannelHandler.Responder
    let upgrader: PeerUpgrader

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        channel.eventLoop.makeCompletedFuture {
            try channel.syncOptions?.useTransientReceiveBuffers()
            let firstRequest = FirstRequestHandler(timeout: TimeAmount(Self.httpIdleTimeout))
            try channel.pipeline.syncOperations.addHandler(firstRequest)
            let upgrade = NIOTypedHTTPServerUpgradeConfiguration<Negotiated>(
                upgraders: [upgrader],
                notUpgradingCompletionHandler: { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandlers(
                            HTTP1ToHTTPServerCodec(secure: false),
                            HTTPConnectionStateHandler(idleTimeout: Self.httpIdleTimeout, logger: logger)
                        )
                        return .http(
                            try NIOAsyncChannel(
                                wrappingChannelSynchronously: channel,
                                configuration: .init(isOutboundHalfClosureEnabled: true)
                            )
                        )
                    }
                }
            )
            var pipeline = NIOUpgradableHTTPServerPipelineConfiguration<Negotiated>(upgradeConfiguration: upgrade)
            // Hummingbird reads one request after the other, and validates what it writes.
            pipeline.enablePipelining = false
            pipeline.enableErrorHandling = false
            pipeline.enableResponseHeaderValidation = false
            pipeline.decoderConfiguration.maxHeaderFieldSize = Self.headerFieldLimit
            pipeline.decoderConfiguration.maxHeaderListSize = Self.headerLimit
            let negotiated = try channel.pipeline.syncOperations.configureUpgradableHTTPServerPipeline(
                configuration: pipeline
            )
            negotiated.assumeIsolated().whenComplete { _ in
                channel.pipeline.syncOperations.removeHandler(firstRequest, promise: nil)
            }
            return Value(negotiated: negotiated, channel: channel)
        }
    }

    func handle(value: Value, logger: Logger) async {
        do {
            if case .http(let channel) = try await value.negotiated.get() {
                await handleHTTP(asyncChannel: channel, logger: logger)
            }
        } catch {
            // The client left during the handshake, or sent something that is not HTTP.
            logger.trace("no protocol was agreed on", metadata: ["error": "\(error)"])
            value.channel.close(promise: nil)
        }
    }
}
