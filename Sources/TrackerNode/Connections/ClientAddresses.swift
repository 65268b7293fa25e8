import ContentTrust
import Metrics
import NIOCore
import Synchronization
import TrackerCore
import TrackerProtocol

/// What a node knows of its clients' addresses: enough to hold each to its limit, in memory only, and as long as they are connected.
///
/// Callable from any event loop.
final class ClientAddresses: Sendable {
    private let trustedProxies: [AddressBlock]
    /// Whether there is a limit at all; without one, a connection costs nothing here.
    fileprivate let isLimiting: Bool
    private let counts: Mutex<AddressCounts>
    private let refused = Counter(label: "shoal_tracker_address_refused_total")
    private let headerErrors = Counter(label: "shoal_tracker_proxy_header_errors_total")

    /// - Parameters:
    ///   - trustedProxies: who must begin its connections with a PROXY header, and is believed.
    ///   - limit: peers' connections of one client address at the same time; nil: any number.
    init(trustedProxies: [AddressBlock], limit: Int?) {
        self.trustedProxies = trustedProxies
        isLimiting = limit != nil
        counts = Mutex(AddressCounts(limit: limit))
    }

    func isTrustedProxy(_ address: IPAddress) -> Bool { trustedProxies.contains { $0.contains(address) } }

    /// Whether an address may have one more peer's connection. A refusal is counted.
    fileprivate func admits(_ address: IPAddress) -> Bool {
        let hasRoom = counts.withLock { $0.hasRoom(address) }
        if !hasRoom { refused.increment() }
        return hasRoom
    }

    fileprivate func add(_ address: IPAddress) { counts.withLock { $0.add(address) } }

    fileprivate func remove(_ address: IPAddress) { counts.withLock { $0.remove(address) } }

    fileprivate func headerWasWrong() { headerErrors.increment() }
}

/// Who is at the other end of one connection. Confined to the connection's event loop.
final class ConnectedClient {
    private let addresses: ClientAddresses
    /// The client's; nil when it is not known, and behind a proxy until that has said it.
    private var address: IPAddress?

    /// Of a new channel. Behind a trusted proxy, a handler is added that takes the proxy's header.
    init(_ channel: any Channel, _ addresses: ClientAddresses) throws {
        self.addresses = addresses
        address = channel.remoteAddress.flatMap(IPAddress.init)
        guard let proxy = address, addresses.isTrustedProxy(proxy) else { return }
        address = nil
        try channel.pipeline.syncOperations.addHandler(ProxyHeaderHandler(self))
    }

    /// Whether it is admitted with one more peer's connection. Asked when a request arrives and counted when it was upgraded, as those of
    /// the node are (``ConnectionCount``).
    func isAdmitted() -> Bool { address.map(addresses.admits) ?? true }

    /// It has one more peer's connection until the channel is closed.
    func countUntilClosed(_ channel: any Channel) {
        guard let address, addresses.isLimiting else { return }
        addresses.add(address)
        channel.closeFuture.whenComplete { [addresses] _ in addresses.remove(address) }
    }

    fileprivate func proxySaid(_ header: ProxyHeader) { address = header.client?.unmapped }

    fileprivate func proxyWasWrong() { addresses.headerWasWrong() }
}

extension IPAddress {
    /// Of a socket; nil for a UNIX one.
    fileprivate init?(_ address: SocketAddress) {
        // Linux's sockaddr_in is family 2, port 2, address 4; sockaddr_in6 is family 2, port 2, flow information 4, address 16.
        let place: Range<Int>
        switch address {
        case .v4: place = 4..<8
        case .v6: place = 8..<24
        case .unixDomainSocket: return nil
        }
        self.init(
            bytes: address.withSockAddr { start, size in
                Array(UnsafeRawBufferPointer(start: start, count: size)[place])
            }
        )
        self = unmapped
    }
}

/// Takes the PROXY header from the front of a connection that must have one, and is gone. How long it may take is
/// ``FirstRequestHandler``'s business; a connection that begins with anything else is closed.
private final class ProxyHeaderHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private let client: ConnectedClient
    private var received = ByteBuffer()
    private var hasEnded = false

    init(_ client: ConnectedClient) { self.client = client }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        // What still comes after a wrong header is nobody's.
        guard !hasEnded else { return }
        var bytes = unwrapInboundIn(data)
        received.writeBuffer(&bytes)
        do throws(ProxyHeader.Violation) {
            guard let header = try ProxyHeader.read(from: &received) else { return }
            hasEnded = true
            client.proxySaid(header)
            if received.readableBytes > 0 { context.fireChannelRead(wrapInboundOut(received)) }
            context.pipeline.syncOperations.removeHandler(self, promise: nil)
        } catch {
            hasEnded = true
            client.proxyWasWrong()
            context.close(promise: nil)
        }
    }
}
