import LoadGenerator
import Presence
import TestSupport
import Testing
import TrackerProtocol

/// The checker has to catch every planted fault, and to stay silent about a tracker that keeps its word.
@Suite struct PresenceLedgerTests {
    private static let grace = 1_000
    private static let asker = PeerID(rawValue: 1)
    private static let first = PeerID(rawValue: 2)
    private static let second = PeerID(rawValue: 3)
    private static let stranger = PeerID(rawValue: 99)

    /// Two peers announced content 0 at time 10; nothing else has happened.
    private func ledger() -> PresenceLedger {
        var ledger = PresenceLedger(contents: 2, grace: Self.grace, answerLimit: 5_000)
        for peer in [Self.asker, Self.first, Self.second] { ledger.connected(peer, now: 0) }
        for peer in [Self.first, Self.second] {
            ledger.announcing(0, by: peer)
            ledger.announced(0, by: peer, now: 10)
        }
        return ledger
    }

    private func verdict(
        _ ledger: PresenceLedger,
        at time: Int,
        wanted: Int = 2,
        shown: [PeerID]
    ) -> FindVerdict {
        let answer = FindAnswer(asker: Self.asker, content: 0, wanted: wanted, sentAt: time, answeredAt: time + 1)
        return ledger.judge(answer, shown: shown)
    }

    @Test func aTrueAnswerIsClean() {
        #expect(verdict(ledger(), at: 5_000, shown: [Self.second, Self.first]) == FindVerdict())
        #expect(ledger().announcedCount == 2)
    }

    @Test func theAskerIsCaught() {
        let verdict = verdict(ledger(), at: 5_000, shown: [Self.first, Self.second, Self.asker])
        #expect(verdict.violations.contains(.selfIntroduction))
    }

    @Test func aDuplicateIsCaught() {
        let verdict = verdict(ledger(), at: 5_000, shown: [Self.first, Self.second, Self.first])
        #expect(verdict.violations == [.duplicate(Self.first)])
    }

    @Test func aPeerThatNeverAnnouncedIsCaught() {
        var ledger = ledger()
        let fourth = PeerID(rawValue: 4)
        ledger.connected(fourth, now: 20)
        #expect(
            verdict(ledger, at: 5_000, wanted: 3, shown: [Self.first, Self.second, fourth]).violations == [
                .neverAnnounced(fourth)
            ]
        )
        ledger.ended(fourth, now: 30)
        #expect(
            verdict(ledger, at: 5_000, wanted: 3, shown: [Self.first, Self.second, fourth]).violations == [
                .neverAnnounced(fourth)
            ]
        )
    }

    @Test(arguments: [true, false])
    func aPeerThatHasGoneIsCaughtAfterTheGrace(byLeaving: Bool) {
        var ledger = ledger()
        if byLeaving {
            ledger.leaving(0, by: Self.first)
            ledger.left(0, by: Self.first, now: 2_000)
        } else {
            ledger.ended(Self.first, now: 2_000)
        }
        #expect(ledger.announcedCount == 1)
        let shown = [Self.first, Self.second]
        #expect(verdict(ledger, at: 2_000 + Self.grace, shown: shown).violations.isEmpty)
        #expect(verdict(ledger, at: 2_001 + Self.grace, shown: shown).violations == [.stale(Self.first, age: 1_002)])
        #expect(verdict(ledger, at: 2_001 + Self.grace, shown: [Self.second]) == FindVerdict())
    }

    @Test func aPeerThatHasGoneForLongIsStillCaught() {
        var ledger = ledger()
        ledger.ended(Self.first, now: 2_000)
        // Enough time for the ledger to forget the membership, which another departure makes it do.
        ledger.ended(Self.second, now: 1_000_000)
        #expect(
            verdict(ledger, at: 1_000_500, shown: [Self.first, Self.second]).violations == [.neverAnnounced(Self.first)]
        )
    }

    @Test func aMissingMemberIsSuspected() {
        let verdict = verdict(ledger(), at: 5_000, shown: [Self.second])
        #expect(verdict.suspects == [Self.first])
        #expect(verdict.violations.isEmpty)
        #expect(self.verdict(ledger(), at: 5_000, wanted: 8, shown: []).suspects.count == 2)
    }

    /// A new member may be missing for the grace.
    @Test func aNewMemberMayBeMissing() {
        #expect(verdict(ledger(), at: 9 + Self.grace, shown: []).suspects.isEmpty)
        #expect(verdict(ledger(), at: 10 + Self.grace, shown: []).suspects.count == 2)
    }

    /// With more members than were asked for, nobody in particular has to be shown.
    @Test func aLargeSwarmNeedNotShowEverybody() {
        #expect(verdict(ledger(), at: 5_000, wanted: 1, shown: [Self.first]).suspects.isEmpty)
        var ledger = ledger()
        let third = PeerID(rawValue: 5)
        ledger.connected(third, now: 0)
        // Its announce is not acknowledged: it may take a place, and need not.
        ledger.announcing(0, by: third)
        #expect(verdict(ledger, at: 5_000, shown: [Self.first]).suspects.isEmpty)
        #expect(verdict(ledger, at: 5_000, wanted: 3, shown: [Self.first]).suspects == [Self.second])
    }

    /// A peer of somebody else may have taken the place.
    @Test func aStrangerTakesAPlace() {
        let verdict = verdict(ledger(), at: 5_000, shown: [Self.first, Self.stranger])
        #expect(verdict.foreign == 1)
        #expect(verdict.suspects.isEmpty)
        #expect(verdict.violations.isEmpty)
    }

    @Test func nobodyIsMissedWhoMayHaveGone() {
        var leaving = ledger()
        leaving.leaving(0, by: Self.first)
        #expect(verdict(leaving, at: 5_000, shown: [Self.second]).suspects.isEmpty)
        var ended = ledger()
        ended.ended(Self.first, now: 4_999)
        #expect(verdict(ended, at: 5_000, shown: [Self.second]).suspects.isEmpty)
        var interrupted = ledger()
        interrupted.interrupted(Self.first, now: 4_500)
        #expect(verdict(interrupted, at: 5_000, shown: [Self.second]).suspects.isEmpty)
        #expect(verdict(interrupted, at: 4_500 + Self.grace, shown: [Self.second]).suspects == [Self.first])
    }

    @Test func aSuspicionIsDroppedWhenTheConnectionWasBroken() {
        var ledger = ledger()
        let answer = FindAnswer(asker: Self.asker, content: 0, wanted: 2, sentAt: 5_000, answeredAt: 5_001)
        #expect(ledger.isMissed(Self.first, answer))
        ledger.interrupted(Self.first, now: 5_500)
        #expect(!ledger.isMissed(Self.first, answer))
        ledger.ended(Self.second, now: 5_600)
        #expect(!ledger.isMissed(Self.second, answer))
    }

    @Test func comingBackIsANewBeginning() {
        var ledger = ledger()
        ledger.leaving(0, by: Self.first)
        ledger.left(0, by: Self.first, now: 1_000)
        ledger.announcing(0, by: Self.first)
        ledger.announced(0, by: Self.first, now: 4_900)
        #expect(verdict(ledger, at: 5_000, shown: [Self.first, Self.second]) == FindVerdict())
        #expect(verdict(ledger, at: 5_000, shown: [Self.second]) == FindVerdict())
        #expect(verdict(ledger, at: 6_000, shown: [Self.second]).suspects == [Self.first])
    }

    /// A tracker that carries everything out late, but within the grace, is never accused.
    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    func anHonestTrackerIsNeverAccused(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var tracker = LateTracker(seed: seed)
        var judged = 0
        for _ in 0..<4_000 {
            tracker.step(delayUpTo: Self.grace, using: &random)
            guard let (answer, shown) = tracker.find(wanted: 4, using: &random) else { continue }
            judged += 1
            #expect(tracker.ledger.judge(answer, shown: shown) == FindVerdict())
        }
        #expect(judged > 300)
    }

    /// One that is later than the grace is.
    @Test func aTrackerThatIsTooLateIsAccused() {
        var random = SplitMix64(seed: 5)
        var tracker = LateTracker(seed: 5)
        var (stale, missed) = (0, 0)
        for _ in 0..<4_000 {
            tracker.step(delayUpTo: 20 * Self.grace, using: &random)
            guard let (answer, shown) = tracker.find(wanted: 4, using: &random) else { continue }
            let verdict = tracker.ledger.judge(answer, shown: shown)
            stale += verdict.violations.count
            missed += verdict.suspects.count
        }
        #expect(stale > 10)
        #expect(missed > 10)
    }
}

