import Settings
import Synchronization

/// An address to listen on, with the port in force once it is bound: port 0 becomes the one that the system chose.
final class BoundAddress: Sendable {
    private let address: Mutex<ListenAddress>

    init(_ address: ListenAddress) { self.address = Mutex(address) }

    var current: ListenAddress { address.withLock { $0 } }

    func bound(to port: Int) { address.withLock { $0.port = port } }
}
