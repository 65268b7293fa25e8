import ContentTrust
import NIOCore

/// The known fields of one message, found but not yet read, and the rules for reading each type (Docs/Protocol.md §1).
struct MessageFields {
    enum Name: String, CaseIterable {
        case action, id, certificates, urls, peers, contents, to, data
    }

    private let bytes: UnsafeRawBufferPointer
    private var values: [JSONScanner.Value?]

    /// Scans a whole message. It is valid JSON when this returns.
    init(_ bytes: UnsafeRawBufferPointer) throws(ProtocolError) {
        self.bytes = bytes
        values = [JSONScanner.Value?](repeating: nil, count: Name.allCases.count)
        guard isValidUTF8(bytes) else { throw ProtocolError(.notUTF8, "The message is not UTF-8.") }
        var duplicate: Name?
        do throws(JSONScanner.Failure) {
            duplicate = try scan()
        } catch {
            throw Self.describe(error)
        }
        if let duplicate {
            throw ProtocolError(.duplicateField, "A field may occur only once.", field: duplicate.rawValue)
        }
    }

    /// Takes the message's object; a field that came twice is returned.
    private mutating func scan() throws(JSONScanner.Failure) -> Name? {
        var scanner = JSONScanner(bytes)
        guard scanner.peek() == UInt8(ascii: "{") else {
            _ = try scanner.value(nesting: ProtocolLimits.nesting)
            try scanner.end()
            return nil
        }
        isObject = true
        var duplicate: Name?
        var values = values
        try scanner.members { scanner, name throws(JSONScanner.Failure) in
            let value = try scanner.value(nesting: ProtocolLimits.nesting - 1)
            guard let text = JSONText.decode(name, in: bytes), let known = Name(rawValue: text) else { return }
            if values[known.index] != nil { duplicate = duplicate ?? known }
            values[known.index] = value
        }
        try scanner.end()
        self.values = values
        return duplicate
    }

    /// Whether the message is a JSON object at all.
    private(set) var isObject = false

    private static func describe(_ failure: JSONScanner.Failure) -> ProtocolError {
        switch failure {
        case .syntax(let offset):
            ProtocolError(
                .notJSON,
                "The message is not a JSON text: byte \(offset) is wrong or missing.",
                got: .integer(offset)
            )
        case .nesting:
            ProtocolError(
                .tooDeep,
                "Arrays and objects are nested more than \(ProtocolLimits.nesting) deep.",
                limit: ProtocolLimits.nesting
            )
        }
    }

    private func value(_ name: Name) -> JSONScanner.Value? { values[name.index] }

    /// The value of a field that must be there, and of that type.
    private func required(_ name: Name, _ kind: JSONScanner.Kind) throws(ProtocolError) -> JSONScanner.Value {
        guard let value = value(name) else {
            throw ProtocolError(.missingField, "The field \(name.rawValue) is missing.", field: name.rawValue)
        }
        try check(value, is: kind, field: name.rawValue)
        return value
    }

    private func check(_ value: JSONScanner.Value, is kind: JSONScanner.Kind, field: String) throws(ProtocolError) {
        guard value.kind == kind else {
            throw ProtocolError(
                .wrongType,
                "\(field) must be of type \(kind.rawValue).",
                field: field,
                got: .text(value.kind.rawValue)
            )
        }
    }

    func text(_ name: Name) throws(ProtocolError) -> String {
        try text(required(name, .text), field: name.rawValue)
    }

    private func text(_ value: JSONScanner.Value, field: String) throws(ProtocolError) -> String {
        guard let text = JSONText.decode(value, in: bytes) else {
            throw ProtocolError(.badValue, "\(field) holds half of a surrogate pair.", field: field)
        }
        return text
    }

    /// An integer as §1.1 defines it.
    func integer(_ name: Name, in range: ClosedRange<Int> = 0...9_007_199_254_740_991) throws(ProtocolError) -> Int {
        let text = String(decoding: bytes[try required(name, .number).range], as: UTF8.self)
        guard let integer = Int(text), range.contains(integer), text.first != "-" else {
            throw ProtocolError(
                .badValue,
                "\(name.rawValue) must be an integer from \(range.lowerBound) to \(range.upperBound), without fraction or exponent.",
                field: name.rawValue,
                limit: range.upperBound,
                got: .text(text)
            )
        }
        return integer
    }

