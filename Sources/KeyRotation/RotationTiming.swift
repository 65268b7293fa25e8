/// How long what takes in the life of a signing key (Docs/Certificates.md §6). Seconds.
///
/// The letters are those of the proof in Docs/Decisions/0006: with `D ≥ C + F + S` every verifier has a key before the first
/// signature by it, and with `R ≥ L + S + F` none has lost it before the last signature by it expires.
public struct RotationTiming: Hashable, Sendable {
    /// C: for how long a verifier uses a keyset without asking for a newer one.
    public var cacheLifetime = 60
    /// F: the longest that asking takes, with all delays that are there on purpose.
    public var fetchTime = 10
    /// L: the longest validity of a certificate.
    public var certificateLifetime = 300
    /// S: how far the clocks of authority and verifiers may be apart, and may step back.
    public var clockSkew = 30
    /// D: from the publication of a key to the first signature by it.
    public var publishDelay = 120
    /// R: from the last signature by a key to its removal from the keyset.
    public var retireDelay = 360
    /// From one activation to the next; 0: keys are rotated by hand only.
    public var rotationInterval = 86_400
    /// For how long a keyset is valid; it is renewed when half of it is over.
    public var keysetLifetime = 86_400

    public init() {}

    /// The least publish delay that is safe: C + F + S.
    public var leastPublishDelay: Int { cacheLifetime + fetchTime + clockSkew }
    /// The least retire delay that is safe: L + S + F.
    public var leastRetireDelay: Int { certificateLifetime + clockSkew + fetchTime }
}
