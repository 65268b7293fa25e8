import ContentTrust
import HTTPTypes
import Hummingbird
import Logging

/// What tracker nodes ask for (Docs/Certificates.md §5).
struct PublicRoutes {
    static let urlCount = 1...32

    let certifier: Certifier
    let keysets: KeysetPublisher
    let clock: AuthorityClock

    func router() -> Router<BasicRequestContext> {
        let router = Router()
        router.add(middleware: UnavailableMiddleware())
        router.post("/v1/certificates") { request, _ in
            let fields = try await RequestFields(request)
            let site = try fields.origin("site")
            let urls = try fields.texts("urls", count: Self.urlCount)
            let results = try await certifier.answer(site: site, urls: urls)
            return Response.json([
                "results": .array(zip(urls, results).map { .object(Self.json(url: $0, result: $1)) })
            ])
        }
        router.get("/v1/keyset") { _, _ in
            let keyset = try await keysets.current(now: clock.now())
            return Response(
                status: .ok,
                headers: [.contentType: "application/jose", .cacheControl: "no-store"],
                body: ResponseBody(byteBuffer: ByteBuffer(bytes: keyset))
            )
        }
        return router
    }

    private static func json(url: String, result: CertificationResult) -> JSONObject {
        switch result {
        case .certified(let certificate, let layer):
            var object: JSONObject = [
                "status": "certified", "url": .string(url),
                "certificate": .string(String(decoding: certificate, as: UTF8.self)),
            ]
            if !layer.isEmpty { _ = object.append("layer", .string(Base64URL.encode(layer))) }
            return object
        case .pending(let retry):
            return ["status": "pending", "url": .string(url), "retry": .integer(retry)]
        case .refused(let refusal):
            return [
                "status": "refused", "url": .string(url), "code": .string(refusal.code.rawValue),
                "message": .string(refusal.message),
            ]
        }
    }
}

/// Turns what went wrong inside into 503, with the reason in the log and not in the answer.
struct UnavailableMiddleware<Context: RequestContext>: RouterMiddleware {
    func handle(
        _ request: Request,
        context: Context,
        next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch let error as any HTTPResponseError {
            throw error
        } catch {
            context.logger.error("cannot answer", metadata: ["error": "\(error)"])
            throw BadRequest(
                status: .serviceUnavailable,
                code: "unavailable",
                message: "The authority cannot answer now; trying again makes sense."
            )
        }
    }
}
