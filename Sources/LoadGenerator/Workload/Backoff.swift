/// When a client tries again: exponential back-off with full jitter, so that clients that lost the same node do not come back together.
public struct Backoff: Sendable {
    /// Milliseconds.
    public static let base = 500
    public static let longest = 15_000

    /// Attempts that failed since the last success.
    public private(set) var failures = 0

    public init() {}

    /// Milliseconds to wait from now; each failure doubles the range that they are drawn from.
    public mutating func next(using random: inout some RandomNumberGenerator) -> Int {
        let range = min(Self.longest, Self.base << min(failures, 10))
        failures += 1
        return Int.random(in: 0...range, using: &random)
    }

    public mutating func succeeded() { failures = 0 }
}

/// A client's own share of `message-rate-limit` (Docs/Protocol.md §2.6), so that it is never told `too-fast`: the generic cell rate
/// algorithm (ITU-T I.371), which needs one number.
struct MessageBudget {
    /// Nanoseconds.
    private let interval: Int
    private let tolerance: Int
    private var theoreticalArrival = 0

    /// Nine tenths of what the tracker allows, because its clock and ours do not tick together.
    init(ratePerSecond: Int, burst: Int) {
        interval = 1_000_000_000 / max(1, ratePerSecond * 9 / 10)
        tolerance = interval * max(1, burst / 2)
    }

    /// Takes one message; false when it would come too early.
    mutating func take(now: Int) -> Bool {
        let arrival = max(now, theoreticalArrival)
        guard arrival - now <= tolerance else { return false }
        theoreticalArrival = arrival + interval
        return true
    }
}
