/// Why a text is not an origin or a URL that can be certified: a sentence for a person, without the text itself.
public struct WebAddressError: Error, Hashable, Sendable, CustomStringConvertible {
    public let description: String

    init(_ description: String) { self.description = description }
}

/// An `http` or `https` origin, as browsers serialize it (HTML standard §7.1.1; RFC 6454 §6.2), for example `https://site.example:8443`.
public struct WebOrigin: Hashable, Sendable {
    public enum Scheme: String, Hashable, Sendable {
        case http
        case https

        public var defaultPort: Int {
            switch self {
            case .http: 80
            case .https: 443
            }
        }
    }

    public enum Host: Hashable, Sendable {
        /// A name in ASCII and lower case; internationalized names are in their `xn--` form.
        case name(String)
        case address(IPAddress)
    }

    /// The longest host name of the DNS, in characters (RFC 1035 §2.3.4).
    static let hostNameLimit = 253
    static let labelLimit = 63

    public let scheme: Scheme
    public let host: Host
    /// The port in force, be it written or not.
    public let port: Int

    /// Takes exactly what a browser sends in an `Origin` header, and nothing that merely means the same.
    public init(_ text: some StringProtocol) throws(WebAddressError) {
        let (scheme, rest) = try Self.splitScheme(text)
        try self.init(scheme: scheme, authority: rest)
    }

    static func splitScheme(_ text: some StringProtocol) throws(WebAddressError) -> (Scheme, Substring) {
        guard text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw WebAddressError("it has white space, control or non-ASCII characters")
        }
        for scheme in [Scheme.http, .https] {
            let prefix = scheme.rawValue + "://"
            if text.hasPrefix(prefix) { return (scheme, Substring(text.dropFirst(prefix.count))) }
        }
        throw WebAddressError("it does not begin with http:// or https:// in lower case")
    }

    /// - Parameter authority: what stands between `//` and the path; ASCII.
    init(scheme: Scheme, authority: Substring) throws(WebAddressError) {
        guard !authority.contains("@") else { throw WebAddressError("it contains a user name or a password") }
        let hostEnd: Substring.Index
        if authority.hasPrefix("[") {
            guard let bracket = authority.firstIndex(of: "]") else {
                throw WebAddressError("its IPv6 address has no closing bracket")
            }
            hostEnd = authority.index(after: bracket)
        } else {
            hostEnd = authority.firstIndex(of: ":") ?? authority.endIndex
        }
        self.scheme = scheme
        self.host = try Self.host(authority[..<hostEnd])
        self.port = try Self.port(authority[hostEnd...], of: scheme)
    }

    private static func port(_ text: Substring, of scheme: Scheme) throws(WebAddressError) -> Int {
        guard !text.isEmpty else { return scheme.defaultPort }
        let digits = text.dropFirst()
        guard text.hasPrefix(":"), let port = UInt16(digits), port > 0, String(port) == digits else {
            throw WebAddressError("its port is not a number from 1 to 65535 without leading zeros")
        }
        guard port != scheme.defaultPort else {
            throw WebAddressError("its port is the default one, which browsers leave out")
        }
        return Int(port)
    }

    private static func host(_ text: Substring) throws(WebAddressError) -> Host {
        if text.hasPrefix("[") {
            guard case .v6(let bytes)? = IPAddress(canonical: text.dropFirst().dropLast()) else {
                throw WebAddressError("its IPv6 address is not in the form that browsers write")
            }
            return .address(.v6(bytes))
        }
        // The URL standard (§3.5 "ends in a number") takes such a host for an IPv4 address in one of many spellings, or refuses it.
        let labels = text.split(separator: ".", omittingEmptySubsequences: false)
        let last = (labels.count > 1 && labels.last == "" ? labels.dropLast() : labels[...]).last ?? ""
        if last.utf8.allSatisfy(isDigit) && !last.isEmpty || isHexadecimalNumber(last) {
            guard case .v4(let bytes)? = IPAddress(canonical: text) else {
                throw WebAddressError("its IPv4 address is not in the form that browsers write")
            }
            return .address(.v4(bytes))
        }
        try checkName(text, labels)
        return .name(String(text))
    }

    /// Stricter than the URL standard, which lets through names that no resolver can look up.
    private static func checkName(_ name: Substring, _ labels: [Substring]) throws(WebAddressError) {
        guard !name.isEmpty else { throw WebAddressError("it has no host") }
        guard name.utf8.count <= hostNameLimit else {
            throw WebAddressError("its host is longer than \(hostNameLimit) characters")
        }
        for (index, label) in labels.enumerated() {
            if label.isEmpty, index > 0, index == labels.count - 1 { continue }  // the root's dot
            guard (1...labelLimit).contains(label.utf8.count) else {
                throw WebAddressError("its host has a part that is empty or longer than \(labelLimit) characters")
            }
            guard label.utf8.allSatisfy(isNameCharacter) else {
                throw WebAddressError("its host has a character other than a-z, 0-9, hyphen and underscore")
            }
        }
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    private static func isHexadecimalNumber(_ label: Substring) -> Bool {
        guard label.hasPrefix("0x") || label.hasPrefix("0X") else { return false }
        return label.dropFirst(2).allSatisfy(\.isHexDigit)
    }

    private static func isNameCharacter(_ byte: UInt8) -> Bool {
        isDigit(byte) || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || byte == UInt8(ascii: "-")
            || byte == UInt8(ascii: "_")
    }

    /// The host as it stands in a URL: IPv6 addresses in brackets.
    public var hostText: String {
        switch host {
        case .name(let name): name
        case .address(.v6(let bytes)): "[\(IPAddress.v6(bytes))]"
        case .address(let address): address.text
        }
    }

    /// The origin as browsers serialize it.
    public var text: String {
        "\(scheme.rawValue)://\(hostText)" + (port == scheme.defaultPort ? "" : ":\(port)")
    }
}

extension WebOrigin: CustomStringConvertible {
    public var description: String { text }
}
