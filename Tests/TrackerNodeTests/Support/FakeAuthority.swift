import ContentTrust
import Foundation
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import Signing
import Synchronization
import TestSupport

/// A signing authority in miniature (Docs/Certificates.md §5), whose answers a test decides, and which counts what it is asked.
final class FakeAuthority: Sendable {
    /// What it does with a request.
    enum Mode: Sendable {
        case up
        /// Answers 503.
        case down
        /// Answers when the mode changes.
        case held
    }

    private struct State {
        var key: SigningKey
        var version = 1
        var mode = Mode.up
        /// How often each URL was asked for.
        var asked: [String: Int] = [:]
        var keysetRequests = 0
    }

    static let site = "https://site.example"

    let root: SigningKey
    private let state: Mutex<State>

    init() throws {
        root = try SigningKey.generate()
        state = Mutex(State(key: try SigningKey.generate()))
    }

    var mode: Mode {
        get { state.withLock { $0.mode } }
        set { state.withLock { $0.mode = newValue } }
    }

    /// How often a URL was asked for.
    func count(_ url: String) -> Int { state.withLock { $0.asked[url] ?? 0 } }

    var keysetRequests: Int { state.withLock { $0.keysetRequests } }

    /// Signs with a new key from now on; the old one is in the keyset no more.
    func rotate() throws {
        let key = try SigningKey.generate()
        state.withLock { state in
            state.key = key
            state.version += 1
        }
    }

    static var now: Int { Int(Date().timeIntervalSince1970) }

    func keyset() throws -> [UInt8] {
        let (key, version) = state.withLock { ($0.key, $0.version) }
        let keyset = Keyset(
            issuer: "authority.example",
            version: version,
            issuedAt: Self.now,
            expiresAt: Self.now + 3_600,
            keys: [key.publicKey],
            revoked: []
        )
        return try keyset.signed(by: root)
    }

    static func content(_ url: String) -> ContentID {
        guard let content = ContentID(bytes: SHA256.hash(Array(url.utf8))) else {
            preconditionFailure("SHA-256 gives 32 bytes")
        }
        return content
    }

    /// A certificate for a URL of a site, valid for `lifetime` seconds.
    func certificate(_ url: String, site: String = site, lifetime: Int = 300, key: SigningKey? = nil) throws -> String {
        let certificate = ContentCertificate(
            issuer: "authority.example",
            site: try WebOrigin(site),
            url: try ContentURL(url),
            contentID: Self.content(url),
            length: 100_000,
            mediaType: "video/mp4",
            generation: 1,
            issuedAt: Self.now,
            notBefore: Self.now - 1,
            expiresAt: Self.now - 1 + lifetime
        )
        let bytes = try certificate.signed(by: key ?? state.withLock { $0.key })
        return String(decoding: bytes, as: UTF8.self)
    }

    // MARK: Over HTTP

    private struct Request: Decodable {
        var site: String
        var urls: [String]
    }

    private struct Answer: Encodable {
        var status: String
        var url: String
        var certificate: String?
        var layer: String?
        var retry: Int?
        var code: String?
        var message: String?
    }

    /// The path of a URL decides what is said of it.
    private func answer(_ url: String, site: String) throws -> Answer {
        if url.contains("/pending") { return Answer(status: "pending", url: url, retry: 7) }
        if url.contains("/refused") {
            return Answer(status: "refused", url: url, code: "bad-status", message: "the origin answered 404")
        }
        let other = url.contains("/swapped") ? "\(site)/other" : url
        let layer = url.contains("/layered") ? "bGF5ZXI" : nil
        return Answer(status: "certified", url: url, certificate: try certificate(other, site: site), layer: layer)
    }

    /// Waits while requests are held; false when they are to fail.
    private func mayAnswer() async throws -> Bool {
        try await eventually("the authority is released") { () -> Bool? in
            switch mode {
            case .held: nil
            case .up: true
            case .down: false
            }
        }
    }

    func application(onRunning: @escaping @Sendable (_ port: Int) -> Void, logger: Logger) -> some ApplicationProtocol {
        let router = Router()
        router.get("/v1/keyset") { [self] _, _ in
            state.withLock { $0.keysetRequests += 1 }
            guard try await mayAnswer() else { return Response(status: .serviceUnavailable) }
            return Response(status: .ok, body: ResponseBody(byteBuffer: ByteBuffer(bytes: try keyset())))
        }
        router.post("/v1/certificates") { [self] request, context in
            let asked = try await JSONDecoder().decode(
                Request.self,
                from: Data(Array(buffer: request.body.collect(upTo: 1 << 20)))
            )
            state.withLock { state in for url in asked.urls { state.asked[url, default: 0] += 1 } }
            guard try await mayAnswer() else { return Response(status: .serviceUnavailable) }
            let answers = try asked.urls.map { try answer($0, site: asked.site) }
            let body = try JSONEncoder().encode(["results": answers])
            return Response(status: .ok, body: ResponseBody(byteBuffer: ByteBuffer(bytes: body)))
        }
        return Application(
            router: router,
            configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { channel in onRunning(channel.localAddress?.port ?? 0) },
            logger: logger
        )
    }
}
