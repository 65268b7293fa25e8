import ContentTrust

/// Decides about each URL that is asked for: certify, refuse, or fetch first. Pure: what is known and the time go in.
struct IssuingState: Sendable {
    enum Decision: Hashable {
        case certify
        case pending
        case refuse(Refusal)
    }

    private let certificateLifetime: Int
    private var refusals: RefusalMemory
    private(set) var schedule: FetchSchedule<ContentKey>

    init(_ configuration: AuthorityConfiguration) {
        certificateLifetime = configuration.certificateLifetime
        refusals = RefusalMemory(
            lifetime: configuration.refusalLifetime,
            capacity: configuration.refusalMemoryLimit
        )
        schedule = FetchSchedule(
            concurrency: configuration.fetchConcurrency,
            queueLimit: configuration.fetchQueueLimit
        )
    }

    /// - Parameters:
    ///   - content: what the registry knows.
    ///   - start: gets the key appended when a fetch is to be started now.
    mutating func decide(
        _ key: ContentKey,
        content: CertifiedContent?,
        now: Int,
        start: inout [ContentKey]
    ) -> Decision {
        let stage =
            content.map { Validity(checkedAt: $0.checkedAt, lifetime: certificateLifetime).stage(now: now) } ?? .over
        if let refusal = refusals.refusal(of: key, now: now) {
            return stage == .over || !refusal.isOutage ? .refuse(refusal) : .certify
        }
        if stage != .fresh, schedule.admit(key) == .start { start.append(key) }
        return stage == .over ? .pending : .certify
    }

    /// Notes the end of a fetch, and its refusal if it was one; answers which fetch is to be started next.
    mutating func finish(_ key: ContentKey, refusal: Refusal?, now: Int) -> ContentKey? {
        if let refusal { refusals.remember(refusal, of: key, now: now) }
        return schedule.finish(key)
    }

    mutating func forgetRefusals(of site: WebOrigin) { refusals.forget(site: site) }
}
