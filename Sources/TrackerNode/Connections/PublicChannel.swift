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
    let connections: ConnectionCount
    let addresses: ClientAddresses
    /// Makes a channel, whose handshake is done, a peer's.
    let open: @Sendable (any Channel, WebOrigin) -> EventLoopFuture<Negotiated>

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        channel.eventLoop.makeCompletedFuture {
            try channel.syncOptions?.useTransientReceiveBuffers()
            let firstRequest = FirstRequestHandler(timeout: TimeAmount(Self.httpIdleTimeout))
            try channel.pipeline.syncOperations.addHandler(firstRequest)
            let client = try ConnectedClient(channel, addresses)
            let upgrade = NIOTypedHTTPServerUpgradeConfiguration<Negotiated>(
                upgraders: [upgrader(NIOLoopBound(client, eventLoop: channel.eventLoop))],
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
            let malformedRequest = MalformedRequestHandler()
            try channel.pipeline.syncOperations.addHandler(malformedRequest)
            negotiated.assumeIsolated().whenComplete { _ in
                channel.pipeline.syncOperations.removeHandler(firstRequest, promise: nil)
                channel.pipeline.syncOperations.removeHandler(malformedRequest, promise: nil)
            }
            return Value(negotiated: negotiated, channel: channel)
        }
    }

    private func upgrader(_ client: NIOLoopBound<ConnectedClient>) -> PeerUpgrader {
        PeerUpgrader(
            open: { [open] channel, site in
                client.value.countUntilClosed(channel)
                return open(channel, site)
            },
            refusal: { [connections] in
                guard connections.hasRoom else { return .full }
                return client.value.isAdmitted() ? nil : .crowded
            }
        )
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
