/// What a content certificate says (Docs/Certificates.md §3). Times are seconds since 1970.
public struct ContentCertificate: Hashable, Sendable {
    /// `typ` of its header.
    static let type = "shoal-certificate"
    /// The longest certificate in bytes (§2.3).
    public static let lengthLimit = 2_048
    public static let mediaTypeLengthLimit = 256
    public static let issuerLengthLimit = 256
    /// The longest time from `nbf` to `exp` in seconds (§3.1).
    public static let lifetimeLimit = 3_600

    /// `iss`: the authority's name.
    public var issuer: String
    /// `aud`
    public var site: WebOrigin
    /// `url`
    public var url: ContentURL
    /// `cid`
    public var contentID: ContentID
    /// `len`: of the decoded content, in bytes, 1 or more.
    public var length: Int
    /// `typ`: the origin's `Content-Type`.
    public var mediaType: String
    /// `gen`: grows with every change of the URL's content.
    public var generation: Int
    /// `iat`
    public var issuedAt: Int
    /// `nbf`
    public var notBefore: Int
    /// `exp`
    public var expiresAt: Int

    public init(
        issuer: String,
        site: WebOrigin,
        url: ContentURL,
        contentID: ContentID,
        length: Int,
        mediaType: String,
        generation: Int,
        issuedAt: Int,
        notBefore: Int,
        expiresAt: Int
    ) {
        self.issuer = issuer
        self.site = site
        self.url = url
        self.contentID = contentID
        self.length = length
        self.mediaType = mediaType
        self.generation = generation
        self.issuedAt = issuedAt
        self.notBefore = notBefore
        self.expiresAt = expiresAt
    }

    /// `pln`: follows from the length (§1.2).
    public var pieceLength: PieceLength { PieceLength(contentLength: length) }

    init(payload: JSONObject) throws(TrustFormatError) {
        let claims = Claims(payload: payload)
        issuer = try claims.text("iss", lengthLimit: Self.issuerLengthLimit)
        let site = try claims.text("aud", lengthLimit: ContentURL.lengthLimit)
        do throws(WebAddressError) { self.site = try WebOrigin(site) } catch {
            throw TrustFormatError("its claim aud is not an origin: \(error)")
        }
        let url = try claims.text("url", lengthLimit: ContentURL.lengthLimit)
        do throws(WebAddressError) { self.url = try ContentURL(url) } catch {
            throw TrustFormatError("its claim url is not a URL: \(error)")
        }
        guard let contentID = ContentID(text: try claims.text("cid", lengthLimit: ContentID.textLength)) else {
            throw claims.wrong("cid", "a content ID")
        }
        self.contentID = contentID
        length = try claims.integer("len", from: 1)
        let pieceLength = try claims.integer("pln")
        mediaType = try claims.text("typ", lengthLimit: Self.mediaTypeLengthLimit)
        generation = try claims.integer("gen", from: 1)
        issuedAt = try claims.integer("iat")
        notBefore = try claims.integer("nbf")
        expiresAt = try claims.integer("exp")
        guard pieceLength == self.pieceLength.bytes else {
            throw claims.wrong("pln", "\(self.pieceLength.bytes), as its length demands")
        }
    }

    private var payload: JSONObject {
        [
            "iss": .string(issuer),
            "aud": .string(site.text),
            "url": .string(url.text),
            "cid": .string(contentID.text),
            "len": .integer(length),
            "pln": .integer(pieceLength.bytes),
            "typ": .string(mediaType),
            "gen": .integer(generation),
            "iat": .integer(issuedAt),
            "nbf": .integer(notBefore),
            "exp": .integer(expiresAt),
        ]
    }

    /// The certificate as compact JWS. Whoever issues it checks ``lengthLimit``: a long URL may not fit.
    public func signed<S: Signer>(by signer: S) throws(S.Failure) -> [UInt8] {
        try JSONWebSignature.compact(
            header: ["kid": .string(signer.publicKey.id.text), "typ": .string(Self.type)],
            payload: payload,
            signer: signer
        )
    }
}
