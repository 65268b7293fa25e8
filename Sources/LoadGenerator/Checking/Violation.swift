import TrackerProtocol

/// One answer to a find, as it has to be judged. Times are nanoseconds of a clock that only moves forward.
public struct FindAnswer: Sendable {
    public var asker: PeerID
    /// The number of the content.
    public var content: Int
    /// Peers asked for.
    public var wanted: Int
    public var sentAt: Int
    public var answeredAt: Int

    public init(asker: PeerID, content: Int, wanted: Int, sentAt: Int, answeredAt: Int) {
        self.asker = asker
        self.content = content
        self.wanted = wanted
        self.sentAt = sentAt
        self.answeredAt = answeredAt
    }
}

/// What a tracker must not do.
public enum Violation: Equatable, Sendable {
    /// The asker was introduced to itself.
    case selfIntroduction
    case duplicate(PeerID)
    /// The peer left, or its connection ended, so many nanoseconds before the answer: longer than the grace before the question.
    case stale(PeerID, age: Int)
    /// The peer is one of ours and never announced the content, or long ago.
    case neverAnnounced(PeerID)
}

/// What a look at an answer gave.
public struct FindVerdict: Equatable, Sendable {
    public var violations: [Violation] = []
    /// Members that should have been shown. Each is a miss if it turns out that its connection was alive: see ``PresenceLedger/isMissed(_:_:)``.
    public var suspects: [PeerID] = []
    /// Peers that are not of this generator: nothing is known of them.
    public var foreign = 0

    public init() {}
}
