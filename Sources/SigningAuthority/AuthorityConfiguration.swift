import ContentTrust

/// Everything that an operator can set of the authority, with its defaults (Docs/Certificates.md §5). Lifetimes are in seconds.
public struct AuthorityConfiguration: Sendable {
    /// Where keys and the registry are kept; made, for the owner only, if it is missing.
    public var dataDirectory: String
    /// `iss` of everything that is signed.
    public var issuer = "shoal"
    /// The algorithm of keys that are made at the first start.
    public var keyAlgorithm = SignatureAlgorithm.es256

    public var publicHost = "127.0.0.1"
    /// 0 lets the system choose.
    public var publicPort = 8_100
    public var adminHost = "127.0.0.1"
    /// 0 lets the system choose.
    public var adminPort = 9_100

    /// How long a certificate is valid after its content was checked with the origin; at most 3,600.
    public var certificateLifetime = 300
    /// How long a keyset is valid; a new one is signed when half of it is over.
    public var keysetLifetime = 86_400
    /// How long a refusal is remembered before the origin is asked again.
    public var refusalLifetime = 60
    /// After how many seconds a caller is told to ask again about content that is being fetched.
    public var pendingRetry = 1

    /// Origins fetched from at once.
    public var fetchConcurrency = 4
    /// Contents waiting to be fetched; more are `pending`, but not noted.
    public var fetchQueueLimit = 1_024
    /// Refusals remembered; the oldest make room.
    public var refusalMemoryLimit = 10_000
    /// Contents remembered for one site; those unchecked for longest make room.
    public var contentCountLimit = 100_000
    /// Sites that can be registered.
    public var siteCountLimit = 10_000
    /// Content origins of one site.
    public static let contentOriginLimit = 64

    public var fetchLimits = FetchLimits()

    public init(dataDirectory: String) { self.dataDirectory = dataDirectory }

    /// Throws for the first value that makes no sense, and names it.
    func validate() throws(AuthorityError) {
        let values: [(String, Int, ClosedRange<Int>)] = [
            ("certificate-lifetime", certificateLifetime, 1...3_600),
            ("keyset-lifetime", keysetLifetime, 60...31_536_000),
            ("refusal-lifetime", refusalLifetime, 0...86_400),
            ("pending-retry", pendingRetry, 1...3_600),
            ("fetch-concurrency", fetchConcurrency, 1...1_024),
            ("fetch-queue-limit", fetchQueueLimit, 0...1_000_000),
            ("refusal-memory-limit", refusalMemoryLimit, 1...10_000_000),
            ("content-count-limit", contentCountLimit, 1...100_000_000),
            ("site-count-limit", siteCountLimit, 1...1_000_000),
            ("content-size-limit", fetchLimits.contentSize, 1...1 << 30),
            ("redirect-limit", fetchLimits.redirects, 0...20),
            ("public-port", publicPort, 0...65_535),
            ("admin-port", adminPort, 0...65_535),
            ("issuer (its length)", issuer.utf8.count, 1...256),
        ]
        for (name, value, range) in values where !range.contains(value) {
            throw .configuration("\(name) is \(value); \(range.lowerBound) to \(range.upperBound) are allowed")
        }
    }
}

/// How much an origin may give, and how slowly.
public struct FetchLimits: Sendable {
    /// Bytes of one content.
    public var contentSize = 1 << 30
    /// Redirects followed.
    public var redirects = 5
    /// For one connection attempt, TLS included.
    public var connectTimeout = Duration.seconds(5)
    /// From the beginning of a request, connecting included, to the head of its response.
    public var firstByteTimeout = Duration.seconds(10)
    /// Without a single byte.
    public var idleTimeout = Duration.seconds(60)
    /// From the resolution of the name to the last byte, redirects included.
    public var totalTimeout = Duration.seconds(600)

    public init() {}
}

/// Why the authority cannot start or work.
public enum AuthorityError: Error, Hashable, Sendable {
    case configuration(String)
    case dataDirectory(path: String, reason: String)
    case registry(String)
    case keys(String)
}

extension AuthorityError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .configuration(let reason): "The configuration is wrong: \(reason)."
        case .dataDirectory(let path, let reason): "The data directory \(path) \(reason)."
        case .registry(let reason): "The registry cannot be used: \(reason)."
        case .keys(let reason): "The keys cannot be used: \(reason)."
        }
    }
}
