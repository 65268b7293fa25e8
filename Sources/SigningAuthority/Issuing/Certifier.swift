import ContentTrust
import Logging
import Signing
import Synchronization

/// The answer to one URL.
enum CertificationResult: Hashable, Sendable {
    /// `layer` is empty when the content is one piece.
    case certified(certificate: [UInt8], layer: [UInt8])
    /// `retry` is in seconds.
    case pending(retry: Int)
    case refused(Refusal)
}

/// Issues certificates from what the registry knows, and has origins fetched for what it does not (Docs/Certificates.md §5).
///
/// Whoever asks never waits for an origin: fetches are started by ``answer(site:urls:)``, but run in ``run()``.
final class Certifier: Sendable {
    private let configuration: AuthorityConfiguration
    private let registry: Registry
    private let fetcher: OriginFetcher
    private let key: SigningKey
    private let clock: AuthorityClock
    private let metrics: AuthorityMetrics
    private let logger: Logger
    private let state: Mutex<IssuingState>
    private let (fetches, startFetch) = AsyncStream.makeStream(of: ContentKey.self)

    init(
        configuration: AuthorityConfiguration,
        registry: Registry,
        resolver: any HostResolver,
        key: SigningKey,
        clock: AuthorityClock,
        metrics: AuthorityMetrics,
        logger: Logger
    ) {
        self.configuration = configuration
        self.registry = registry
        fetcher = OriginFetcher(limits: configuration.fetchLimits, resolver: resolver)
        self.key = key
        self.clock = clock
        self.metrics = metrics
        self.logger = logger
        state = Mutex(IssuingState(configuration))
    }

    /// One answer for each URL, in order. Throws when the registry does not answer.
    func answer(site: WebOrigin, urls texts: [String]) async throws -> [CertificationResult] {
        let urls = texts.map { text in
            Result { () throws(WebAddressError) in try ContentURL(text) }
        }
        let known = try await registry.lookUp(site, urls: urls.compactMap { try? $0.get() })
        let now = clock.now()
        let results = try urls.map { url in
            switch Self.judge(url, of: site, known: known?.site) {
            case .success(let key): try result(key, content: known?.contents[key.url], now: now)
            case .failure(let refusal): CertificationResult.refused(refusal)
            }
        }
        results.forEach(metrics.count)
        return results
    }

    /// What can be said of a URL without asking its origin.
    private static func judge(
        _ url: Result<ContentURL, WebAddressError>,
        of site: WebOrigin,
        known: Site?
    ) -> Result<ContentKey, Refusal> {
        Result { () throws(Refusal) in
            guard let known else {
                throw Refusal(.unknownSite, "\(site) is not registered; register it with: shoal sites add \(site)")
            }
            switch url {
            case .success(let url):
                try FetchPermission(site: known).check(url.origin)
                return ContentKey(site: site, url: url)
            case .failure(let error):
                throw Refusal(.badURL, "The URL cannot be certified: \(error); use the URL that the browser shows.")
            }
        }
    }

    private func result(
        _ key: ContentKey,
        content: CertifiedContent?,
        now: Int
    ) throws -> CertificationResult {
        var start: [ContentKey] = []
        let decision = state.withLock { $0.decide(key, content: content, now: now, start: &start) }
        start.forEach { startFetch.yield($0) }
        switch (decision, content) {
        case (.refuse(let refusal), _): return .refused(refusal)
        case (.certify, let content?): return try certify(key, content)
        case (.certify, nil), (.pending, _): return .pending(retry: configuration.pendingRetry)
        }
    }

    private func certify(_ key: ContentKey, _ known: CertifiedContent) throws -> CertificationResult {
        let tree = known.content.tree
        let certificate = ContentCertificate(
            issuer: configuration.issuer,
            site: key.site,
            url: key.url,
            contentID: tree.contentID,
            length: tree.length,
            mediaType: known.content.mediaType,
            generation: known.generation,
            issuedAt: known.checkedAt,
            notBefore: known.checkedAt,
            expiresAt: validity(of: known).expiresAt
        )
        let compact = try certificate.signed(by: self.key)
        guard compact.count <= ContentCertificate.lengthLimit else {
            let message =
                "The URL is too long: its certificate would have \(compact.count) bytes instead of at most \(ContentCertificate.lengthLimit)."
            return .refused(Refusal(.badURL, message))
        }
        return .certified(certificate: compact, layer: tree.layer)
    }

    private func validity(of content: CertifiedContent) -> Validity {
        Validity(checkedAt: content.checkedAt, lifetime: configuration.certificateLifetime)
    }

    /// For a site whose registration has changed.
    func forgetRefusals(of site: WebOrigin) {
        state.withLock { $0.forgetRefusals(of: site) }
    }
}

// MARK: - Fetching

extension Certifier {
    /// Fetches what was asked for until it is cancelled.
    func run() async {
        await withDiscardingTaskGroup { group in
            for await key in fetches {
                group.addTask { await self.fetch(key) }
            }
        }
    }

    private func fetch(_ key: ContentKey) async {
        var refusal: Refusal?
        do {
            // Read again: another fetch may have ended between the look-up that led here and the decision to fetch.
            if let (site, contents) = try await registry.lookUp(key.site, urls: [key.url]), !isFresh(contents[key.url])
            {
                refusal = try await fetch(key, for: site, known: contents[key.url])
            }
        } catch is CancellationError {
            return
        } catch {
            logger.error("cannot note what was fetched", metadata: ["site": "\(key.site)", "error": "\(error)"])
        }
        let next = state.withLock { $0.finish(key, refusal: refusal, now: clock.now()) }
        if let next { startFetch.yield(next) }
    }

    private func isFresh(_ content: CertifiedContent?) -> Bool {
        content.map { validity(of: $0).stage(now: clock.now()) } == .fresh
    }

    /// The refusal, if it came to one.
    private func fetch(_ key: ContentKey, for site: Site, known: CertifiedContent?) async throws -> Refusal? {
        let start = ContinuousClock.now
        let outcome = try await fetcher.fetch(
            key.url,
            permission: FetchPermission(site: site),
            validators: known?.content.validators
        )
        metrics.record(outcome, took: ContinuousClock.now - start)
        switch outcome {
        case .content(let content): try await registry.record(content, for: key, now: clock.now())
        case .unchanged: try await registry.recordUnchanged(key, now: clock.now())
        case .refused(let refusal):
            // The query is left out: it is where sites put what belongs to one visitor.
            let path = key.url.text.prefix { $0 != "?" }
            logger.info(
                "refused",
                metadata: ["site": "\(key.site)", "url": "\(path)", "code": "\(refusal.code.rawValue)"]
            )
            return refusal
        }
        return nil
    }
}
