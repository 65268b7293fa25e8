import Foundation
import NIOCore
import ServiceLifecycle

/// A server whose address is named when it cannot listen there: the system's own message says only that some address is in use.
public struct AddressedServer<Server: Service>: Service {
    private let address: String
    private let server: Server

    /// - Parameter address: where the server is to listen, as an operator wrote it.
    public init(at address: String, _ server: Server) {
        self.address = address
        self.server = server
    }

    public func run() async throws {
        do {
            try await server.run()
        } catch let error as IOError {
            throw ListenError(
                description: "Cannot listen on \(address): \(String(cString: strerror(error.errnoCode)))."
            )
        } catch let error as SocketAddressError {
            throw ListenError(description: "Cannot listen on \(address): \(error).")
        }
    }
}

/// Why a server does not listen; a sentence for a person.
public struct ListenError: Error, Equatable, CustomStringConvertible {
    public let description: String
}
