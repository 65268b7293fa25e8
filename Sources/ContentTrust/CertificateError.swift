/// Why a content certificate is not accepted (Docs/Certificates.md §3.1).
public enum CertificateError: Error, Hashable, Sendable {
    case malformed(TrustFormatError)
    case wrongSignature(KeyID)
    case wrongLifetime(seconds: Int)
    case otherURL(ContentURL)
    case unknownKey(KeyID)
    case revokedKey(KeyID)
    case notValidYet(notBefore: Int, now: Int)
    case expired(expiresAt: Int, now: Int)
    case otherSite(WebOrigin)
    /// The keyset that the certificate was to be judged by has expired itself, so nothing can be judged.
    case keysetExpired(expiresAt: Int, now: Int)

    /// The error codes of Docs/Protocol.md §5 that a judgement leads to.
    public enum Code: String, Hashable, Sendable {
        case badCertificate = "bad-certificate"
        case unknownKey = "unknown-key"
        case certificateExpired = "certificate-expired"
        case wrongAudience = "wrong-audience"
        case unavailable = "unavailable"
    }

    public var code: Code {
        switch self {
        case .malformed, .wrongSignature, .wrongLifetime, .otherURL: .badCertificate
        case .unknownKey, .revokedKey: .unknownKey
        case .notValidYet, .expired: .certificateExpired
        case .otherSite: .wrongAudience
        case .keysetExpired: .unavailable
        }
    }
}

extension CertificateError: CustomStringConvertible {
    /// A sentence for a person.
    public var description: String {
        switch self {
        case .malformed(let error): "The certificate is malformed: \(error)."
        case .wrongSignature(let key): "The certificate's signature is not that of its key \(key)."
        case .wrongLifetime(let seconds):
            "The certificate is valid for \(seconds) seconds; from 1 to \(ContentCertificate.lifetimeLimit) are allowed."
        case .otherURL(let url): "The certificate is for another URL: \(url)."
        case .unknownKey(let key): "The certificate is signed by the key \(key), which is not in the current keyset."
        case .revokedKey(let key): "The certificate is signed by the key \(key), which is revoked."
        case .notValidYet(let notBefore, let now): "The certificate is valid from \(notBefore) on; it is \(now) now."
        case .expired(let expiresAt, let now): "The certificate expired at \(expiresAt); it is \(now) now."
        case .otherSite(let site): "The certificate is for another site: \(site)."
        case .keysetExpired(let expiresAt, let now): "The keyset expired at \(expiresAt); it is \(now) now."
        }
    }
}
