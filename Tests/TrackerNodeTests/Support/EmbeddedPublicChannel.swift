import ContentTrust
import Logging
import NIOCore
import NIOEmbedded

@testable import TrackerNode

extension EmbeddedChannel {
    /// A new connection to the public address, from 127.0.0.1.
    static func ofThePublic(trustedProxies: [AddressBlock] = []) throws -> EmbeddedChannel {
        let channel = EmbeddedChannel()
        channel.remoteAddress = try SocketAddress(ipAddress: "127.0.0.1", port: 1)
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        let publicChannel = PublicChannel(
            responder: { _, _, _ in },
            connections: ConnectionCount(limit: 1),
            addresses: ClientAddresses(trustedProxies: trustedProxies, limit: nil),
            open: { channel, _ in channel.eventLoop.makeSucceededFuture(.peer) }
        )
        _ = try publicChannel.setup(channel: channel, logger: Logger(label: "test")).wait()
        return channel
    }
}
