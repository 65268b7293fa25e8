/// The two signature algorithms (Docs/Certificates.md §2.2). Which one applies is a property of the key.
public enum SignatureAlgorithm: Hashable, Sendable, CaseIterable {
    /// ECDSA over P-256 with SHA-256; r‖s (RFC 7518 §3.4).
    case es256
    /// Ed25519 (RFC 8037, RFC 9864).
    case ed25519

    /// Both write signatures of this length in bytes.
    public static let signatureLength = 64

    /// What `alg` may be for a key of this algorithm; the first is what we write.
    public var names: [String] {
        switch self {
        case .es256: ["ES256"]
        // RFC 9864 renamed it, but verifiers that know only the older name are still in the field.
        case .ed25519: ["EdDSA", "Ed25519"]
        }
    }
}
