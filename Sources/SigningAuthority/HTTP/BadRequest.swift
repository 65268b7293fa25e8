import ContentTrust
import HTTPTypes
import Hummingbird

/// A request that cannot be carried out as it stands; answered with `{"code","field","message"}` (Docs/Certificates.md §5).
struct BadRequest: Error, HTTPResponseError {
    var status: HTTPResponse.Status = .badRequest
    /// One of Docs/Protocol.md §5.
    let code: String
    /// The field that is wrong; nil when it is the request as a whole.
    var field: String?
    /// A sentence for a person.
    let message: String

    func response(from request: Request, context: some RequestContext) throws -> Response {
        var object: JSONObject = ["code": .string(code)]
        if let field { _ = object.append("field", .string(field)) }
        _ = object.append("message", .string(message))
        return .json(object, status: status)
    }
}

extension Response {
    static func json(_ object: JSONObject, status: HTTPResponse.Status = .ok) -> Response {
        Response(
            status: status,
            headers: [.contentType: "application/json", .cacheControl: "no-store"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: JSONValue.object(object).encoded))
        )
    }
}
