/// A key's ID: its RFC 7638 SHA-256 thumbprint, 32 bytes; base64url in text.
public struct KeyID: Hashable, Sendable {
    private let bytes: [UInt8]

    /// Takes 43 characters of strict base64url; nil for anything else.
    public init?(text: some StringProtocol) {
        guard let bytes = Base64URL.decode(text), bytes.count == SHA256.byteCount else { return nil }
        self.bytes = bytes
    }

    init(thumbprintInput: [UInt8]) {
        bytes = SHA256.hash(thumbprintInput)
    }

    public var text: String { Base64URL.encode(bytes) }
}

extension KeyID: CustomStringConvertible {
    public var description: String { text }
}
