/// What a `Range` header asks of a representation (RFC 9110 §14).
enum ByteRange: Equatable, Sendable {
    /// No range that this server serves: the whole representation, 200.
    case whole
    /// 206 with these bytes.
    case part(ClosedRange<Int>)
    /// 416.
    case unsatisfiable

    /// - Parameters:
    ///   - header: the field's value; nil when there is none.
    ///   - length: of the representation, in bytes.
    ///
    /// Another unit than bytes, a syntax error and several ranges at once are answered with the whole representation, as §14.2 permits: a
    /// client that asks for several must be able to take that, and multipart answers would be shared with nobody.
    init(header: String?, length: Int) {
        self = Self.parse(header, length: length) ?? .whole
    }

    private static func parse(_ header: String?, length: Int) -> ByteRange? {
        guard let header, let equals = header.firstIndex(of: "="), header[..<equals].lowercased() == "bytes" else {
            return nil
        }
        let specification = header[header.index(after: equals)...].trimmingOptionalWhitespace()
        guard let dash = specification.firstIndex(of: "-") else { return nil }
        let (first, last) = (specification[..<dash], specification[specification.index(after: dash)...])
        if first.isEmpty {
            guard let suffix = number(last) else { return nil }
            guard suffix > 0, length > 0 else { return .unsatisfiable }
            return .part(max(length - suffix, 0)...(length - 1))
        }
        guard let start = number(first) else { return nil }
        var end = length - 1
        if !last.isEmpty {
            guard let stated = number(last), stated >= start else { return nil }
            end = min(stated, length - 1)
        }
        return start < length ? .part(start...end) : .unsatisfiable
    }

    /// 1*DIGIT; a number too large for the machine is as good as the largest that is not.
    private static func number(_ text: Substring) -> Int? {
        guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return Int(text) ?? .max
    }
}

extension StringProtocol {
    /// Without the spaces and tabs around it (OWS of RFC 9110 §5.6.3).
    func trimmingOptionalWhitespace() -> SubSequence {
        let blank: (Character) -> Bool = { $0 == " " || $0 == "\t" }
        guard let start = firstIndex(where: { !blank($0) }), let end = lastIndex(where: { !blank($0) }) else {
            return self[startIndex..<startIndex]
        }
        return self[start...end]
    }
}
