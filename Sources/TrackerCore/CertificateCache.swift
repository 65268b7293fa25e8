import ContentTrust
import TrackerProtocol

/// What a node knows of the certificates of URLs, and who waits for which: each URL is asked of the authority once at a time.
///
/// A value without IO. Whoever owns it asks the authority for what ``ask(_:site:urls:now:)`` returns, and reports with ``answered(_:_:now:)``.
public struct CertificateCache: Sendable {
    /// URLs remembered in one of two generations; one takes about 2 KiB with a typical layer.
    public static let generationSize = 16_384
    /// URLs that may be asked of the authority at the same time.
    public static let inFlightLimit = 4_096
    /// Seconds for which a refusal is repeated without asking again.
    public static let refusalLifetime = 30
    /// Seconds for which "the authority cannot be reached" is repeated without trying again.
    public static let outageLifetime = 1

    /// The longest time in seconds after which a pending URL is asked for again, whatever the authority says.
    public static let retryLimit = 3_600

    /// One URL of one site.
    public struct Key: Hashable, Sendable {
        public var site: WebOrigin
        public var url: String

        public init(site: WebOrigin, url: String) {
            self.site = site
            self.url = url
        }
    }

    /// What one asker is to be told, in the order of its URLs.
    public struct Answer: Equatable, Sendable {
        public var ticket: Int
        public var results: [CertificateLookUp]
    }

    private struct Known {
        var result: CertificateLookUp
        /// Asked for again from here on, while it is still given out.
        var refreshAt: Int
        /// Given out before this second.
        var expires: Int
    }

    private struct Waiting {
        var results: [CertificateLookUp?]
        var missing: Int
    }

    private var known = GenerationalCache<Key, Known>(generationSize: generationSize)
    /// The places in askers' results that wait for a URL; none for a URL that is only being refreshed.
    private var inFlight: [Key: [(ticket: Int, index: Int)]] = [:]
    private var waiting: [Int: Waiting] = [:]

    public init() {}

    /// URLs that the authority is being asked for.
    public var inFlightCount: Int { inFlight.count }

    /// Asks for URLs of a site.
    ///
    /// - Parameter ticket: names the asker; not in use.
    /// - Returns: the answer, when all of it is known; and what the authority is now to be asked for.
    public mutating func ask(
        _ ticket: Int,
        site: WebOrigin,
        urls: [String],
        now: Int
    ) -> (answer: Answer?, fetch: [Key]) {
        var results = [CertificateLookUp?](repeating: nil, count: urls.count)
        var fetch: [Key] = []
        for (index, url) in urls.enumerated() {
            let key = Key(site: site, url: url)
            if let known = known.use(key), now < known.expires {
                results[index] = known.result
                guard now >= known.refreshAt, inFlight[key] == nil, inFlight.count < Self.inFlightLimit else {
                    continue
                }
                inFlight[key] = []
                fetch.append(key)
            } else if inFlight[key] != nil {
                inFlight[key]?.append((ticket, index))
            } else if inFlight.count < Self.inFlightLimit {
                inFlight[key] = [(ticket, index)]
                fetch.append(key)
            } else {
                results[index] = .pending(retry: Self.outageLifetime)
            }
        }
        let missing = results.count { $0 == nil }
        guard missing > 0 else { return (Answer(ticket: ticket, results: results.compactMap { $0 }), fetch) }
        waiting[ticket] = Waiting(results: results, missing: missing)
        return (nil, fetch)
    }

    /// The authority has answered, or could not be reached, for a URL that it was asked for.
    ///
    /// - Returns: the answers that are complete now.
    public mutating func answered(_ key: Key, _ result: CertificateLookUp, now: Int) -> [Answer] {
        var result = result
        if case .pending(let retry) = result { result = .pending(retry: min(max(1, retry), Self.retryLimit)) }
        remember(key, result, now: now)
        var complete: [Answer] = []
        for (ticket, index) in inFlight.removeValue(forKey: key) ?? [] {
            guard var asker = waiting[ticket] else { continue }
            asker.results[index] = result
            asker.missing -= 1
            waiting[ticket] = asker
            guard asker.missing == 0 else { continue }
            waiting[ticket] = nil
            complete.append(Answer(ticket: ticket, results: asker.results.compactMap { $0 }))
        }
        return complete
    }

    private mutating func remember(_ key: Key, _ result: CertificateLookUp, now: Int) {
        let lifetime: Int
        switch result {
        case .certified(let certificate, _):
            let refreshAt = certificate.expires - (certificate.expires - certificate.notBefore) / 3
            known[key] = Known(result: result, refreshAt: refreshAt, expires: certificate.expires)
            return
        case .pending(let retry): lifetime = retry
        case .refused(let error): lifetime = error.code == .unavailable ? Self.outageLifetime : Self.refusalLifetime
        }
        // A certificate that is still valid outlives the outage of the authority that it should have been renewed by.
        if case .refused(let error) = result, error.code == .unavailable, var old = known[key],
            case .certified = old.result, now < old.expires
        {
            old.refreshAt = now + lifetime
            known[key] = old
            return
        }
        known[key] = Known(result: result, refreshAt: now + lifetime, expires: now + lifetime)
    }

    /// Forgets every certificate, because the keyset has changed and each has to be judged anew.
    public mutating func forget() {
        known = GenerationalCache(generationSize: Self.generationSize)
    }
}
