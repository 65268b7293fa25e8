/// The URL of content: absolute, http or https, without fragment, exactly as the URL standard (url.spec.whatwg.org §4.5) serializes it.
///
/// A service worker gets URLs in that form from the browser, so one resource has one text on both sides. Anything else is refused, not
/// corrected: two parsers that correct differently are how a check and a connection come to disagree. For the same reason some
/// URLs are refused that the standard lets through, but RFC 3986 does not: a `%` without two hexadecimal digits, and in path or query
/// one of `` | \ ^ [ ] { } ` ``.
public struct ContentURL: Hashable, Sendable {
    /// The longest URL in bytes (Docs/Protocol.md §3.2).
    public static let lengthLimit = 2_048

    public let text: String
    public let origin: WebOrigin

    public init(_ text: some StringProtocol) throws(WebAddressError) {
        guard text.utf8.count <= Self.lengthLimit else {
            throw WebAddressError("it has \(text.utf8.count) bytes, more than \(Self.lengthLimit)")
        }
        let (scheme, rest) = try WebOrigin.splitScheme(text)
        guard !rest.contains("#") else { throw WebAddressError("it has a fragment") }
        guard let pathStart = rest.firstIndex(where: { $0 == "/" || $0 == "?" || $0 == "\\" }), rest[pathStart] == "/"
        else { throw WebAddressError("its host is not followed by a path, at least /") }
        self.origin = try WebOrigin(scheme: scheme, authority: rest[..<pathStart])

        let target = rest[pathStart...]
        let queryStart = target.firstIndex(of: "?") ?? target.endIndex
        try Self.checkCharacters(target[..<queryStart], beyondUnreserved: "!$&'()*+,;=:@/")
        // The standard writes ' in a query as %27.
        try Self.checkCharacters(target[queryStart...], beyondUnreserved: "!$&()*+,;=:@/?")
        try Self.checkSegments(target[..<queryStart])
        self.text = String(text)
    }

    private static func checkCharacters(_ part: Substring, beyondUnreserved allowed: String) throws(WebAddressError) {
        var rest = part.utf8[...]
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "%"):
                guard rest.count >= 2, rest.prefix(2).allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }) else {
                    throw WebAddressError("it has a % that is not followed by two hexadecimal digits")
                }
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                continue
            default:
                guard allowed.utf8.contains(byte) else {
                    throw WebAddressError(
                        "it has the character \(Character(Unicode.Scalar(byte))), not percent-encoded"
                    )
                }
            }
        }
    }

    /// The standard resolves dot segments, however they are encoded (§4.4), so none is left in a serialized URL.
    private static func checkSegments(_ path: Substring) throws(WebAddressError) {
        for segment in path.split(separator: "/") where segment.utf8.count <= 6 {
            let decoded = segment.lowercased().split(separator: "%2e", omittingEmptySubsequences: false)
                .joined(separator: ".")
            guard decoded != ".", decoded != ".." else { throw WebAddressError("its path has a dot segment") }
        }
    }
}

extension ContentURL: CustomStringConvertible {
    public var description: String { text }
}
