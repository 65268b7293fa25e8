import ContentTrust
import Hummingbird
import NIOCore

/// Reads the fields of a request's JSON body, each of its type and within its limits, or an error that names it.
struct RequestFields {
    /// Bytes of a body: 32 URLs of 2,048 bytes, each byte perhaps escaped, would be more; no client writes so.
    static let bodyLimit = 131_072

    private let object: JSONObject

    init(_ request: Request) async throws {
        var request = request
        let body: ByteBuffer
        do {
            body = try await request.collectBody(upTo: Self.bodyLimit)
        } catch is NIOTooManyBytesError {
            throw BadRequest(
                status: .contentTooLarge,
                code: "message-too-long",
                message: "The body has more than \(Self.bodyLimit) bytes."
            )
        }
        try self.init(Array(buffer: body))
    }

    init(_ body: [UInt8]) throws(BadRequest) {
        let value: JSONValue
        do throws(JSONError) { value = try JSONParser.parse(body) } catch {
            let code =
                switch error.reason {
                case .notJSON: "not-json"
                case .notUTF8: "not-utf8"
                case .tooDeep: "too-deep"
                case .duplicateField: "duplicate-field"
                }
            let field = error.path.isEmpty ? nil : error.path
            throw BadRequest(code: code, field: field, message: "The body cannot be read: \(error).")
        }
        guard let object = value.object else {
            throw BadRequest(
                code: "not-object",
                message: "The body is not a JSON object but of type \(value.typeName)."
            )
        }
        self.object = object
    }

    func origin(_ name: String) throws(BadRequest) -> WebOrigin {
        guard let value = object[name] else { throw missing(name) }
        return try Self.origin(value, field: name)
    }

    /// Empty when the field is absent.
    func origins(_ name: String, limit: Int) throws(BadRequest) -> [WebOrigin] {
        var origins: [WebOrigin] = []
        for (index, value) in try array(name, count: 0...limit, isOptional: true).enumerated() {
            origins.append(try Self.origin(value, field: "\(name)[\(index)]"))
        }
        return origins
    }

    func texts(_ name: String, count: ClosedRange<Int>) throws(BadRequest) -> [String] {
        var texts: [String] = []
        for (index, value) in try array(name, count: count, isOptional: false).enumerated() {
            texts.append(try Self.text(value, field: "\(name)[\(index)]"))
        }
        return texts
    }

    /// False when the field is absent.
    func flag(_ name: String) throws(BadRequest) -> Bool {
        guard let value = object[name] else { return false }
        guard let flag = value.boolean else { throw Self.wrongType(name, "boolean", value) }
        return flag
    }

    private func array(_ name: String, count: ClosedRange<Int>, isOptional: Bool) throws(BadRequest) -> [JSONValue] {
        guard let value = object[name] else {
            guard isOptional else { throw missing(name) }
            return []
        }
        guard let array = value.array else { throw Self.wrongType(name, "array", value) }
        guard count.contains(array.count) else {
            throw BadRequest(
                code: "too-many",
                field: name,
                message: "\(name) has \(array.count) entries; \(count.lowerBound) to \(count.upperBound) are allowed."
            )
        }
        return array
    }

    private static func text(_ value: JSONValue, field: String) throws(BadRequest) -> String {
        guard let text = value.string else { throw wrongType(field, "text", value) }
        guard text.utf8.count <= ContentURL.lengthLimit else {
            throw BadRequest(
                code: "too-long",
                field: field,
                message: "\(field) has \(text.utf8.count) bytes; at most \(ContentURL.lengthLimit) are allowed."
            )
        }
        return text
    }

    static func origin(_ value: JSONValue, field: String) throws(BadRequest) -> WebOrigin {
        let text = try text(value, field: field)
        do throws(WebAddressError) { return try WebOrigin(text) } catch {
            throw BadRequest(
                code: "bad-value",
                field: field,
                message: "\(field) is not an origin such as https://site.example: \(error)."
            )
        }
    }

    private func missing(_ name: String) -> BadRequest {
        BadRequest(code: "missing-field", field: name, message: "The field \(name) is missing.")
    }

    private static func wrongType(_ field: String, _ type: String, _ value: JSONValue) -> BadRequest {
        BadRequest(
            code: "wrong-type",
            field: field,
            message: "\(field) is of type \(value.typeName) instead of \(type)."
        )
    }
}
