/// Why a text is not the JSON that the protocol takes.
public struct JSONError: Error, Hashable, Sendable {
    public enum Reason: Hashable, Sendable {
        case notJSON
        case notUTF8
        case tooDeep(limit: Int)
        case duplicateField
    }

    public let reason: Reason
    /// The offset of the first byte that is wrong.
    public let offset: Int
    /// The field it happened in, for example `keys[3].kid`; empty at the top.
    public internal(set) var path: String

    /// The same error, seen from the value around it.
    func inside(_ step: String) -> JSONError {
        var error = self
        error.path = path.isEmpty || path.hasPrefix("[") ? step + path : step + "." + path
        return error
    }
}

extension JSONError: CustomStringConvertible {
    public var description: String {
        switch reason {
        case .notJSON: "not JSON: byte \(offset) is wrong"
        case .notUTF8: "not UTF-8 from byte \(offset) on"
        case .tooDeep(let limit): "nested deeper than \(limit) at byte \(offset)"
        case .duplicateField: "the field \(path) occurs twice, again at byte \(offset)"
        }
    }
}

/// Reads JSON (RFC 8259) strictly: UTF-8 only, no duplicate field, bounded nesting, nothing after the value.
///
/// Foundation's decoder was rejected: it takes the last of duplicate fields without a word, and that is how two verifiers come to
/// read one signed text differently.
///
/// ``parse(_:nestingLimit:)`` reads a whole text. The steps are public for readers that visit fields as they come, or need the
/// offsets of a value's bytes.
public struct JSONParser {
    /// How deep arrays and objects may nest unless told otherwise (Docs/Protocol.md §2.4).
    public static let defaultNestingLimit = 16

    private let bytes: [UInt8]
    private let nestingLimit: Int
    private var depth = 0
    /// The offset of the next byte to be read.
    public private(set) var offset = 0

    public init(_ bytes: [UInt8], nestingLimit: Int = Self.defaultNestingLimit) {
        self.bytes = bytes
        self.nestingLimit = nestingLimit
    }

    /// The one value that a text consists of.
    public static func parse(
        _ bytes: [UInt8],
        nestingLimit: Int = Self.defaultNestingLimit
    ) throws(JSONError) -> JSONValue {
        var parser = JSONParser(bytes, nestingLimit: nestingLimit)
        let value = try parser.value()
        try parser.end()
        return value
    }

    /// Skips white space and demands the end of the text.
    public mutating func end() throws(JSONError) {
        skipWhitespace()
        guard offset == bytes.count else { throw error(.notJSON) }
    }

    /// Reads the next value.
    public mutating func value() throws(JSONError) -> JSONValue {
        skipWhitespace()
        switch peek {
        case UInt8(ascii: "{"):
            var object = JSONObject()
            try fields { parser, name throws(JSONError) in
                let nameEnd = parser.offset
                let isNew = object.append(name, try parser.value())
                guard isNew else { throw JSONError(reason: .duplicateField, offset: nameEnd, path: "") }
            }
            return .object(object)
        case UInt8(ascii: "["):
            var values: [JSONValue] = []
            try elements { parser throws(JSONError) in values.append(try parser.value()) }
            return .array(values)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try literal("true", .boolean(true))
        case UInt8(ascii: "f"): return try literal("false", .boolean(false))
        case UInt8(ascii: "n"): return try literal("null", .null)
        default: return try number()
        }
    }

    /// Reads an object; `visit` is called after each name and reads its value. Finding duplicates is the visitor's.
    public mutating func fields(
        _ visit: (inout JSONParser, String) throws(JSONError) -> Void
    ) throws(JSONError) {
        try list(open: UInt8(ascii: "{"), close: UInt8(ascii: "}")) { parser, _ throws(JSONError) in
            let name = try parser.string()
            parser.skipWhitespace()
            try parser.expect(UInt8(ascii: ":"))
            parser.skipWhitespace()
            do throws(JSONError) { try visit(&parser, name) } catch { throw error.inside(name) }
        }
    }

    /// Reads an array; `visit` is called for each element and reads it.
    public mutating func elements(_ visit: (inout JSONParser) throws(JSONError) -> Void) throws(JSONError) {
        try list(open: UInt8(ascii: "["), close: UInt8(ascii: "]")) { parser, index throws(JSONError) in
            do throws(JSONError) { try visit(&parser) } catch { throw error.inside("[\(index)]") }
        }
    }

    private mutating func list(
        open: UInt8,
        close: UInt8,
        _ element: (inout JSONParser, Int) throws(JSONError) -> Void
    ) throws(JSONError) {
        skipWhitespace()
        guard depth < nestingLimit || peek != open else { throw error(.tooDeep(limit: nestingLimit)) }
        try expect(open)
        depth += 1
        defer { depth -= 1 }
        skipWhitespace()
        if skip(close) { return }
        var index = 0
        repeat {
            skipWhitespace()
            try element(&self, index)
            skipWhitespace()
            index += 1
        } while skip(UInt8(ascii: ","))
        try expect(close)
    }

