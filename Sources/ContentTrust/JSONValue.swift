/// A JSON value (RFC 8259), as strict as the protocol needs it.
public enum JSONValue: Hashable, Sendable {
    case null
    case boolean(Bool)
    /// A number without fraction and exponent whose magnitude is at most 2⁵³−1: what every JSON implementation reads exactly.
    case integer(Int)
    /// Any other number, as it was written. No message has such a field, so it is never made a `Double`, which would lose digits.
    case otherNumber(String)
    case string(String)
    case array([JSONValue])
    case object(JSONObject)

    /// The largest integer: 2⁵³−1.
    public static let largestInteger = 9_007_199_254_740_991

    /// The type's name as error messages say it.
    public var typeName: String {
        switch self {
        case .null: "null"
        case .boolean: "boolean"
        case .integer: "integer"
        case .otherNumber: "number"
        case .string: "text"
        case .array: "array"
        case .object: "object"
        }
    }

    public var integer: Int? { if case .integer(let value) = self { value } else { nil } }
    public var string: String? { if case .string(let value) = self { value } else { nil } }
    public var array: [JSONValue]? { if case .array(let value) = self { value } else { nil } }
    public var object: JSONObject? { if case .object(let value) = self { value } else { nil } }
    public var boolean: Bool? { if case .boolean(let value) = self { value } else { nil } }
}

/// The fields of a JSON object in their order, without duplicates.
///
/// Names are compared by their bytes. Swift's `==` of texts was rejected here: it takes canonically equivalent texts for the same
/// (U+212A KELVIN SIGN equals "K"), JSON does not.
public struct JSONObject: Hashable, Sendable {
    public struct Field: Hashable, Sendable {
        public let name: String
        public let value: JSONValue
    }

    public private(set) var fields: [Field] = []
    /// Names as bytes, kept only for objects of many fields, where looking through all of them would take quadratic time.
    private var names: Set<[UInt8]> = []
    private static let linearSearchLimit = 16

    public init() {}

    public subscript(name: String) -> JSONValue? {
        fields.first { $0.name.utf8.elementsEqual(name.utf8) }?.value
    }

    /// Appends a field; false, and no change, when the object has one of this name.
    public mutating func append(_ name: String, _ value: JSONValue) -> Bool {
        if fields.count < Self.linearSearchLimit {
            guard self[name] == nil else { return false }
        } else {
            if names.isEmpty { names = Set(fields.map { Array($0.name.utf8) }) }
            guard names.insert(Array(name.utf8)).inserted else { return false }
        }
        fields.append(Field(name: name, value: value))
        return true
    }

    public static func == (a: Self, b: Self) -> Bool { a.fields == b.fields }
    public func hash(into hasher: inout Hasher) { hasher.combine(fields) }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
    /// Keeps the order of the literal. A name that occurs twice is a mistake in the program and stops it.
    public init(dictionaryLiteral elements: (String, JSONValue)...) {
        for (name, value) in elements {
            let isNew = append(name, value)
            precondition(isNew, "duplicate field \(name)")
        }
    }
}

extension JSONValue: ExpressibleByStringLiteral {
    public init(stringLiteral value: String) { self = .string(value) }
}
