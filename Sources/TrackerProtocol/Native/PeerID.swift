import ContentTrust

/// The name of one connection, chosen by the tracker (Docs/Protocol.md §2.3): 8 bytes, base64url of 11 characters in text.
///
/// It is never used again, so it says nothing about a visitor beyond the life of a connection.
public struct PeerID: Hashable, Sendable, Comparable {
    /// The length in bytes.
    public static let byteCount = 8
    /// The length of ``text`` in characters.
    public static let textLength = 11

    /// The 8 bytes, the first one in the highest place.
    public let rawValue: UInt64

    public init(rawValue: UInt64) { self.rawValue = rawValue }

    /// Takes ``text``; nil when it is not 11 characters of strict base64url.
    public init?(text: some Collection<UInt8>) {
        guard text.count == Self.textLength, let value = Base64URL.decodeInteger(text) else { return nil }
        rawValue = value
    }

    /// The 8 bytes in order.
    public var bytes: [UInt8] { withUnsafeBytes(of: rawValue.bigEndian, Array.init) }

    /// base64url without padding.
    public var text: String { withUnsafeBytes(of: rawValue.bigEndian) { Base64URL.encode($0) } }

    public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
}

extension PeerID: CustomStringConvertible {
    public var description: String { text }
}
