import ContentTrust
import Signing
import Testing

/// An authority in miniature: a root, a signing key, and what they sign.
struct JudgingFixture {
    static let now = 1_800_000_000

    let root: SigningKey
    let key: SigningKey
    let site: WebOrigin
    let url: ContentURL
    var keyset: Keyset
    var certificate: ContentCertificate

    init(_ algorithm: SignatureAlgorithm = .es256) throws {
        root = try SigningKey.generate(algorithm)
        key = try SigningKey.generate(algorithm)
        site = try WebOrigin("https://site.example")
        url = try ContentURL("https://site.example/video.mp4")
        keyset = Keyset(
            issuer: "authority.example",
            version: 3,
            issuedAt: Self.now - 100,
            expiresAt: Self.now + 86_400,
            keys: [key.publicKey],
            revoked: []
        )
        certificate = ContentCertificate(
            issuer: "authority.example",
            site: site,
            url: url,
            contentID: try #require(ContentID(bytes: SHA256.hash([1]))),
            length: 300_000,
            mediaType: "video/mp4",
            generation: 7,
            issuedAt: Self.now,
            notBefore: Self.now,
            expiresAt: Self.now + 300
        )
    }

    func trusted(_ keyset: Keyset? = nil) throws -> TrustedKeyset<VerifyingKey> {
        var judge = KeysetJudge<VerifyingKey>(root: root.publicKey.id)
        return try judge.judge((keyset ?? self.keyset).signed(by: root), now: Self.now)
    }

    func judge(_ compact: [UInt8], now: Int = Self.now) throws -> ContentCertificate {
        try CertificateJudge(trusted()).judge(compact, site: site, url: url, now: now)
    }

    /// Signs any header and payload, also such as the library would not write.
    func sign(header: JSONObject, payload: JSONObject, key: SigningKey) throws -> [UInt8] {
        var text = Base64URL.encodedBytes(JSONValue.object(header).encoded)
        text += [UInt8(ascii: ".")] + Base64URL.encodedBytes(JSONValue.object(payload).encoded)
        let signature = try key.sign(text)
        return text + [UInt8(ascii: ".")] + Base64URL.encodedBytes(signature)
    }

    /// Takes a signed text apart, changes it, and signs it again.
    func resigned(
        _ compact: [UInt8],
        by key: SigningKey,
        header changeHeader: (inout [String: JSONValue]) -> Void = { _ in },
        payload changePayload: (inout [String: JSONValue]) -> Void = { _ in }
    ) throws -> [UInt8] {
        let jws = try JSONWebSignature(compact: compact, lengthLimit: Keyset.lengthLimit)
        func changed(_ object: JSONObject, _ change: (inout [String: JSONValue]) -> Void) -> JSONObject {
            var fields = Dictionary(uniqueKeysWithValues: object.fields.map { ($0.name, $0.value) })
            change(&fields)
            var result = JSONObject()
            for (name, value) in fields.sorted(by: { $0.key < $1.key }) { _ = result.append(name, value) }
            return result
        }
        return try sign(
            header: changed(jws.header, changeHeader),
            payload: changed(jws.payload, changePayload),
            key: key
        )
    }
}
