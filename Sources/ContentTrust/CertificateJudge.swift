/// Judges content certificates by one accepted keyset (Docs/Certificates.md §3.1).
///
/// Costs one signature verification and some parsing: keys were made ready when the keyset was accepted. A verdict holds as long as
/// keyset and time bounds do, so callers may remember it until the certificate expires or the keyset changes.
public struct CertificateJudge<Verifier: SignatureVerifier>: Sendable {
    public let trusted: TrustedKeyset<Verifier>

    public init(_ trusted: TrustedKeyset<Verifier>) { self.trusted = trusted }

    /// What the certificate says, if all of the rules hold; they are applied in the order of §3.1, and the first failure decides.
    ///
    /// - Parameters:
    ///   - site: whom it must be for.
    ///   - url: what it must be about, where a certain URL was asked for.
    ///   - now: seconds since 1970.
    public func judge(
        _ compact: [UInt8],
        site: WebOrigin,
        url: ContentURL? = nil,
        now: Int
    ) throws(CertificateError) -> ContentCertificate {
        guard now < trusted.keyset.expiresAt + clockSkewLimit else {
            throw .keysetExpired(expiresAt: trusted.keyset.expiresAt, now: now)
        }
        let jws: JSONWebSignature
        let keyID: KeyID
        do throws(TrustFormatError) {
            jws = try JSONWebSignature(compact: compact, lengthLimit: ContentCertificate.lengthLimit)
            guard jws.header["typ"]?.string == ContentCertificate.type else {
                throw TrustFormatError("its header's typ is not \(ContentCertificate.type)")
            }
            guard let id = jws.header["kid"]?.string.flatMap({ KeyID(text: $0) }) else {
                throw TrustFormatError("its header's kid is not a key ID")
            }
            keyID = id
        } catch { throw .malformed(error) }

        guard !trusted.keyset.revoked.contains(keyID) else { throw .revokedKey(keyID) }
        guard let verifier = trusted.verifiers[keyID] else { throw .unknownKey(keyID) }
        guard jws.isSigned(by: verifier) else { throw .wrongSignature(keyID) }

        let certificate: ContentCertificate
        do throws(TrustFormatError) { certificate = try ContentCertificate(payload: jws.payload) } catch {
            throw .malformed(error)
        }
        guard certificate.notBefore - clockSkewLimit <= now else {
            throw .notValidYet(notBefore: certificate.notBefore, now: now)
        }
        guard now < certificate.expiresAt + clockSkewLimit else {
            throw .expired(expiresAt: certificate.expiresAt, now: now)
        }
        let lifetime = certificate.expiresAt - certificate.notBefore
        guard (1...ContentCertificate.lifetimeLimit).contains(lifetime) else { throw .wrongLifetime(seconds: lifetime) }
        guard certificate.site == site else { throw .otherSite(certificate.site) }
        guard url == nil || certificate.url == url else { throw .otherURL(certificate.url) }
        return certificate
    }
}
