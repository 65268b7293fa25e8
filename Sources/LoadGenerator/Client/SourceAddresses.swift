import NIOCore

/// The addresses that connections come from.
///
/// One source address has some 28,000 ephemeral ports (net.ipv4.ip_local_port_range), so that more connections to a loopback tracker come
/// from 127.0.0.2, 127.0.0.3 and so on, all of which are this machine.
struct SourceAddresses: Sendable {
    /// Connections from one address.
    static let share = 25_000
    static let limit = 250

    private let addresses: [SocketAddress]

    /// - Throws: when there would have to be more than ``limit`` of them, or more than one for trackers that are not on loopback.
    init(connections: Int, trackers: [TrackerEndpoint]) throws {
        let needed = (connections + Self.share - 1) / Self.share
        guard needed > 1 else {
            addresses = []
            return
        }
        guard trackers.allSatisfy({ $0.host.hasPrefix("127.") }), needed <= Self.limit else {
            throw LoadError(
                "\(connections) connections need more than one source address; that works up to \(Self.limit * Self.share) connections, and to trackers on 127.0.0.0/8 only."
            )
        }
        addresses = try (1...needed).map { try SocketAddress(ipAddress: "127.0.0.\($0)", port: 0) }
    }

    /// Nil for whichever the system takes.
    func address(of connection: Int) -> SocketAddress? {
        addresses.isEmpty ? nil : addresses[connection % addresses.count]
    }
}
