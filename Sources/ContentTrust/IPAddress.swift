/// An IPv4 or IPv6 address.
public enum IPAddress: Hashable, Sendable {
    /// Four bytes, network order.
    case v4([UInt8])
    /// Sixteen bytes, network order.
    case v6([UInt8])

    /// Takes 4 or 16 bytes; nil for any other number.
    public init?(bytes: [UInt8]) {
        switch bytes.count {
        case 4: self = .v4(bytes)
        case 16: self = .v6(bytes)
        default: return nil
        }
    }

    /// Takes only the one text that the URL standard serializes the address to (§3.5 "host serializing"), without brackets.
    ///
    /// Other spellings (octal, hexadecimal or missing parts, upper case, IPv4 in dots inside IPv6, zones) are nil: each of them is a way to
    /// show one address to a check and another to a connection.
    public init?(canonical text: some StringProtocol) {
        guard let address = Self.v4(text) ?? Self.v6(text), address.text.utf8.elementsEqual(text.utf8) else {
            return nil
        }
        self = address
    }

    /// The text that the URL standard serializes the address to, without brackets.
    public var text: String {
        switch self {
        case .v4(let bytes):
            return bytes.map { String($0) }.joined(separator: ".")
        case .v6(let bytes):
            let groups = stride(from: 0, to: 16, by: 2).map { UInt16(bytes[$0]) << 8 | UInt16(bytes[$0 + 1]) }
            func joined(_ part: ArraySlice<UInt16>) -> String {
                part.map { String($0, radix: 16) }.joined(separator: ":")
            }
            guard let zeros = Self.longestZeroRun(groups) else { return joined(groups[...]) }
            return joined(groups[..<zeros.lowerBound]) + "::" + joined(groups[zeros.upperBound...])
        }
    }

    /// The first longest run of two or more zero groups.
    private static func longestZeroRun(_ groups: [UInt16]) -> Range<Int>? {
        var longest: Range<Int>?
        var start = 0
        for index in 0...groups.count where index == groups.count || groups[index] != 0 {
            if index - start > max(longest?.count ?? 0, 1) { longest = start..<index }
            start = index + 1
        }
        return longest
    }

    private static func v4(_ text: some StringProtocol) -> IPAddress? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        let bytes = parts.compactMap { UInt8($0) }
        return parts.count == 4 && bytes.count == 4 ? .v4(bytes) : nil
    }

    private static func v6(_ text: some StringProtocol) -> IPAddress? {
        func groups(_ part: some StringProtocol) -> [UInt16]? {
            guard !part.isEmpty else { return [] }
            let parts = part.split(separator: ":", omittingEmptySubsequences: false)
            let groups = parts.compactMap { UInt16($0, radix: 16) }
            return groups.count == parts.count && groups.count <= 8 ? groups : nil
        }
        let text = Array(text)
        let groupsOfAddress: [UInt16]
        if let gap = text.indices.dropLast().first(where: { text[$0] == ":" && text[$0 + 1] == ":" }) {
            guard let head = groups(String(text[..<gap])), let tail = groups(String(text[(gap + 2)...])),
                head.count + tail.count < 8
            else { return nil }
            groupsOfAddress = head + Array(repeating: 0, count: 8 - head.count - tail.count) + tail
        } else {
            guard let all = groups(String(text)), all.count == 8 else { return nil }
            groupsOfAddress = all
        }
        return .v6(groupsOfAddress.flatMap { [UInt8($0 >> 8), UInt8(truncatingIfNeeded: $0)] })
    }
}

extension IPAddress: CustomStringConvertible {
    public var description: String { text }
}
