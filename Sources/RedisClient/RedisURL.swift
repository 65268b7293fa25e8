/// The address of a server: `redis://[user[:password]@]host[:port][/0]`, or `rediss://…` for TLS
/// (https://www.iana.org/assignments/uri-schemes/prov/redis).
public struct RedisURL: Sendable, Hashable {
    public static let defaultPort = 6379

    public var isSecure: Bool
    /// A user of the server's ACL; nil is the server's default user.
    public var user: String?
    public var password: String?
    /// A name or an address; of IPv6 without brackets.
    public var host: String
    public var port: Int

    /// - Throws: what is wrong with the text; never a word of its password.
    public init(_ text: String) throws(RedisURLError) {
        guard let scheme = text.firstRange(of: "://") else { throw .noScheme }
        switch text[..<scheme.lowerBound].lowercased() {
        case "redis": isSecure = false
        case "rediss": isSecure = true
        case let other: throw .unknownScheme(other)
        }
        var authority = text[scheme.upperBound...]
        if authority.contains(where: { $0 == "?" || $0 == "#" }) { throw .query }
        // The last one: a password may hold an @ or a / that nobody has escaped.
        if let at = authority.lastIndex(of: "@") {
            let parts = authority[..<at].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            guard let user = Self.unescape(parts[0]) else { throw .escape(in: "user") }
            self.user = user.isEmpty ? nil : user
            if parts.count > 1 {
                guard let password = Self.unescape(parts[1]) else { throw .escape(in: "password") }
                self.password = password.isEmpty ? nil : password
            }
            authority = authority[authority.index(after: at)...]
        }
        if let slash = authority.firstIndex(of: "/") {
            let database = authority[authority.index(after: slash)...]
            guard database.isEmpty || database == "0" else { throw .database(String(database)) }
            authority = authority[..<slash]
        }
        (host, port) = try Self.address(authority)
    }

    private static func address(_ text: Substring) throws(RedisURLError) -> (String, Int) {
        var host = text
        var port: Substring?
        if text.first == "[" {
            guard let end = text.firstIndex(of: "]") else { throw .host(String(text)) }
            host = text[text.index(after: text.startIndex)..<end]
            let rest = text[text.index(after: end)...]
            guard rest.isEmpty || rest.first == ":" else { throw .host(String(text)) }
            port = rest.isEmpty ? nil : rest.dropFirst()
            guard host.contains(":") else { throw .host(String(text)) }
        } else if let colon = text.firstIndex(of: ":") {
            host = text[..<colon]
            port = text[text.index(after: colon)...]
        }
        guard !host.isEmpty, !host.contains(where: { " /[]".contains($0) }) else { throw .host(String(host)) }
        guard let port else { return (String(host), defaultPort) }
        guard let number = Int(port), 1...65_535 ~= number else { throw .port(String(port)) }
        return (String(host), number)
    }

    /// Undoes percent-encoding (RFC 3986 §2.1); nil if it is none, or not of UTF-8.
    private static func unescape(_ text: Substring) -> String? {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = rest.popFirst().flatMap(hexadecimal), let low = rest.popFirst().flatMap(hexadecimal) else {
                return nil
            }
            bytes.append(high << 4 | low)
        }
        return String(validating: bytes, as: UTF8.self)
    }

    private static func hexadecimal(_ digit: UInt8) -> UInt8? {
        Character(UnicodeScalar(digit)).hexDigitValue.map(UInt8.init)
    }
}

extension RedisURL: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// `host:port`, for messages.
    public var address: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

    /// The URL with `***` in the place of a password.
    public var description: String {
        let login = user != nil || password != nil ? (user ?? "") + (password == nil ? "" : ":***") + "@" : ""
        return (isSecure ? "rediss://" : "redis://") + login + address
    }

    public var debugDescription: String { description }

    // So that dump() and string interpolation of what holds a URL do not show the password either.
    public var customMirror: Mirror { Mirror(self, children: ["url": description]) }
}

/// What is wrong with the address of a server.
public enum RedisURLError: Error, Equatable, Sendable {
    case noScheme
    case unknownScheme(String)
    case host(String)
    case port(String)
    case database(String)
    case query
    /// A `%` without two hexadecimal digits, or bytes that are not UTF-8, in the user or the password.
    case escape(in: String)
}

extension RedisURLError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .noScheme: "it does not begin with redis:// or rediss://"
        case .unknownScheme(let scheme): "its scheme is '\(scheme)'; it must be redis or rediss (with TLS)"
        case .host(let host): "'\(host)' is not a host; name one, or an address (of IPv6 in brackets)"
        case .port(let port): "its port is '\(port)'; it must be from 1 to 65535"
        case .database(let name):
            "it names the database '\(name)'; only database 0 is used, so leave it out (give Shoal a server of its own)"
        case .query: "it has a query or a fragment (? or #); in a password, write %3F or %23"
        case .escape(let part):
            "its \(part) has a % that is not followed by the two hexadecimal digits of a byte of UTF-8"
        }
    }
}
