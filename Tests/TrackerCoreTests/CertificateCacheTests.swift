import ContentTrust
import Testing
import TrackerProtocol

@testable import TrackerCore

/// Which URLs the authority is asked for, and what is remembered of its answers.
@Suite struct CertificateCacheTests {
    private let site = Sample.site()
    private let now = 1_800_000_000
    private let issued = IssuedCertificate(text: "a.b.c", layer: "")

    private func key(_ number: Int, site: WebOrigin = Sample.site()) -> CertificateCache.Key {
        CertificateCache.Key(site: site, url: Sample.url(number))
    }

    /// Certified for 300 s from `start` on.
    private func certified(_ number: Int, from start: Int) -> CertificateLookUp {
        let verdict = JudgedCertificate(
            content: Sample.content(number),
            url: Sample.url(number),
            notBefore: start,
            expires: start + 300
        )
        return .certified(verdict, issued)
    }

    private let outage = CertificateLookUp.refused(ProtocolError(.unavailable, "out of reach"))
    private let refusal = CertificateLookUp.refused(ProtocolError(.notCertifiable, "no"))

    /// A cache that knows the answer for URL 1.
    private func cache(knowing result: CertificateLookUp) -> CertificateCache {
        var cache = CertificateCache()
        _ = cache.ask(1, site: site, urls: [Sample.url(1)], now: now)
        _ = cache.answered(key(1), result, now: now)
        return cache
    }

    @Test func asksTheAuthorityOnceForManyAskers() {
        var cache = CertificateCache()
        let first = cache.ask(1, site: site, urls: [Sample.url(1)], now: now)
        #expect(first.answer == nil)
        #expect(first.fetch == [key(1)])
        for ticket in 2...50 {
            let later = cache.ask(ticket, site: site, urls: [Sample.url(1)], now: now)
            #expect(later.answer == nil)
            #expect(later.fetch == [])
        }
        #expect(cache.inFlightCount == 1)
        let result = certified(1, from: now)
        let answers = cache.answered(key(1), result, now: now)
        #expect(answers == (1...50).map { CertificateCache.Answer(ticket: $0, results: [result]) })
        #expect(cache.inFlightCount == 0)
        #expect(cache.ask(51, site: site, urls: [Sample.url(1)], now: now).answer?.results == [result])
        // An answer that nobody waits for, or that comes twice, does no harm.
        #expect(cache.answered(key(1), result, now: now) == [])
    }

