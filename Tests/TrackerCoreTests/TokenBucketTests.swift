import Presence
import TestSupport
import Testing

@testable import TrackerCore

/// The rate of a connection beside a bucket in floating point.
@Suite struct TokenBucketTests {
    @Test(arguments: 1...10 as ClosedRange<UInt64>)
    func fillsByTimeUpToItsCapacity(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let rate = Int.random(in: 1...100, using: &random)
        let capacity = Int.random(in: 1...300, using: &random)
        var now = Moment(uptimeMilliseconds: 1_000, unixSeconds: 0)
        var bucket = TokenBucket(ratePerSecond: rate, capacity: capacity, now: now)
        var tokens = Double(capacity)
        var taken = 0
        for _ in 0..<5_000 {
            let pause =
                random.oneIn(100) ? Int.random(in: 0...100_000, using: &random) : Int.random(in: 0...15, using: &random)
            now.uptimeMilliseconds += pause
            tokens = min(Double(capacity), tokens + Double(pause * rate) / 1000)
            let isTaken = bucket.take(now: now)
            // Thousandths are exact in the bucket; next to a whole token the floating point is not.
            if abs(tokens - 1) > 1e-6 { #expect(isTaken == (tokens > 1)) }
            if isTaken {
                tokens -= 1
                taken += 1
            }
        }
        #expect(taken > capacity)
    }

    @Test func survivesAClockThatStandsStillOrJumps() {
        var bucket = TokenBucket(
            ratePerSecond: 100_000,
            capacity: 2,
            now: Moment(uptimeMilliseconds: 0, unixSeconds: 0)
        )
        for time in [0, 0, Int.max / 2, Int.max, Int.max, 5] {
            _ = bucket.take(now: Moment(uptimeMilliseconds: time, unixSeconds: 0))
        }
        let isTaken = bucket.take(now: Moment(uptimeMilliseconds: 5, unixSeconds: 0))
        #expect(!isTaken)
    }
}
