import TestSupport
import Testing

@testable import Presence

/// A node's leases against shards that keep keys by their own clocks, with every delay, loss, pause and change of shards.
@Suite struct NodeLeaseTests {
    private static let loops = 3

    /// One node, its shards, and what must hold of them, in the plainest way.
    private struct Model {
        struct Shard {
            var key: (epochs: [UInt32], expires: Int)?
            /// It came back empty, and the node has set no key since.
            var hasForgotten = false
            /// Renewals on their way, and answers on their way back.
            var requests: [Renewal] = []
            var answers: [(Renewal, isSet: Bool)] = []
        }

        struct Renewal {
            var sentAt: Int
            var epochs: [UInt32]
            var mustExist: Bool
        }

        var lease = NodeLease(loopCount: loops)
        var shards: [Shard] = []
        var now = 0
        var largestEpoch: UInt32 = 0
        var largestConfirmed: UInt32 = 0
        /// The latest time at which a renewal was sent that was confirmed, since the last fence.
        var lastConfirmed: Int?
        var fences = 0
        var random: SplitMix64

        init(seed: UInt64) {
            random = SplitMix64(seed: seed)
            adopt(kept: [nil, nil])
        }

        mutating func adopt(kept: [Int?]) {
            let before = shards.indices.map {
                (lease.epochs(on: $0), lease.isHeld(on: $0, now: now), lease.isNew(on: $0))
            }
            lease.adopt(kept: kept)
            for (index, former) in kept.enumerated() {
                if let former {
                    #expect(lease.epochs(on: index) == before[former].0)
                    #expect(lease.isHeld(on: index, now: now) == before[former].1)
                    #expect(lease.isNew(on: index) == before[former].2)
                } else {
                    #expect(lease.isNew(on: index) && !lease.isHeld(on: index, now: now))
                    expectNew(lease.epochs(on: index))
                }
            }
            shards = kept.map { former in former.map { shards[$0] } ?? Shard() }
        }

        /// Epochs that were taken now: above every one before, and no two alike.
        mutating func expectNew(_ epochs: [UInt32]) {
            for epoch in epochs {
                #expect(epoch > largestEpoch)
                largestEpoch = max(largestEpoch, epoch)
            }
        }

        mutating func check() {
            let epochs = shards.indices.map { lease.epochs(on: $0) }
            let hadLapsed = shards.indices.filter { !lease.isNew(on: $0) && !lease.isHeld(on: $0, now: now) }
            let actions = lease.check(now: now)
            let mustFence = lastConfirmed.map { now - $0 >= NodeLease.duration } ?? false
            #expect(actions.contains(.fenced(floor: lease.floor)) == mustFence)
            if mustFence {
                #expect(lease.floor > largestConfirmed && lease.floor > largestEpoch)
                #expect(!lease.isHeld(now: now))
                lastConfirmed = nil
                fences += 1
            }
            let refilled = mustFence ? Array(shards.indices) : hadLapsed
            let expected = refilled.map { NodeLease.Action.refill(shard: $0, loops: Array(0..<loops)) }
            #expect(actions == expected + (mustFence ? [.fenced(floor: lease.floor)] : []))
            for shard in shards.indices {
                if refilled.contains(shard) {
                    #expect(lease.isNew(on: shard))
                    expectNew(lease.epochs(on: shard))
                } else {
                    #expect(lease.epochs(on: shard) == epochs[shard])
                }
            }
            #expect(lease.check(now: now) == [])
        }

        mutating func renew(_ shard: Int) {
            shards[shard].requests.append(
                Renewal(sentAt: now, epochs: lease.epochs(on: shard), mustExist: !lease.isNew(on: shard))
            )
        }

        /// The shard carries out the next command on its way.
        mutating func carryOut(_ shard: Int) {
            guard !shards[shard].requests.isEmpty else { return }
            let renewal = shards[shard].requests.removeFirst()
            if let key = shards[shard].key, key.expires <= now { shards[shard].key = nil }
            let isSet = !renewal.mustExist || shards[shard].key != nil
            if isSet {
                shards[shard].key = (renewal.epochs, now + NodeLease.duration)
                shards[shard].hasForgotten = false
            }
            shards[shard].answers.append((renewal, isSet))
        }

        mutating func receive(_ shard: Int) {
            guard !shards[shard].answers.isEmpty else { return }
            let (renewal, isSet) = shards[shard].answers.removeFirst()
            if isSet {
                let isCurrent = renewal.epochs == lease.epochs(on: shard)
                lease.confirmed(on: shard, sentAt: renewal.sentAt, epochs: renewal.epochs)
                guard isCurrent else { return }
                #expect(!lease.isNew(on: shard))
                largestConfirmed = max(largestConfirmed, renewal.epochs.max() ?? 0)
                lastConfirmed = max(lastConfirmed ?? renewal.sentAt, renewal.sentAt)
            } else {
                let wasNew = lease.isNew(on: shard)
                let actions = lease.missing(on: shard)
                #expect(actions == (wasNew ? [] : [.refill(shard: shard, loops: Array(0..<loops))]))
                if !wasNew { expectNew(lease.epochs(on: shard)) }
            }
        }

        /// What the node believes is true: a lease by its own clock is one by the shard's, whose clock started later, unless the shard
        /// lost its memory; and then another epoch is needed before anything counts.
        func checkBelief() {
            for (index, shard) in shards.enumerated() where lease.isHeld(on: index, now: now) {
                guard !shard.hasForgotten else { continue }
                #expect(shard.key.map { $0.expires > now } ?? false)
            }
            #expect(lease.isHeld(now: now) == (lease.heldUntil > now))
            #expect(lease.isHeld(now: now) == shards.indices.contains { lease.isHeld(on: $0, now: now) })
        }
    }