    @Test func answersWhenAllOfAnAskersURLsAreKnownAndInTheirOrder() {
        var cache = cache(knowing: certified(1, from: now))
        let asked = cache.ask(9, site: site, urls: [3, 1, 2, 3].map(Sample.url), now: now)
        #expect(asked.answer == nil)
        #expect(asked.fetch == [key(3), key(2)])
        #expect(cache.answered(key(2), refusal, now: now) == [])
        let three = certified(3, from: now)
        #expect(
            cache.answered(key(3), three, now: now)
                == [CertificateCache.Answer(ticket: 9, results: [three, certified(1, from: now), refusal, three])]
        )
    }

    @Test func keepsSitesApart() {
        var cache = cache(knowing: certified(1, from: now))
        let other = Sample.site("https://other.example")
        let asked = cache.ask(2, site: other, urls: [Sample.url(1)], now: now)
        #expect(asked.answer == nil)
        #expect(asked.fetch == [key(1, site: other)])
    }

    /// In the last third of its life a certificate is renewed, once, while it is still given out.
    @Test func renewsInTheLastThird() {
        let result = certified(1, from: now)
        var cache = cache(knowing: result)
        #expect(cache.ask(2, site: site, urls: [Sample.url(1)], now: now + 199).fetch == [])
        let renewing = cache.ask(3, site: site, urls: [Sample.url(1)], now: now + 200)
        #expect(renewing.answer?.results == [result])
        #expect(renewing.fetch == [key(1)])
        #expect(cache.ask(4, site: site, urls: [Sample.url(1)], now: now + 201).fetch == [])
        let renewed = certified(1, from: now + 201)
        #expect(cache.answered(key(1), renewed, now: now + 201) == [])
        #expect(cache.ask(5, site: site, urls: [Sample.url(1)], now: now + 202).answer?.results == [renewed])
    }

    @Test func givesNothingOutThatHasExpired() {
        var cache = cache(knowing: certified(1, from: now))
        #expect(cache.ask(2, site: site, urls: [Sample.url(1)], now: now + 299).answer != nil)
        _ = cache.answered(key(1), certified(1, from: now), now: now + 299)
        let late = cache.ask(3, site: site, urls: [Sample.url(1)], now: now + 300)
        #expect(late.answer == nil)
        #expect(late.fetch == [key(1)])
    }

    /// A certificate that expires while it is being renewed: who asks then waits for the renewal.
    @Test func waitsForARenewalThatTakesTooLong() {
        var cache = cache(knowing: certified(1, from: now))
        _ = cache.ask(2, site: site, urls: [Sample.url(1)], now: now + 250)
        let late = cache.ask(3, site: site, urls: [Sample.url(1)], now: now + 300)
        #expect(late.answer == nil)
        #expect(late.fetch == [])
        #expect(
            cache.answered(key(1), outage, now: now + 300) == [CertificateCache.Answer(ticket: 3, results: [outage])]
        )
    }

    @Test func keepsAValidCertificateThroughAnOutage() {
        let result = certified(1, from: now)
        var cache = cache(knowing: result)
        #expect(cache.ask(2, site: site, urls: [Sample.url(1)], now: now + 250).fetch == [key(1)])
        _ = cache.answered(key(1), outage, now: now + 250)
        let kept = cache.ask(3, site: site, urls: [Sample.url(1)], now: now + 250)
        #expect(kept.answer?.results == [result])
        #expect(kept.fetch == [])
        // The authority is tried again, but not at once.
        let again = cache.ask(4, site: site, urls: [Sample.url(1)], now: now + 250 + CertificateCache.outageLifetime)
        #expect(again.answer?.results == [result])
        #expect(again.fetch == [key(1)])
    }

    @Test func repeatsAnOutageAndARefusalForTheirLifetimes() {
        for (result, lifetime) in [
            (outage, CertificateCache.outageLifetime), (refusal, CertificateCache.refusalLifetime),
        ] {
            var cache = cache(knowing: result)
            let repeated = cache.ask(2, site: site, urls: [Sample.url(1)], now: now + lifetime - 1)
            #expect(repeated.answer?.results == [result])
            #expect(repeated.fetch == [])
            #expect(cache.ask(3, site: site, urls: [Sample.url(1)], now: now + lifetime).fetch == [key(1)])
        }
    }

    /// A refusal, unlike an outage, takes the place of a certificate.
    @Test func letsARefusalReplaceACertificate() {
        var cache = cache(knowing: certified(1, from: now))
        _ = cache.ask(2, site: site, urls: [Sample.url(1)], now: now + 250)
        _ = cache.answered(key(1), refusal, now: now + 250)
        #expect(cache.ask(3, site: site, urls: [Sample.url(1)], now: now + 251).answer?.results == [refusal])
    }

    @Test(arguments: [(-5, 1), (0, 1), (1, 1), (7, 7), (.max, CertificateCache.retryLimit)])
    func repeatsPendingUntilItsRetry(retry: Int, lifetime: Int) {
        var cache = cache(knowing: .pending(retry: retry))
        let repeated = cache.ask(2, site: site, urls: [Sample.url(1)], now: now + lifetime - 1)
        #expect(repeated.answer?.results == [.pending(retry: lifetime)])
        #expect(repeated.fetch == [])
        #expect(cache.ask(3, site: site, urls: [Sample.url(1)], now: now + lifetime).fetch == [key(1)])
    }

    @Test func asksForNoMoreThanTheInFlightLimit() {
        var cache = CertificateCache()
        for number in 0..<CertificateCache.inFlightLimit {
            #expect(cache.ask(number, site: site, urls: [Sample.url(number)], now: now).fetch.count == 1)
        }
        #expect(cache.inFlightCount == CertificateCache.inFlightLimit)
        let over = cache.ask(-1, site: site, urls: [Sample.url(-1)], now: now)
        #expect(over.answer?.results == [.pending(retry: CertificateCache.outageLifetime)])
        #expect(over.fetch == [])
        // Joining one that is asked for already costs nothing, and an answer makes room.
        #expect(cache.ask(-2, site: site, urls: [Sample.url(0)], now: now).answer == nil)
        #expect(cache.answered(key(0), refusal, now: now).map(\.ticket) == [0, -2])
        #expect(cache.ask(-3, site: site, urls: [Sample.url(-1)], now: now).fetch == [key(-1)])
    }

    @Test func forgetsCertificatesButNotWhoWaits() {
        let result = certified(1, from: now)
        var cache = cache(knowing: result)
        _ = cache.ask(2, site: site, urls: [Sample.url(2)], now: now)
        cache.forget()
        #expect(cache.ask(3, site: site, urls: [Sample.url(1)], now: now).fetch == [key(1)])
        #expect(cache.answered(key(2), refusal, now: now) == [CertificateCache.Answer(ticket: 2, results: [refusal])])
        #expect(cache.answered(key(1), result, now: now).map(\.ticket) == [3])
    }
}
