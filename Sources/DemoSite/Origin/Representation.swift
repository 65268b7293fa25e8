import HTTPTypes
import NIOCore

/// Something that the origin serves under one path.
struct Representation: Sendable {
    enum Content: Sendable {
        case bytes(ByteBuffer)
        case file(path: String, length: Int)
    }

    let content: Content
    let contentType: String
    let cacheControl: String
    let validators: Validators

    var length: Int {
        switch content {
        case .bytes(let buffer): buffer.readableBytes
        case .file(_, let length): length
        }
    }
}

/// The answer to a request for a representation, before a byte of it is read.
struct Reply: Equatable, Sendable {
    var status: HTTPResponse.Status
    var fields: HTTPFields
    /// The bytes to send; nil for none.
    var body: ClosedRange<Int>?

    /// GET and HEAD as RFC 9110 has them: preconditions first (§13.2.2), then the range (§14.2), which HEAD has none of.
    init(to method: HTTPRequest.Method, _ fields: HTTPFields, for representation: Representation) {
        let length = representation.length
        self.fields = [
            .eTag: representation.validators.entityTag,
            .lastModified: httpDate(representation.validators.lastModified),
            .cacheControl: representation.cacheControl,
            .acceptRanges: "bytes",
            .xContentTypeOptions: "nosniff",
        ]
        switch Precondition(fields, representation.validators) {
        case .failed:
            (status, body) = (.preconditionFailed, nil)
            self.fields[.contentLength] = "0"
            return
        case .notModified:
            // Of the length that a 200 would have (§8.6); without it a zero would be added, which says something else.
            (status, body) = (.notModified, nil)
            self.fields[.contentLength] = String(length)
            return
        case .proceed:
            break
        }
        let mayBePart = method == .get && Precondition.rangeApplies(fields, representation.validators)
        switch ByteRange(header: mayBePart ? fields[.range] : nil, length: length) {
        case .whole:
            status = .ok
            body = method == .get && length > 0 ? 0...(length - 1) : nil
            self.fields[.contentLength] = String(length)
            self.fields[.contentType] = representation.contentType
        case .part(let range):
            (status, body) = (.partialContent, range)
            self.fields[.contentLength] = String(range.count)
            self.fields[.contentRange] = "bytes \(range.lowerBound)-\(range.upperBound)/\(length)"
            self.fields[.contentType] = representation.contentType
        case .unsatisfiable:
            (status, body) = (.rangeNotSatisfiable, nil)
            self.fields[.contentLength] = "0"
            self.fields[.contentRange] = "bytes */\(length)"
        }
    }
}
