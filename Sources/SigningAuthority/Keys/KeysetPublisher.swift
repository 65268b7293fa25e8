import ContentTrust
import Signing

/// Has a valid keyset at any time: signs a new one when the keys changed or half of its life is over, and notes it before it is given out.
actor KeysetPublisher {
    private let keys: AuthorityKeys
    private let issuer: String
    /// Seconds.
    private let lifetime: Int
    private let registry: Registry
    private var newest: (keyset: Keyset, compact: [UInt8])?

    /// Takes up the newest keyset that the registry knows. Throws when it was signed by another root.
    init(keys: AuthorityKeys, issuer: String, lifetime: Int, registry: Registry) throws {
        self.keys = keys
        self.issuer = issuer
        self.lifetime = lifetime
        self.registry = registry
        guard let issued = try registry.newestKeyset() else { return }
        do throws(KeysetError) {
            // Judged as of its own time: that it has expired meanwhile does not make its version anybody else's.
            var judge = KeysetJudge<VerifyingKey>(root: keys.root.publicKey.id)
            newest = (try judge.judge(issued.compact, now: issued.issuedAt).keyset, issued.compact)
        } catch {
            throw AuthorityError.keys("the newest keyset of the registry is not of this root key: \(error)")
        }
    }

    /// The keyset as compact JWS. `now` is in seconds since 1970.
    func current(now: Int) throws -> [UInt8] {
        if let newest, !needsSuccessor(newest.keyset, now: now) { return newest.compact }
        let keyset = Keyset(
            issuer: issuer,
            version: (newest?.keyset.version ?? 0) + 1,
            issuedAt: now,
            expiresAt: now + lifetime,
            keys: [keys.signing.publicKey],
            revoked: []
        )
        let compact = try keyset.signed(by: keys.root)
        try registry.append(IssuedKeyset(version: keyset.version, issuedAt: now, compact: compact))
        newest = (keyset, compact)
        return compact
    }

    private func needsSuccessor(_ keyset: Keyset, now: Int) -> Bool {
        let age = now - keyset.issuedAt
        return keyset.keys != [keys.signing.publicKey] || keyset.issuer != issuer
            || age < 0 || 2 * age >= keyset.expiresAt - keyset.issuedAt
    }
}
