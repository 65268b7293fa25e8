/// An error as a client is told it (Docs/Protocol.md §5).
public struct ProtocolError: Error, Equatable, Sendable {
    /// The codes of Docs/Protocol.md §5; the raw value is the text on the wire.
    public enum Code: String, Sendable, CaseIterable {
        case notUTF8 = "not-utf8"
        case binaryMessage = "binary-message"
        case messageTooLong = "message-too-long"
        case notJSON = "not-json"
        case tooDeep = "too-deep"
        case notObject = "not-object"
        case missingField = "missing-field"
        case duplicateField = "duplicate-field"
        case wrongType = "wrong-type"
        case tooMany = "too-many"
        case tooLong = "too-long"
        case badValue = "bad-value"
        case unknownAction = "unknown-action"
        case tooFast = "too-fast"
        case notIntroduced = "not-introduced"
        case tooMuchAnnounced = "too-much-announced"
        case badCertificate = "bad-certificate"
        case unknownKey = "unknown-key"
        case certificateExpired = "certificate-expired"
        case wrongAudience = "wrong-audience"
        case notCertifiable = "not-certifiable"
        case unavailable = "unavailable"
    }

    /// What came, in the place of what was expected.
    public enum Got: Equatable, Sendable {
        case integer(Int)
        case text(String)
    }

    /// Characters (code points) of a client's own text that are repeated in an error.
    public static let echoLength = 64

    public var code: Code
    /// A sentence for a person.
    public var message: String
    /// The path of the field, for example `certificates[3]`.
    public var field: String?
    public var limit: Int?
    public var got: Got?

    public init(_ code: Code, _ message: String, field: String? = nil, limit: Int? = nil, got: Got? = nil) {
        self.code = code
        self.message = message
        self.field = field
        self.limit = limit
        self.got = got.map {
            // Scalars, because what Swift counts as one character can be a letter with thousands of marks.
            if case .text(let text) = $0 { .text(String(text.unicodeScalars.prefix(Self.echoLength))) } else { $0 }
        }
    }
}

/// A message that could not be understood: its error, and its `id` where that could be read.
public struct RejectedMessage: Error, Equatable, Sendable {
    public var error: ProtocolError
    public var id: Int?

    public init(error: ProtocolError, id: Int? = nil) {
        self.error = error
        self.id = id
    }
}