    /// Reads a text with its quotes.
    public mutating func string() throws(JSONError) -> String {
        skipWhitespace()
        try expect(UInt8(ascii: "\""))
        let start = offset
        while let byte = peek, byte >= 0x20, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\") { offset += 1 }
        if skip(UInt8(ascii: "\"")) { return try text(bytes[start..<offset - 1], at: start) }

        // Pieces between escapes are checked one by one, so that an escape cannot complete half a character.
        var result = try text(bytes[start..<offset], at: start)
        while !skip(UInt8(ascii: "\"")) {
            if skip(UInt8(ascii: "\\")) {
                result.unicodeScalars.append(try escape())
            } else {
                let start = offset
                while let byte = peek, byte >= 0x20, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\") {
                    offset += 1
                }
                guard offset > start else { throw error(.notJSON) }
                result += try text(bytes[start..<offset], at: start)
            }
        }
        return result
    }

    private func text(_ utf8: ArraySlice<UInt8>, at start: Int) throws(JSONError) -> String {
        guard let text = String(validating: utf8, as: UTF8.self) else {
            throw JSONError(reason: .notUTF8, offset: start, path: "")
        }
        return text
    }

    private mutating func escape() throws(JSONError) -> Unicode.Scalar {
        guard let byte = peek else { throw error(.notJSON) }
        let scalar: Unicode.Scalar
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): scalar = Unicode.Scalar(byte)
        case UInt8(ascii: "b"): scalar = "\u{8}"
        case UInt8(ascii: "f"): scalar = "\u{c}"
        case UInt8(ascii: "n"): scalar = "\n"
        case UInt8(ascii: "r"): scalar = "\r"
        case UInt8(ascii: "t"): scalar = "\t"
        case UInt8(ascii: "u"): return try unicodeEscape()
        default: throw error(.notJSON)
        }
        offset += 1
        return scalar
    }

    /// `uXXXX`, or two of them for a character beyond U+FFFF. A surrogate without its other half is no character and refused.
    private mutating func unicodeEscape() throws(JSONError) -> Unicode.Scalar {
        let start = offset
        let first = try hexDigits()
        if let scalar = Unicode.Scalar(first) { return scalar }
        guard first < 0xDC00, skip(UInt8(ascii: "\\")), peek == UInt8(ascii: "u") else {
            throw JSONError(reason: .notJSON, offset: start, path: "")
        }
        let second = try hexDigits()
        guard (0xDC00..<0xE000).contains(second),
            let scalar = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
        else { throw JSONError(reason: .notJSON, offset: start, path: "") }
        return scalar
    }

    private mutating func hexDigits() throws(JSONError) -> UInt32 {
        try expect(UInt8(ascii: "u"))
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let digit = peek.flatMap({ Character(Unicode.Scalar($0)).hexDigitValue }) else {
                throw error(.notJSON)
            }
            value = value << 4 | UInt32(digit)
            offset += 1
        }
        return value
    }

    private mutating func number() throws(JSONError) -> JSONValue {
        let start = offset
        _ = skip(UInt8(ascii: "-"))
        if !skip(UInt8(ascii: "0")) { try digits() }
        let integerEnd = offset
        if skip(UInt8(ascii: ".")) { try digits() }
        if skip(UInt8(ascii: "e")) || skip(UInt8(ascii: "E")) {
            if !skip(UInt8(ascii: "+")) { _ = skip(UInt8(ascii: "-")) }
            try digits()
        }
        let written = String(decoding: bytes[start..<offset], as: UTF8.self)
        let integers = -JSONValue.largestInteger...JSONValue.largestInteger
        if offset == integerEnd, written != "-0", let value = Int(written), integers.contains(value) {
            return .integer(value)
        }
        return .otherNumber(written)
    }

    private mutating func digits() throws(JSONError) {
        let start = offset
        while let byte = peek, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { offset += 1 }
        guard offset > start else { throw error(.notJSON) }
    }

    private mutating func literal(_ text: String, _ value: JSONValue) throws(JSONError) -> JSONValue {
        for byte in text.utf8 { try expect(byte) }
        return value
    }

    private var peek: UInt8? { offset < bytes.count ? bytes[offset] : nil }

    private mutating func skip(_ byte: UInt8) -> Bool {
        guard peek == byte else { return false }
        offset += 1
        return true
    }

    private mutating func expect(_ byte: UInt8) throws(JSONError) {
        guard skip(byte) else { throw error(.notJSON) }
    }

    private mutating func skipWhitespace() {
        while let byte = peek, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { offset += 1 }
    }

    private func error(_ reason: JSONError.Reason) -> JSONError {
        JSONError(reason: reason, offset: offset, path: "")
    }
}
