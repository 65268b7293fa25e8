/// Why a URL is not certified (Docs/Certificates.md §6).
struct Refusal: Error, Hashable, Sendable {
    enum Code: String, Hashable, Sendable, CaseIterable {
        case unknownSite = "unknown-site"
        case badURL = "bad-url"
        case foreignOrigin = "foreign-origin"
        case privateAddress = "private-address"
        case unresolvable
        case unreachable
        case tooSlow = "too-slow"
        case tooManyRedirects = "too-many-redirects"
        case badStatus = "bad-status"
        case encoded
        case notShareable = "not-shareable"
        case truncated
        case tooLarge = "too-large"
        case emptyContent = "empty-content"
    }

    let code: Code
    /// A sentence that says what is wrong and what to do.
    let message: String

    init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// Whether the origin could not be asked, rather than gave an answer that rules certification out. Then a certificate that is
    /// still valid stays good: what it says was not contradicted.
    var isOutage: Bool {
        switch code {
        case .unresolvable, .unreachable, .tooSlow, .truncated: true
        case .unknownSite, .badURL, .foreignOrigin, .privateAddress, .tooManyRedirects, .badStatus, .encoded,
            .notShareable, .tooLarge, .emptyContent:
            false
        }
    }
}