    /// The same for a field that may be absent.
    func integerIfPresent(_ name: Name, in range: ClosedRange<Int>) throws(ProtocolError) -> Int? {
        value(name) == nil ? nil : try integer(name, in: range)
    }

    /// An array of texts; nil when the field is absent.
    func textsIfPresent(
        _ name: Name,
        count: ClosedRange<Int>,
        length: Int = ProtocolLimits.textLength
    ) throws(ProtocolError) -> [String]? {
        guard value(name) != nil else { return nil }
        let array = try required(name, .array)
        let elements = elements(of: array)
        guard count.contains(elements.count) else {
            throw ProtocolError(
                .tooMany,
                "\(name.rawValue) must have \(count.lowerBound) to \(count.upperBound) entries.",
                field: name.rawValue,
                limit: count.upperBound,
                got: .integer(elements.count)
            )
        }
        var texts = [String]()
        texts.reserveCapacity(elements.count)
        for (index, element) in elements.enumerated() {
            let field = "\(name.rawValue)[\(index)]"
            try check(element, is: .text, field: field)
            let text = try text(element, field: field)
            guard text.utf8.count <= length else {
                throw ProtocolError(
                    .tooLong,
                    "\(field) must be at most \(length) bytes.",
                    field: field,
                    limit: length,
                    got: .integer(text.utf8.count)
                )
            }
            texts.append(text)
        }
        return texts
    }

    /// An array of texts that must be there.
    func texts(_ name: Name, count: ClosedRange<Int>) throws(ProtocolError) -> [String] {
        _ = try required(name, .array)
        return try textsIfPresent(name, count: count) ?? []
    }

    /// Content IDs; nil when the field is absent.
    func contentIDsIfPresent(_ name: Name, count: ClosedRange<Int>) throws(ProtocolError) -> [ContentID]? {
        guard let texts = try textsIfPresent(name, count: count) else { return nil }
        var contents = [ContentID]()
        contents.reserveCapacity(texts.count)
        for (index, text) in texts.enumerated() {
            guard let content = ContentID(text: text) else {
                throw ProtocolError(
                    .badValue,
                    "A content ID is 43 characters of base64url.",
                    field: "\(name.rawValue)[\(index)]",
                    got: .text(text)
                )
            }
            contents.append(content)
        }
        return contents
    }

    func peerID(_ name: Name) throws(ProtocolError) -> PeerID {
        let text = try text(name)
        guard let peer = PeerID(text: text.utf8) else {
            throw ProtocolError(
                .badValue,
                "A peer ID is 11 characters of base64url.",
                field: name.rawValue,
                got: .text(text)
            )
        }
        return peer
    }

    /// The extent of a value of any type, at most `size` bytes of it.
    func extent(_ name: Name, size: Int) throws(ProtocolError) -> Range<Int> {
        guard let value = value(name) else {
            throw ProtocolError(.missingField, "The field \(name.rawValue) is missing.", field: name.rawValue)
        }
        guard value.range.count <= size else {
            throw ProtocolError(
                .tooLong,
                "\(name.rawValue) must be at most \(size) bytes.",
                field: name.rawValue,
                limit: size,
                got: .integer(value.range.count)
            )
        }
        return value.range
    }

    /// The elements of an array that has been checked already.
    private func elements(of array: JSONScanner.Value) -> [JSONScanner.Value] {
        var elements = [JSONScanner.Value]()
        var scanner = JSONScanner(UnsafeRawBufferPointer(rebasing: bytes[array.range]))
        try? scanner.elements { scanner throws(JSONScanner.Failure) in
            var element = try scanner.value(nesting: ProtocolLimits.nesting)
            let start = element.range.lowerBound + array.range.lowerBound
            element.range = start..<(start + element.range.count)
            elements.append(element)
        }
        return elements
    }
}

extension MessageFields.Name {
    fileprivate var index: Int {
        switch self {
        case .action: 0
        case .id: 1
        case .certificates: 2
        case .urls: 3
        case .peers: 4
        case .contents: 5
        case .to: 6
        case .data: 7
        }
    }
}
