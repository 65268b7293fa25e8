/// Why a keyset is not accepted (Docs/Certificates.md §4.1).
public enum KeysetError: Error, Hashable, Sendable {
    case malformed(TrustFormatError)
    case otherRoot(KeyID, pinned: KeyID)
    case wrongSignature
    case notValidYet(issuedAt: Int, now: Int)
    case expired(expiresAt: Int, now: Int)
    case duplicateKey(KeyID)
    case rolledBack(version: Int, accepted: Int)
}

extension KeysetError: CustomStringConvertible {
    /// A sentence for a person.
    public var description: String {
        switch self {
        case .malformed(let error): "The keyset is malformed: \(error)."
        case .otherRoot(let root, let pinned): "The keyset is signed by the root \(root); the pinned one is \(pinned)."
        case .wrongSignature: "The keyset's signature is not that of its root key."
        case .notValidYet(let issuedAt, let now):
            "The keyset is of \(issuedAt), which is in the future; it is \(now) now."
        case .expired(let expiresAt, let now): "The keyset expired at \(expiresAt); it is \(now) now."
        case .duplicateKey(let key): "The keyset has the key \(key) twice."
        case .rolledBack(let version, let accepted):
            "The keyset has version \(version), but version \(accepted) was accepted before."
        }
    }
}
