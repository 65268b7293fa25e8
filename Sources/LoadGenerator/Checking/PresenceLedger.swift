import TrackerProtocol

/// Who has what, as far as the generator's own peers know it, and whether an answer to a find agrees with it.
///
/// A value without IO. Only what has been acknowledged is certain: between a message and its answer a peer may be shown or not, and for the
/// grace after it left too. Times are nanoseconds of a clock that only moves forward.
public struct PresenceLedger: Sendable {
    /// Ended connections that are remembered; those that ended first make room, and count as foreign afterwards.
    public static let departedLimit = 1_000_000

    private struct Membership {
        /// When the announce was acknowledged.
        var announcedAt: Int?
        /// Whether it may be on its way out.
        var isLeaving = false
        /// When the leave was acknowledged or the connection ended.
        var endedAt: Int?
    }

    private struct Swarm {
        var members: [PeerID: Membership] = [:]
        /// Members that have not ended.
        var living = 0
    }

    private struct Peer {
        /// Since when the connection has been there without a break.
        var aliveSince: Int
        var contents: Set<Int> = []
    }

    /// Something to forget when its time has come.
    private struct Departure {
        var content: Int
        var peer: PeerID
        var endedAt: Int
    }

    /// Nanoseconds for which a peer that has gone may still be shown, and one that has come may be missing.
    public let grace: Int
    /// Nanoseconds after which nothing that was asked before is still answered.
    private let answerLimit: Int
    private var swarms: [Swarm]
    private var peers: [PeerID: Peer] = [:]
    private var departed: Set<PeerID> = []
    private var departedInOrder = FirstInFirstOut<PeerID>()
    private var departures = FirstInFirstOut<Departure>()

    /// - Parameters:
    ///   - contents: how many there are; they are named by their numbers.
    ///   - answerLimit: nanoseconds after which an answer is not judged any more.
    public init(contents: Int, grace: Int, answerLimit: Int) {
        self.grace = grace
        self.answerLimit = answerLimit
        swarms = Array(repeating: Swarm(), count: contents)
    }

    /// Announced and acknowledged pairs of peer and content.
    public private(set) var announcedCount = 0

    // MARK: What the peers did

    public mutating func connected(_ peer: PeerID, now: Int) { peers[peer] = Peer(aliveSince: now) }

    /// The peer's connection was out of order until now: its node may have lost its presence meanwhile.
    public mutating func interrupted(_ peer: PeerID, now: Int) { peers[peer]?.aliveSince = now }

    /// An announce was sent.
    public mutating func announcing(_ content: Int, by peer: PeerID) {
        guard peers[peer]?.contents.insert(content).inserted == true else { return }
        if swarms[content].members[peer].map({ $0.endedAt != nil }) ?? true { swarms[content].living += 1 }
        swarms[content].members[peer] = Membership()
    }

    /// An announce was acknowledged.
    public mutating func announced(_ content: Int, by peer: PeerID, now: Int) {
        guard swarms[content].members[peer]?.endedAt == nil,
            swarms[content].members[peer]?.announcedAt == nil,
            swarms[content].members[peer] != nil
        else { return }
        swarms[content].members[peer]?.announcedAt = now
        announcedCount += 1
    }

    /// A leave was sent.
    public mutating func leaving(_ content: Int, by peer: PeerID) {
        swarms[content].members[peer]?.isLeaving = true
    }

    /// A leave was acknowledged, or an announce was refused.
    public mutating func left(_ content: Int, by peer: PeerID, now: Int) {
        guard peers[peer]?.contents.remove(content) != nil else { return }
        end(content, peer, now: now)
    }

    /// The connection has ended.
    public mutating func ended(_ peer: PeerID, now: Int) {
        guard let record = peers.removeValue(forKey: peer) else { return }
        for content in record.contents { end(content, peer, now: now) }
        departed.insert(peer)
        departedInOrder.append(peer)
        if departed.count > Self.departedLimit, let first = departedInOrder.popFirst() { departed.remove(first) }
    }

    private mutating func end(_ content: Int, _ peer: PeerID, now: Int) {
        guard let membership = swarms[content].members[peer], membership.endedAt == nil else { return }
        if membership.announcedAt != nil { announcedCount -= 1 }
        swarms[content].members[peer]?.endedAt = now
        swarms[content].living -= 1
        departures.append(Departure(content: content, peer: peer, endedAt: now))
        forget(now: now)
    }

    /// Forgets who has been gone for so long that every answer that shows it is stale, whenever it was asked for.
    private mutating func forget(now: Int) {
        while let departure = departures.first, departure.endedAt + grace + answerLimit < now {
            _ = departures.popFirst()
            guard swarms[departure.content].members[departure.peer]?.endedAt == departure.endedAt else { continue }
            swarms[departure.content].members[departure.peer] = nil
        }
    }

    // MARK: What the tracker said

    /// Judges one answer that was not degraded.
    public func judge(_ answer: FindAnswer, shown: [PeerID]) -> FindVerdict {
        var verdict = FindVerdict()
        let swarm = swarms[answer.content]
        for (index, peer) in shown.enumerated() {
            if peer == answer.asker { verdict.violations.append(.selfIntroduction) }
            if shown[..<index].contains(peer) { verdict.violations.append(.duplicate(peer)) }
            guard let membership = swarm.members[peer] else {
                if peers[peer] != nil || departed.contains(peer) {
                    verdict.violations.append(.neverAnnounced(peer))
                } else {
                    verdict.foreign += 1
                }
                continue
            }
            if let endedAt = membership.endedAt, endedAt + grace < answer.sentAt {
                verdict.violations.append(.stale(peer, age: answer.answeredAt - endedAt))
            }
        }
        // A cheap bound first: most swarms are larger than what is asked for.
        guard swarm.living + verdict.foreign <= answer.wanted + 1 else { return verdict }
        let possible = swarm.members.count { peer, membership in
            peer != answer.asker && (membership.endedAt.map { $0 + grace >= answer.sentAt } ?? true)
        }
        guard possible + verdict.foreign <= answer.wanted else { return verdict }
        verdict.suspects = swarm.members.keys.filter { peer in
            peer != answer.asker && !shown.contains(peer) && isMissed(peer, answer)
        }
        return verdict
    }

    /// Whether a peer that an answer did not show has, as far as is known now, been there all the time: announced the grace before the question,
    /// not leaving since, and its connection in order.
    public func isMissed(_ peer: PeerID, _ answer: FindAnswer) -> Bool {
        guard let membership = swarms[answer.content].members[peer], let alive = peers[peer],
            let announcedAt = membership.announcedAt, membership.endedAt == nil, !membership.isLeaving
        else { return false }
        return max(announcedAt, alive.aliveSince) + grace <= answer.sentAt
    }
}
