/// How long things took, in nanoseconds, within 1.6 %: buckets of equal width within each power of two.
///
/// Constant memory and an addition for each value, whatever the load; keeping every value was rejected for runs of hours.
public struct LatencyHistogram: Sendable {
    /// Buckets within a power of two, as a power of two itself.
    private static let precisionBits = 6
    private static let subBuckets = 1 << precisionBits

    private var counts = [Int](repeating: 0, count: subBuckets * (64 - precisionBits))
    public private(set) var count = 0
    public private(set) var longest = 0

    public init() {}

    /// Values below 0 count as 0.
    public mutating func record(_ nanoseconds: Int) {
        counts[Self.bucket(max(0, nanoseconds))] += 1
        count += 1
        longest = max(longest, nanoseconds)
    }

    public mutating func add(_ other: LatencyHistogram) {
        for index in counts.indices { counts[index] += other.counts[index] }
        count += other.count
        longest = max(longest, other.longest)
    }

    /// The smallest value that at least this share (0 to 1) of all values do not exceed, rounded up to its bucket's end; nil without values.
    public func quantile(_ share: Double) -> Int? {
        guard count > 0 else { return nil }
        let rank = max(1, Int((share * Double(count)).rounded(.up)))
        var seen = 0
        for (index, amount) in counts.enumerated() {
            seen += amount
            if seen >= rank { return min(Self.end(of: index), longest) }
        }
        return longest
    }

    private static func bucket(_ value: Int) -> Int {
        guard value >= subBuckets else { return value }
        let shift = Int.bitWidth - value.leadingZeroBitCount - 1 - precisionBits
        return (shift + 1) * subBuckets + (value >> shift) - subBuckets
    }

    /// The largest value of a bucket.
    private static func end(of bucket: Int) -> Int {
        guard bucket >= subBuckets else { return bucket }
        let shift = bucket / subBuckets - 1
        // The very last one ends at 2⁶³, which wraps.
        return ((bucket % subBuckets + subBuckets + 1) << shift) &- 1
    }
}
