import AsyncHTTPClient
import ContentTrust
import Foundation
import HTTPTypes
import NIOCore
import NIOFoundationCompat
import NIOHTTP1
import TrackerCore

/// What the signing authority said of one URL (Docs/Certificates.md §5).
enum AuthorityAnswer: Equatable, Sendable {
    /// The compact JWS, not judged yet, and the layer in base64url, empty when the content is one piece.
    case certified(certificate: String, layer: String)
    case pending(retry: Int)
    case refused(code: String, message: String)
}

/// Why the authority gave no answer.
struct AuthorityUnavailable: Error, CustomStringConvertible {
    let description: String
}

/// Speaks to the signing authority over HTTP (Docs/Certificates.md §5). Safe to use from any task; to be shut down.
struct AuthorityClient: Sendable {
    /// For one request in all. The authority never waits for an origin, so a slow answer means trouble.
    static let timeout = TimeAmount.seconds(5)
    /// Bytes of an answer: 32 certificates of 2 KiB, each with a layer of 32 KiB in base64url, and room for JSON.
    static let answerLimit = 2_097_152

    /// Without a slash at its end.
    let url: String
    private let client: HTTPClient

    init(url: String, eventLoopGroup: any EventLoopGroup) {
        self.url = url.hasSuffix("/") ? String(url.dropLast()) : url
        var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
        // A refused connection is an answer: visitors wait for it to use the origin, so nothing is retried behind their backs.
        configuration.connectionPool.retryConnectionEstablishment = false
        client = HTTPClient(eventLoopGroupProvider: .shared(eventLoopGroup), configuration: configuration)
    }

    func shutdown() async throws { try await client.shutdown() }

    private struct Request: Encodable {
        var site: String
        var urls: [String]
    }

    private struct Response: Decodable {
        struct Result: Decodable {
            var status: String
            var certificate: String?
            var layer: String?
            var retry: Int?
            var code: String?
            var message: String?
        }

        var results: [Result]
    }

    /// Asks for certificates; the answers are in the order of `urls`, of which there are 1 to 32.
    func certificates(site: WebOrigin, urls: [String]) async throws(AuthorityUnavailable) -> [AuthorityAnswer] {
        do {
            var request = HTTPClientRequest(url: url + "/v1/certificates")
            request.method = .POST
            request.headers.add(name: "content-type", value: "application/json")
            request.body = .bytes(ByteBuffer(data: try JSONEncoder().encode(Request(site: site.text, urls: urls))))
            let body = try await answer(to: request)
            let results = try JSONDecoder().decode(Response.self, from: Data(buffer: body)).results
            guard results.count == urls.count else {
                throw AuthorityUnavailable(description: "\(results.count) answers came to \(urls.count) URLs")
            }
            return try results.map(Self.answer)
        } catch {
            throw AuthorityUnavailable(description: "\(error)")
        }
    }

    private static func answer(_ result: Response.Result) throws(AuthorityUnavailable) -> AuthorityAnswer {
        switch (result.status, result.certificate, result.code) {
        case ("certified", let certificate?, _): return .certified(certificate: certificate, layer: result.layer ?? "")
        case ("pending", _, _): return .pending(retry: result.retry ?? 1)
        case ("refused", _, let code?): return .refused(code: code, message: result.message ?? code)
        default: throw AuthorityUnavailable(description: "an answer of status \"\(result.status)\" is not complete")
        }
    }

    /// The keyset as compact JWS, not judged yet.
    func keyset() async throws(AuthorityUnavailable) -> [UInt8] {
        do {
            return Array(buffer: try await answer(to: HTTPClientRequest(url: url + "/v1/keyset")))
        } catch {
            throw AuthorityUnavailable(description: "\(error)")
        }
    }

    private func answer(to request: HTTPClientRequest) async throws -> ByteBuffer {
        let response = try await client.execute(request, timeout: Self.timeout)
        let body = try await response.body.collect(upTo: Self.answerLimit)
        guard response.status == .ok else {
            let text = String(buffer: body).prefix(200)
            throw AuthorityUnavailable(description: "\(url) answered \(response.status.code): \(text)")
        }
        return body
    }
}
