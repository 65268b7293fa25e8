import NIOCore
import NIOPosix
import Settings

extension ListenAddress {
    /// The address itself, or with a port that is free at this moment when it asks for any.
    ///
    /// For `shoal up`, whose parts are told each other's addresses before they listen. Somebody else could take the port in between;
    /// the start then fails with the system's message.
    func withFreePort() async throws -> ListenAddress {
        guard port == 0 else { return self }
        let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton).bind(host: host, port: 0)
            .get()
        let taken = listener.localAddress?.port ?? 0
        try await listener.close()
        return with(port: taken)
    }
}