/// A few peers, one content, and a tracker's index that follows what they do after a delay.
private struct LateTracker {
    private struct Change {
        var peer: PeerID
        var isThere: Bool
        var at: Int
    }

    var ledger = PresenceLedger(contents: 1, grace: 1_000, answerLimit: 5_000)
    private var now = 0
    private var index: Set<PeerID> = []
    private var changes: [Change] = []
    private var connected: [PeerID] = []
    private var announced: Set<PeerID> = []
    private var nextPeer: UInt64 = 1

    init(seed: UInt64) { nextPeer = seed << 32 }

    mutating func step(delayUpTo delay: Int, using random: inout SplitMix64) {
        now += Int.random(in: 1...400, using: &random)
        for change in changes where change.at <= now {
            if change.isThere { index.insert(change.peer) } else { index.remove(change.peer) }
        }
        let time = now
        changes.removeAll { $0.at <= time }
        // Every change of a peer takes effect in order.
        func later(_ peer: PeerID, _ isThere: Bool) {
            let earliest = changes.last { $0.peer == peer }?.at ?? now
            let at = max(earliest, now + Int.random(in: 0...delay, using: &random))
            changes.append(Change(peer: peer, isThere: isThere, at: at))
        }
        if connected.count < 6 {
            let peer = PeerID(rawValue: nextPeer)
            nextPeer += 1
            connected.append(peer)
            ledger.connected(peer, now: now)
        }
        guard let peer = connected.randomElement(using: &random) else { return }
        switch Int.random(in: 0..<8, using: &random) {
        case 0..<3 where !announced.contains(peer):
            ledger.announcing(0, by: peer)
            ledger.announced(0, by: peer, now: now)
            announced.insert(peer)
            later(peer, true)
        case 3 where announced.contains(peer):
            ledger.leaving(0, by: peer)
            ledger.left(0, by: peer, now: now)
            announced.remove(peer)
            later(peer, false)
        case 4:
            ledger.ended(peer, now: now)
            connected.removeAll { $0 == peer }
            if announced.remove(peer) != nil { later(peer, false) }
        default: break
        }
    }

    func find(wanted: Int, using random: inout SplitMix64) -> (FindAnswer, [PeerID])? {
        guard let asker = connected.randomElement(using: &random) else { return nil }
        let shown = index.subtracting([asker]).shuffled(using: &random).prefix(wanted)
        return (FindAnswer(asker: asker, content: 0, wanted: wanted, sentAt: now, answeredAt: now), Array(shown))
    }
}
