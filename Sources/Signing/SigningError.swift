/// Why a private key cannot be made, read, written or used.
public enum SigningError: Error, Hashable, Sendable {
    case openSSL(OpenSSLError)
    /// Neither EC on P-256 nor Ed25519; what it is instead.
    case unsupportedKey(String)
    case keyFile(path: String, reason: String)
}

extension SigningError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .openSSL(let error): "OpenSSL: \(error)"
        case .unsupportedKey(let type): "The key is \(type); it must be EC on P-256 or Ed25519."
        case .keyFile(let path, let reason): "The key file \(path) \(reason)."
        }
    }
}