    @Test(arguments: 1...100 as ClosedRange<UInt64>)
    func believesOnlyWhatIsTrue(seed: UInt64) {
        var model = Model(seed: seed)
        for _ in 0..<400 {
            let shard = Int.random(in: model.shards.indices, using: &model.random)
            switch Int.random(in: 0..<40, using: &model.random) {
            case 0..<10: model.renew(shard)
            case 10..<20: model.carryOut(shard)
            case 20..<30: model.receive(shard)
            case 30: model.now += .random(in: 0...6_000, using: &model.random)
            case 31:
                // The shard comes back empty; what was on its way is lost.
                model.shards[shard] = Model.Shard(hasForgotten: true)
            case 32:
                let loop = Int.random(in: 0..<Self.loops, using: &model.random)
                let before = model.lease.epochs(on: shard)
                model.lease.reconnected(loop: loop, shard: shard)
                let after = model.lease.epochs(on: shard)
                model.expectNew([after[loop]])
                for other in 0..<Self.loops where other != loop { #expect(after[other] == before[other]) }
            case 33:
                var kept: [Int?] = model.shards.indices.shuffled(using: &model.random)
                if model.random.oneIn(2) || kept.count < 2 { kept.append(nil) } else { kept.removeLast() }
                model.adopt(kept: kept)
            default: model.now += .random(in: 0...300, using: &model.random)
            }
            if model.random.oneIn(2) { model.check() }
            model.checkBelief()
        }
        #expect(model.fences > 0)
    }

    /// A node that renews as it should and is never paused keeps its epochs, whatever the answers take up to two seconds.
    @Test(arguments: [1, 500, 1_900])
    func keepsItsLeaseWhileRenewalsArrive(delay: Int) {
        var lease = NodeLease(loopCount: 2)
        lease.adopt(kept: [nil])
        let epochs = lease.epochs(on: 0)
        for second in 0..<20 {
            let sentAt = second * NodeLease.renewInterval
            #expect(lease.check(now: sentAt) == [])
            lease.confirmed(on: 0, sentAt: sentAt, epochs: epochs)
            #expect(lease.check(now: sentAt + delay) == [])
            #expect(lease.isHeld(now: sentAt + delay))
        }
        #expect(lease.epochs(on: 0) == epochs)
        #expect(lease.floor == 1)
    }

    private func held(shards: Int, since time: Int = 0) -> NodeLease {
        var lease = NodeLease(loopCount: 2)
        lease.adopt(kept: [Int?](repeating: nil, count: shards))
        for shard in 0..<shards { lease.confirmed(on: shard, sentAt: time, epochs: lease.epochs(on: shard)) }
        return lease
    }

    @Test func isFencedExactlyWhenTheLastLeaseIsOver() {
        var lease = held(shards: 2)
        #expect(lease.check(now: 2_999) == [])
        lease.confirmed(on: 1, sentAt: 1_000, epochs: lease.epochs(on: 1))
        #expect(lease.check(now: 3_000) == [.refill(shard: 0, loops: [0, 1])])
        #expect(lease.epochs(on: 0) == [5, 6])
        #expect(lease.check(now: 3_999) == [])
        #expect(
            lease.check(now: 4_000)
                == [.refill(shard: 0, loops: [0, 1]), .refill(shard: 1, loops: [0, 1]), .fenced(floor: 7)]
        )
        #expect(lease.epochs(on: 0) + lease.epochs(on: 1) == [7, 8, 9, 10])
        #expect(lease.check(now: 100_000) == [])
    }

    /// Defect found: a paused node that first read its shards' answers, all "no such key", had nothing left that could lapse.
    @Test func isFencedAfterAPauseWhateverItNoticesFirst() {
        var lease = held(shards: 2)
        for shard in 0..<2 { #expect(lease.missing(on: shard) == [.refill(shard: shard, loops: [0, 1])]) }
        let actions = lease.check(now: 10_000)
        #expect(actions.last == .fenced(floor: lease.floor))
        #expect(lease.floor == 9)
    }

    /// The only shard of a cluster restarts empty: the node was there all along, and what was said to it still counts.
    @Test func isNotFencedByAShardThatForgets() {
        var lease = held(shards: 1)
        #expect(lease.missing(on: 0) == [.refill(shard: 0, loops: [0, 1])])
        #expect(!lease.isHeld(now: 1_000))
        #expect(lease.check(now: 1_000) == [])
        lease.confirmed(on: 0, sentAt: 1_000, epochs: lease.epochs(on: 0))
        #expect(lease.check(now: 3_999) == [])
        #expect(lease.isHeld(now: 3_999) && lease.floor == 1)
    }

    @Test func changesNothingOfALeaseThatIsOlder() {
        var lease = held(shards: 1, since: 1_000)
        lease.confirmed(on: 0, sentAt: 500, epochs: lease.epochs(on: 0))
        #expect(lease.heldUntil == 4_000)
        let former = lease.epochs(on: 0)
        lease.reconnected(loop: 1, shard: 0)
        lease.confirmed(on: 0, sentAt: 2_000, epochs: former)
        #expect(lease.heldUntil == 4_000)
        lease.confirmed(on: 0, sentAt: 2_000, epochs: lease.epochs(on: 0))
        #expect(lease.heldUntil == 5_000)
    }

    @Test func beginsAboveFormerEpochs() {
        var lease = NodeLease(loopCount: 1, firstEpoch: 40)
        #expect(lease.floor == 40 && !lease.isHeld(now: 0) && lease.check(now: 0) == [])
        lease.adopt(kept: [nil])
        #expect(lease.epochs(on: 0) == [40])
        #expect(lease.missing(on: 0) == [])
    }
}
