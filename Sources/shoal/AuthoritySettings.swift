import ContentTrust
import Settings
import SigningAuthority

/// The settings of the signing authority (Docs/Certificates.md §5).
enum AuthoritySettings {
    private static let defaults = AuthorityConfiguration(dataDirectory: "")

    static let publicAddress = Setting<ListenAddress>(
        "public-address",
        .address,
        default: "127.0.0.1:8100",
        help: "Where tracker nodes ask for certificates; port 0 takes any free one."
    )
    static let adminAddress = Setting<ListenAddress>(
        "admin-address",
        .address,
        default: "127.0.0.1:9100",
        help: "Sites, health and metrics; never for the public."
    )
    static let defaultDataDirectory = ".shoal"
    static let dataDirectory = Setting<String>(
        "data-directory",
        .text("DIR"),
        default: defaultDataDirectory,
        help: "Keys and the registry of sites and certified content."
    )

    static let issuer = Setting<String>(
        "issuer",
        .text("NAME"),
        default: defaults.issuer,
        help: "The authority's name in what it signs."
    )
    static let keyAlgorithm = Setting<String>(
        "key-algorithm",
        .oneOf("ES256", "Ed25519"),
        default: "ES256",
        help: "The algorithm of keys made at the first start."
    )
    static let certificateLifetime = Setting<Int>(
        "certificate-lifetime",
        .integer(1...3_600),
        default: "\(defaults.certificateLifetime)",
        help: "Seconds for which a certificate is valid."
    )
    static let keysetLifetime = Setting<Int>(
        "keyset-lifetime",
        .integer(60...31_536_000),
        default: "\(defaults.keysetLifetime)",
        help: "Seconds for which a keyset is valid; a new one is signed when half of them are over."
    )
    static let refusalLifetime = Setting<Int>(
        "refusal-lifetime",
        .integer(0...86_400),
        default: "\(defaults.refusalLifetime)",
        help: "Seconds until a refused URL is tried again."
    )
    static let pendingRetry = Setting<Int>(
        "pending-retry",
        .integer(1...3_600),
        default: "\(defaults.pendingRetry)",
        help: "Seconds after which a caller is told to ask again about content that is being fetched."
    )
    static let fetchConcurrency = Setting<Int>(
        "fetch-concurrency",
        .integer(1...1_024),
        default: "\(defaults.fetchConcurrency)",
        help: "Contents fetched at the same time."
    )
    static let fetchQueueLimit = Setting<Int>(
        "fetch-queue-limit",
        .integer(0...1_000_000),
        default: "\(defaults.fetchQueueLimit)",
        help: "Contents waiting to be fetched."
    )
    static let refusalMemoryLimit = Setting<Int>(
        "refusal-memory-limit",
        .integer(1...10_000_000),
        default: "\(defaults.refusalMemoryLimit)",
        help: "Refusals remembered; the oldest make room."
    )
    static let contentCountLimit = Setting<Int>(
        "content-count-limit",
        .integer(1...100_000_000),
        default: "\(defaults.contentCountLimit)",
        help: "Contents remembered for one site; those not asked about for longest make room."
    )
    static let siteCountLimit = Setting<Int>(
        "site-count-limit",
        .integer(1...1_000_000),
        default: "\(defaults.siteCountLimit)",
        help: "Sites that can be registered."
    )
    static let contentSizeLimit = Setting<Int>(
        "content-size-limit",
        .integer(1...1_073_741_824),
        default: "\(defaults.fetchLimits.contentSize)",
        help: "Bytes of one content."
    )
    static let redirectLimit = Setting<Int>(
        "redirect-limit",
        .integer(0...20),
        default: "\(defaults.fetchLimits.redirects)",
        help: "Redirects followed."
    )
    static let connectTimeout = seconds(
        "connect-timeout",
        defaults.fetchLimits.connectTimeout,
        "Seconds for connecting to an origin."
    )
    static let firstByteTimeout = seconds(
        "first-byte-timeout",
        defaults.fetchLimits.firstByteTimeout,
        "Seconds until an origin begins to answer."
    )
    static let fetchIdleTimeout = seconds(
        "fetch-idle-timeout",
        defaults.fetchLimits.idleTimeout,
        "Seconds without a byte from an origin."
    )
    static let fetchTimeout = seconds(
        "fetch-timeout",
        defaults.fetchLimits.totalTimeout,
        "Seconds for fetching one content in all."
    )

    private static func seconds(_ name: String, _ fallback: Duration, _ help: String) -> Setting<Int> {
        Setting<Int>(name, .integer(1...86_400), default: "\(fallback.components.seconds)", help: help)
    }

    /// What applies however the authority is started.
    static let common: [SettingDeclaration] = [
        dataDirectory.declaration, issuer.declaration, keyAlgorithm.declaration, certificateLifetime.declaration,
        keysetLifetime.declaration, refusalLifetime.declaration, pendingRetry.declaration, fetchConcurrency.declaration,
        fetchQueueLimit.declaration, refusalMemoryLimit.declaration, contentCountLimit.declaration,
        siteCountLimit.declaration, contentSizeLimit.declaration, redirectLimit.declaration, connectTimeout.declaration,
        firstByteTimeout.declaration, fetchIdleTimeout.declaration, fetchTimeout.declaration,
    ]

    /// The authority's configuration from the common settings.
    static func configuration(
        _ settings: ResolvedSettings,
        publicAddress: ListenAddress,
        adminAddress: ListenAddress
    ) throws(SettingsError) -> AuthorityConfiguration {
        var configuration = AuthorityConfiguration(dataDirectory: try settings.value(dataDirectory))
        configuration.publicHost = publicAddress.host
        configuration.publicPort = publicAddress.port
        configuration.adminHost = adminAddress.host
        configuration.adminPort = adminAddress.port
        configuration.issuer = try settings.value(issuer)
        configuration.keyAlgorithm = try settings.value(keyAlgorithm) == "Ed25519" ? .ed25519 : .es256
        configuration.certificateLifetime = try settings.value(certificateLifetime)
        configuration.keysetLifetime = try settings.value(keysetLifetime)
        configuration.refusalLifetime = try settings.value(refusalLifetime)
        configuration.pendingRetry = try settings.value(pendingRetry)
        configuration.fetchConcurrency = try settings.value(fetchConcurrency)
        configuration.fetchQueueLimit = try settings.value(fetchQueueLimit)
        configuration.refusalMemoryLimit = try settings.value(refusalMemoryLimit)
        configuration.contentCountLimit = try settings.value(contentCountLimit)
        configuration.siteCountLimit = try settings.value(siteCountLimit)
        configuration.fetchLimits.contentSize = try settings.value(contentSizeLimit)
        configuration.fetchLimits.redirects = try settings.value(redirectLimit)
        configuration.fetchLimits.connectTimeout = .seconds(try settings.value(connectTimeout))
        configuration.fetchLimits.firstByteTimeout = .seconds(try settings.value(firstByteTimeout))
        configuration.fetchLimits.idleTimeout = .seconds(try settings.value(fetchIdleTimeout))
        configuration.fetchLimits.totalTimeout = .seconds(try settings.value(fetchTimeout))
        return configuration
    }
}
