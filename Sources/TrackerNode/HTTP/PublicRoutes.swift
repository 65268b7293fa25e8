import BrowserClient
import ContentTrust
import HTTPTypes
import Hummingbird
import NIOCore
import TrackerCore
import TrackerProtocol

/// What a node answers to the public over HTTP (Docs/Protocol.md §7).
struct PublicRoutes {
    let directory: CertificateDirectory
    let keyset: @Sendable () -> [UInt8]?

    /// Seconds for which a browser may keep the client scripts.
    static let scriptLifetime = 3_600

    func router() -> Router<BasicRequestContext> {
        let router = Router()
        router.add(middleware: PublicHeaders())
        router.get("/shoal.js") { request, _ in
            Self.script(BrowserClient.pageScript, tag: BrowserClient.pageScriptIntegrity, request)
        }
        router.get("/shoal-worker.js") { request, _ in
            Self.script(BrowserClient.workerScript, tag: BrowserClient.workerScriptIntegrity, request)
        }
        router.get("/v1/keyset") { [keyset] _, _ in
            guard let keyset = keyset() else {
                throw HTTPError(.serviceUnavailable, message: "This node has no keyset yet; try again.")
            }
            return Response.text(.ok, type: "application/jose", keyset)
        }
        router.get("/v1/certificates") { [directory] request, _ in try await Self.certificate(request, directory) }
        // NIO upgrades only the first request of a connection (swift-nio issue 680), and only one that asks for it.
        router.get(RouterPath(WebSocketUpgrade.path)) { _, _ in
            Response.text(.badRequest, "Open a WebSocket here, with the first request of a new connection.\n")
        }
        return router
    }

    private static func script(_ script: [UInt8], tag: String, _ request: Request) -> Response {
        let fields: HTTPFields = [
            .eTag: "\"\(tag)\"", .cacheControl: "public, max-age=\(scriptLifetime)",
            .contentType: "text/javascript; charset=utf-8",
        ]
        if request.headers[.ifNoneMatch] == fields[.eTag] { return Response(status: .notModified, headers: fields) }
        return Response(status: .ok, headers: fields, body: ResponseBody(byteBuffer: ByteBuffer(bytes: script)))
    }

    private static func certificate(_ request: Request, _ directory: CertificateDirectory) async throws -> Response {
        guard let text = request.uri.queryParameters.get("url") else {
            return answer(.refused(ProtocolError(.missingField, "The query needs url, an absolute URL.", field: "url")))
        }
        var field = "url"
        let site: WebOrigin
        do throws(WebAddressError) {
            let url = try ContentURL(text)
            field = "Origin"
            site =
                try request.headers[.origin].map { origin throws(WebAddressError) in try WebOrigin(origin) }
                ?? url.origin
        } catch {
            return answer(.refused(ProtocolError(.badValue, "\(field) cannot be used: \(error).", field: field)))
        }
        let results = await withCheckedContinuation { continuation in
            directory.lookUp(site: site, urls: [text]) { continuation.resume(returning: $0) }
        }
        guard let result = results.first else { throw HTTPError(.serviceUnavailable) }
        return answer(result)
    }

    private static func answer(_ result: CertificateLookUp) -> Response {
        var headers: HTTPFields = [.contentType: "application/json", .cacheControl: "no-store"]
        let status: HTTPResponse.Status
        var body = ByteBuffer()
        switch result {
        case .certified(let verdict, let certificate):
            status = .ok
            JSONObjectWriter.write(into: &body) { object in
                object.text("content", verdict.content.text)
                certificate.write(into: &object)
            }
        case .pending(let retry):
            status = .accepted
            headers[.retryAfter] = String(retry)
            JSONObjectWriter.write(into: &body) { TrackerMessage.FindResult.pending(retry: retry).write(into: &$0) }
        case .refused(let error):
            status =
                switch error.code {
                case .unavailable: .serviceUnavailable
                case .missingField, .badValue: .badRequest
                default: .forbidden
                }
            JSONObjectWriter.write(into: &body) { error.write(into: &$0) }
        }
        return Response(status: status, headers: headers, body: ResponseBody(byteBuffer: body))
    }
}

/// What every public answer carries.
private struct PublicHeaders<Context: RequestContext>: RouterMiddleware {
    func handle(
        _ request: Request,
        context: Context,
        next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        var response: Response
        do {
            response = try await next(request, context)
        } catch let error as any HTTPResponseError {
            response = try error.response(from: request, context: context)
        }
        response.headers[.accessControlAllowOrigin] = "*"
        response.headers[.xContentTypeOptions] = "nosniff"
        return response
    }
}

extension Response {
    /// A body of text, with a type.
    static func text(
        _ status: HTTPResponse.Status,
        type: String = "text/plain; charset=utf-8",
        _ body: some Sequence<UInt8>
    ) -> Response {
        Response(
            status: status,
            headers: [.contentType: type, .cacheControl: "no-store"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: body))
        )
    }

    /// A body of text, with a type.
    static func text(
        _ status: HTTPResponse.Status,
        type: String = "text/plain; charset=utf-8",
        _ body: String
    ) -> Response {
        text(status, type: type, body.utf8)
    }
}
