import ContentTrust
import Metrics

/// What the authority counts. Labels come from the code alone, never from a request.
struct AuthorityMetrics: Sendable {
    private let issued = Counter(label: "shoal_authority_certificates_issued_total")
    private let pending = Counter(label: "shoal_authority_pending_total")
    private let refused = Dictionary(
        uniqueKeysWithValues: Refusal.Code.allCases.map {
            ($0, Counter(label: "shoal_authority_refused_total", dimensions: [("code", $0.rawValue)]))
        }
    )
    private let hashedBytes = Counter(label: "shoal_authority_hashed_bytes_total")
    private let unchanged = Counter(label: "shoal_authority_unchanged_total")
    private let fetchDuration = Timer(label: "shoal_authority_fetch_seconds")

    /// Counts an answer.
    func count(_ result: CertificationResult) {
        switch result {
        case .certified: issued.increment()
        case .pending: pending.increment()
        case .refused(let refusal): refused[refusal.code]?.increment()
        }
    }

    /// Counts a fetch.
    func record(_ outcome: FetchOutcome, took duration: Duration) {
        fetchDuration.record(duration: duration)
        switch outcome {
        case .content(let content): hashedBytes.increment(by: content.tree.length)
        case .unchanged: unchanged.increment()
        case .refused: break
        }
    }
}
