/// The identity of content: the BEP 52 `pieces root` of its decoded bytes (Docs/Certificates.md §1).
///
/// 32 bytes, kept in four words so that it is hashed, compared and passed on without an allocation.
public struct ContentID: Hashable, Sendable {
    /// The length in bytes.
    public static let byteCount = 32
    /// The length of ``text`` in characters.
    public static let textLength = 43

    private var words: (UInt64, UInt64, UInt64, UInt64)

    /// Takes exactly 32 bytes; nil for any other number.
    public init?(bytes: some Collection<UInt8>) {
        guard bytes.count == Self.byteCount else { return nil }
        words = (0, 0, 0, 0)
        withUnsafeMutableBytes(of: &words) { $0.copyBytes(from: bytes) }
    }

    /// Takes ``text``; nil when it is not 43 characters of strict base64url.
    public init?(text: some StringProtocol) {
        guard text.utf8.count == Self.textLength, let bytes = Base64URL.decode(text) else { return nil }
        self.init(bytes: bytes)
    }

    /// Calls `body` with the 32 bytes in order.
    public func withBytes<R>(_ body: (UnsafeRawBufferPointer) -> R) -> R {
        withUnsafeBytes(of: words) { body($0) }
    }

    /// The 32 bytes in order.
    public var bytes: [UInt8] { withBytes(Array.init) }

    /// base64url without padding, 43 characters.
    public var text: String { withBytes { Base64URL.encode($0) } }

    public static func == (a: Self, b: Self) -> Bool { a.words == b.words }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(words.0)
        hasher.combine(words.1)
        hasher.combine(words.2)
        hasher.combine(words.3)
    }
}

extension ContentID: CustomStringConvertible {
    public var description: String { text }
}
