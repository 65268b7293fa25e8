import ContentTrust
import HTTPTypes
import Hummingbird

/// What operators ask for (Docs/Certificates.md §5).
struct AdminRoutes {
    let registry: Registry
    let certifier: Certifier
    let keysets: KeysetPublisher
    let clock: AuthorityClock
    let siteCountLimit: Int
    let metrics: @Sendable () -> String

    func router() -> Router<BasicRequestContext> {
        let router = Router()
        router.add(middleware: UnavailableMiddleware())
        addSites(to: router)
        router.get("/healthz") { _, _ in Response.text("ok\n") }
        router.get("/readyz") { _, _ in await readiness() }
        router.get("/metrics") { _, _ in
            Response.text(metrics(), type: "text/plain; version=0.0.4; charset=utf-8")
        }
        return router
    }

    private func addSites(to router: Router<BasicRequestContext>) {
        router.get("/v1/sites") { _, _ in
            let sites = try await registry.sites()
            return Response.json(["sites": .array(sites.map { .object(Self.json($0)) })])
        }
        router.put("/v1/sites") { request, _ in
            let fields = try await RequestFields(request)
            let site = Site(
                origin: try fields.origin("origin"),
                contentOrigins: Set(
                    try fields.origins("contentOrigins", limit: AuthorityConfiguration.contentOriginLimit)
                ),
                allowsPrivateAddresses: try fields.flag("allowPrivateAddresses")
            )
            guard try await registry.put(site) else {
                throw BadRequest(
                    code: "too-many",
                    field: "origin",
                    message: "There are \(siteCountLimit) sites, as many as site-count-limit allows."
                )
            }
            certifier.forgetRefusals(of: site.origin)
            return Response.json(Self.json(site))
        }
        router.delete("/v1/sites") { request, _ in
            guard let text = request.uri.queryParameters["origin"] else {
                throw BadRequest(code: "missing-field", field: "origin", message: "The parameter origin is missing.")
            }
            let origin = try RequestFields.origin(.string(String(text)), field: "origin")
            guard try await registry.removeSite(origin) else {
                throw BadRequest(
                    status: .notFound,
                    code: Refusal.Code.unknownSite.rawValue,
                    field: "origin",
                    message: "\(origin) is not registered."
                )
            }
            certifier.forgetRefusals(of: origin)
            return Response(status: .noContent)
        }
    }

    private func readiness() async -> Response {
        guard await registry.isReadable() else {
            return Response.text("the registry does not answer\n", status: .serviceUnavailable)
        }
        do {
            _ = try await keysets.current(now: clock.now())
            return Response.text("ready\n")
        } catch {
            return Response.text("there is no keyset: \(error)\n", status: .serviceUnavailable)
        }
    }

    private static func json(_ site: Site) -> JSONObject {
        [
            "origin": .string(site.origin.text),
            "contentOrigins": .array(site.contentOrigins.map(\.text).sorted().map { .string($0) }),
            "allowPrivateAddresses": .boolean(site.allowsPrivateAddresses),
        ]
    }
}

extension Response {
    fileprivate static func text(
        _ text: String,
        type: String = "text/plain; charset=utf-8",
        status: HTTPResponse.Status = .ok
    ) -> Response {
        Response(
            status: status,
            headers: [.contentType: type, .cacheControl: "no-store"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: text))
        )
    }
}
