/// When a certificate is valid and when it is renewed (Docs/Certificates.md §5.2). Times are seconds since 1970.
///
/// Both follow from the time when the content was last checked with its origin. So a certificate never outlives that check by more than
/// its lifetime, whenever it was signed, and nothing about issued certificates needs to be remembered.
struct Validity: Hashable, Sendable {
    enum Stage: Hashable {
        /// Issue.
        case fresh
        /// Issue, and ask the origin: the last third has begun.
        case ageing
        /// Ask the origin first.
        case over
    }

    let checkedAt: Int
    let lifetime: Int

    var expiresAt: Int { checkedAt + lifetime }

    func stage(now: Int) -> Stage {
        // A check in the future is one of a clock that was set back since; how old it is, nobody can say.
        guard now >= checkedAt, now < expiresAt else { return .over }
        return 3 * (now - checkedAt) < 2 * lifetime ? .fresh : .ageing
    }
}
