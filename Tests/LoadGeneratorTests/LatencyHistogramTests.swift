import LoadGenerator
import Presence
import Testing

@Suite struct LatencyHistogramTests {
    /// Beside the values themselves, sorted.
    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    func quantilesAreWithinTheBucketsWidth(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let largest = 1 << Int.random(in: 1...60, using: &random)
        let values = (0..<Int.random(in: 1...2_000, using: &random)).map { _ in
            Int.random(in: 0...largest, using: &random)
        }
        var histogram = LatencyHistogram()
        for value in values { histogram.record(value) }
        #expect(histogram.count == values.count)
        #expect(histogram.longest == values.max())
        let sorted = values.sorted()
        for share in [0, 0.01, 0.5, 0.9, 0.99, 1] {
            let exact = sorted[max(1, Int((share * Double(sorted.count)).rounded(.up))) - 1]
            let estimate = try #require(histogram.quantile(share))
            #expect(estimate >= exact)
            #expect(Double(estimate) <= Double(exact) * 1.016 + 1)
        }
    }

    @Test func smallValuesAreExact() {
        for value in 0..<128 {
            var histogram = LatencyHistogram()
            histogram.record(value)
            #expect(histogram.quantile(0.5) == value)
        }
    }

    @Test func theWholeRangeFits() {
        var histogram = LatencyHistogram()
        #expect(histogram.quantile(0.5) == nil)
        histogram.record(-1)
        histogram.record(.max)
        #expect(histogram.quantile(0) == 0)
        #expect(histogram.quantile(1) == .max)
    }

    @Test func addingIsLikeRecordingBoth() {
        var random = SplitMix64(seed: 1)
        var parts = [LatencyHistogram(), LatencyHistogram()]
        var whole = LatencyHistogram()
        for _ in 0..<1_000 {
            let value = Int.random(in: 0...1_000_000, using: &random)
            parts[Int.random(in: 0...1, using: &random)].record(value)
            whole.record(value)
        }
        parts[0].add(parts[1])
        #expect(parts[0].count == whole.count)
        for share in [0.1, 0.5, 0.99] { #expect(parts[0].quantile(share) == whole.quantile(share)) }
    }
}
