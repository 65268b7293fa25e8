/// How far clocks may differ, in seconds (Docs/Certificates.md §3.1, §4.1).
let clockSkewLimit = 30

/// Judges keysets for one pinned root (Docs/Certificates.md §4.1) and remembers the highest version it accepted.
public struct KeysetJudge<Verifier: SignatureVerifier>: Sendable {
    public let root: KeyID
    /// The highest version accepted so far; 0 before the first.
    public private(set) var acceptedVersion: Int

    /// - Parameter acceptedVersion: what an earlier judge of the same root had accepted.
    public init(root: KeyID, acceptedVersion: Int = 0) {
        self.root = root
        self.acceptedVersion = acceptedVersion
    }

    /// - Parameter now: seconds since 1970.
    public mutating func judge(_ compact: [UInt8], now: Int) throws(KeysetError) -> TrustedKeyset<Verifier> {
        let (jws, key, rootVerifier): (JSONWebSignature, JSONWebKey, Verifier)
        do throws(TrustFormatError) {
            jws = try JSONWebSignature(compact: compact, lengthLimit: Keyset.lengthLimit)
            guard jws.header["typ"]?.string == Keyset.type else {
                throw TrustFormatError("its header's typ is not \(Keyset.type)")
            }
            guard let json = jws.header["jwk"] else { throw TrustFormatError("its header has no jwk") }
            key = try JSONWebKey(json: json, demandsID: false)
        } catch { throw .malformed(error) }
        guard key.id == root else { throw .otherRoot(key.id, pinned: root) }
        do throws(TrustFormatError) { rootVerifier = try Verifier(key) } catch { throw .malformed(error) }
        guard jws.isSigned(by: rootVerifier) else { throw .wrongSignature }

        let keyset: Keyset
        do throws(TrustFormatError) { keyset = try Keyset(payload: jws.payload) } catch { throw .malformed(error) }
        guard keyset.issuedAt - clockSkewLimit <= now else { throw .notValidYet(issuedAt: keyset.issuedAt, now: now) }
        guard now < keyset.expiresAt + clockSkewLimit else { throw .expired(expiresAt: keyset.expiresAt, now: now) }

        var verifiers: [KeyID: Verifier] = [:]
        for key in keyset.keys {
            guard verifiers[key.id] == nil else { throw .duplicateKey(key.id) }
            do throws(TrustFormatError) { verifiers[key.id] = try Verifier(key) } catch { throw .malformed(error) }
        }
        guard keyset.version >= acceptedVersion else {
            throw .rolledBack(version: keyset.version, accepted: acceptedVersion)
        }
        acceptedVersion = keyset.version
        return TrustedKeyset(keyset: keyset, compact: compact, verifiers: verifiers)
    }
}

/// A keyset that was judged and accepted, with its keys held ready for verifying.
public struct TrustedKeyset<Verifier: SignatureVerifier>: Sendable {
    public let keyset: Keyset
    /// The JWS it came as, to be passed on.
    public let compact: [UInt8]
    let verifiers: [KeyID: Verifier]
}
