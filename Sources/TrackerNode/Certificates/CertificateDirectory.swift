import ContentTrust
import Logging
import Metrics
import Synchronization
import TrackerCore
import TrackerProtocol

/// What URLs are certified as, for all event loops of a node: asked of the authority once at a time, judged, and remembered.
///
/// Callable from any thread. A reply comes on the caller's thread when everything is known, otherwise on a task of the authority's client.
final class CertificateDirectory: Sendable {
    typealias Reply = @Sendable ([CertificateLookUp]) -> Void

    private struct State {
        var cache = CertificateCache()
        var replies: [Int: Reply] = [:]
        var nextTicket = 0
        var keysetVersion: Int?
    }

    private let authority: AuthorityClient
    private let judge: any CertificateJudging
    private let logger: Logger
    private let state = Mutex(State())
    private let fetches = Counter(label: "shoal_tracker_certificate_fetches_total")
    private let failures = Counter(label: "shoal_tracker_authority_failures_total")

    init(authority: AuthorityClient, judge: any CertificateJudging, logger: Logger) {
        self.authority = authority
        self.judge = judge
        self.logger = logger
    }

    /// Looks up URLs of a site; `reply` is called once, with one result for each, in order.
    func lookUp(site: WebOrigin, urls: [String], reply: @escaping Reply) {
        let (answer, fetch) = state.withLock { state in
            if state.keysetVersion != judge.keysetVersion {
                state.keysetVersion = judge.keysetVersion
                state.cache.forget()
            }
            let ticket = state.nextTicket
            state.nextTicket += 1
            let (answer, fetch) = state.cache.ask(ticket, site: site, urls: urls, now: Moment.now.unixSeconds)
            if answer == nil { state.replies[ticket] = reply }
            return (answer, fetch)
        }
        if let answer { reply(answer.results) }
        guard !fetch.isEmpty else { return }
        fetches.increment(by: fetch.count)
        // A task for each request to the authority, not for each message: this is the cold path.
        Task { await self.fetch(fetch, site: site) }
    }

    private func fetch(_ keys: [CertificateCache.Key], site: WebOrigin) async {
        let results: [CertificateLookUp]
        do throws(AuthorityUnavailable) {
            let answers = try await authority.certificates(site: site, urls: keys.map(\.url))
            results = zip(keys, answers).map(judge)
        } catch {
            failures.increment()
            logger.warning("the signing authority gave no answer", metadata: ["reason": "\(error)"])
            let refusal = ProtocolError(.unavailable, "The signing authority cannot be reached now; use the origin.")
            results = keys.map { _ in .refused(refusal) }
        }
        let complete = state.withLock { state in
            zip(keys, results).flatMap { key, result in
                state.cache.answered(key, result, now: Moment.now.unixSeconds)
            }
            .compactMap { answer in state.replies.removeValue(forKey: answer.ticket).map { ($0, answer.results) } }
        }
        for (reply, results) in complete { reply(results) }
    }

    /// A certificate that this node would not accept from a client is not handed to one either.
    private func judge(_ key: CertificateCache.Key, _ answer: AuthorityAnswer) -> CertificateLookUp {
        switch answer {
        case .pending(let retry): return .pending(retry: retry)
        case .refused(_, let message): return .refused(ProtocolError(.notCertifiable, message))
        case .certified(let certificate, let layer):
            do throws(ProtocolError) {
                let verdict = try judge.judge(certificate, site: key.site, now: Moment.now.unixSeconds)
                guard verdict.url == key.url else {
                    throw ProtocolError(.badCertificate, "it is about another URL: \(verdict.url)")
                }
                return .certified(verdict, IssuedCertificate(text: certificate, layer: layer))
            } catch {
                logger.warning(
                    "a certificate of the authority was not accepted",
                    metadata: ["reason": "\(error.message)"]
                )
                return .refused(
                    ProtocolError(.unavailable, "The authority's certificate was not accepted: \(error.message)")
                )
            }
        }
    }
}
