import NIOCore
import NIOSSL

/// A server and what it takes to connect to it; made once and shared by the event loops, because reading certificates takes milliseconds.
public struct RedisServer: Sendable {
    public let url: RedisURL
    let tls: NIOSSLContext?

    /// - Parameters:
    ///   - password: for a URL without one.
    ///   - certificateAuthorities: a PEM file with the authorities to trust instead of the system's, for `rediss`.
    /// - Throws: ``RedisError/tls(_:)`` if that file cannot be used.
    public init(
        _ url: RedisURL,
        password: String? = nil,
        certificateAuthorities: String? = nil
    ) throws(RedisError) {
        var url = url
        url.password = url.password ?? password
        self.url = url
        guard url.isSecure else {
            tls = nil
            return
        }
        var configuration = TLSConfiguration.makeClientConfiguration()
        if let certificateAuthorities { configuration.trustRoots = .file(certificateAuthorities) }
        do {
            tls = try NIOSSLContext(configuration: configuration)
        } catch {
            let file =
                certificateAuthorities.map { "the file of certificate authorities \($0)" } ?? "the system's authorities"
            throw .tls("\(file) cannot be read: \(error)")
        }
    }

    /// The TLS handler of a connection; nil without TLS.
    func makeTLSHandler() throws -> NIOSSLClientHandler? {
        guard let tls else { return nil }
        // SNI has names only (RFC 6066 §3); a certificate for an address is compared with the address that was connected to.
        let isAddress = (try? SocketAddress(ipAddress: url.host, port: url.port)) != nil
        return try NIOSSLClientHandler(context: tls, serverHostname: isAddress ? nil : url.host)
    }
}
