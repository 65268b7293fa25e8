import ContentTrust
import Foundation
import Hummingbird
import Logging
import NIOCore
import ServiceLifecycle
import Signing

/// Stands in for a signing authority in self-contained runs: serves a keyset of its own (Docs/Certificates.md §4), signed by its own root key,
/// whose signing key the load generator holds. It certifies no URLs.
public struct StandInAuthority: Service {
    /// Seconds; no run is longer.
    static let keysetLifetime = 86_400

    /// Signs certificates.
    public let signingKey: SigningKey
    /// What nodes have to pin.
    public let root: KeyID
    private let keyset: [UInt8]
    private let onListening: @Sendable (_ port: Int) -> Void

    /// - Parameter onListening: called with the port on 127.0.0.1 when it is bound.
    public init(onListening: @escaping @Sendable (_ port: Int) -> Void) throws {
        let rootKey = try SigningKey.generate()
        signingKey = try SigningKey.generate()
        root = rootKey.publicKey.id
        let now = Int(Date().timeIntervalSince1970)
        keyset = try Keyset(
            issuer: "shoal-bench",
            version: 1,
            issuedAt: now,
            expiresAt: now + Self.keysetLifetime,
            keys: [signingKey.publicKey],
            revoked: []
        ).signed(by: rootKey)
        self.onListening = onListening
    }

    /// Serves until the service group shuts down.
    public func run() async throws {
        let router = Router()
        router.get("/v1/keyset") { [keyset] _, _ in
            Response(
                status: .ok,
                headers: [.contentType: "application/jose"],
                body: ResponseBody(byteBuffer: ByteBuffer(bytes: keyset))
            )
        }
        var logger = Logger(label: "authority")
        logger.logLevel = .error
        let application = Application(
            router: router,
            configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { [onListening] channel in onListening(channel.localAddress?.port ?? 0) },
            logger: logger
        )
        try await application.run()
    }
}
