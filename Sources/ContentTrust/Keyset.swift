/// What a keyset says (Docs/Certificates.md §4). Times are seconds since 1970.
public struct Keyset: Hashable, Sendable {
    /// `typ` of its header.
    static let type = "shoal-keyset"
    /// The longest keyset in bytes (§2.3).
    public static let lengthLimit = 32_768
    public static let keyCount = 1...16
    public static let revokedCountLimit = 256

    /// `iss`: the authority's name.
    public var issuer: String
    /// `ver`: from 1; grows with every change.
    public var version: Int
    /// `iat`
    public var issuedAt: Int
    /// `exp`
    public var expiresAt: Int
    /// `keys`
    public var keys: [JSONWebKey]
    /// `revoked`: keys that verify nothing any more.
    public var revoked: Set<KeyID>

    public init(
        issuer: String,
        version: Int,
        issuedAt: Int,
        expiresAt: Int,
        keys: [JSONWebKey],
        revoked: Set<KeyID>
    ) {
        self.issuer = issuer
        self.version = version
        self.issuedAt = issuedAt
        self.expiresAt = expiresAt
        self.keys = keys
        self.revoked = revoked
    }

    init(payload: JSONObject) throws(TrustFormatError) {
        let claims = Claims(payload: payload)
        issuer = try claims.text("iss", lengthLimit: ContentCertificate.issuerLengthLimit)
        version = try claims.integer("ver", from: 1)
        issuedAt = try claims.integer("iat")
        expiresAt = try claims.integer("exp")
        keys = []
        for json in try claims.array("keys", count: Self.keyCount) {
            keys.append(try JSONWebKey(json: json, demandsID: true))
        }
        revoked = []
        for json in try claims.array("revoked", count: 0...Self.revokedCountLimit) {
            guard let text = json.string, let id = KeyID(text: text) else {
                throw claims.wrong("revoked", "an array of key IDs")
            }
            revoked.insert(id)
        }
    }

    /// The keyset as compact JWS, with the root's public key in its header.
    public func signed<S: Signer>(by root: S) throws(S.Failure) -> [UInt8] {
        try JSONWebSignature.compact(
            header: ["jwk": root.publicKey.json, "typ": .string(Self.type)],
            payload: [
                "iss": .string(issuer),
                "ver": .integer(version),
                "iat": .integer(issuedAt),
                "exp": .integer(expiresAt),
                "keys": .array(keys.map(\.json)),
                "revoked": .array(revoked.map(\.text).sorted().map { .string($0) }),
            ],
            signer: root
        )
    }
}
