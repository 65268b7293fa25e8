import NIOCore

/// How long to wait before the next attempt: exponential, with full jitter, so that many nodes do not come back at once.
///
/// "Exponential Backoff And Jitter", AWS Architecture Blog, 2015. Unlike there, no delay is shorter than ``floor``: a run of bad luck
/// must not become a busy loop.
public struct Backoff: Sendable, Equatable {
    /// Doublings after which any base is above any cap.
    private static let doublingLimit = 40

    /// The longest delay after the first failure.
    public var base: TimeAmount
    /// The longest delay after any number of failures. A connection has to hold for as long to count as a success.
    public var cap: TimeAmount
    /// The shortest delay.
    public var floor: TimeAmount

    public init(
        base: TimeAmount = .milliseconds(50),
        cap: TimeAmount = .seconds(2),
        floor: TimeAmount = .milliseconds(10)
    ) {
        self.base = base
        self.cap = cap
        self.floor = floor
    }

    /// - Parameter failures: how many there were in a row; at least 1.
    func delay(afterFailures failures: Int, using random: inout some RandomNumberGenerator) -> TimeAmount {
        let doublings = min(max(failures, 1) - 1, Self.doublingLimit)
        let (product, overflows) = base.nanoseconds.multipliedReportingOverflow(by: 1 << doublings)
        let longest = max(overflows ? cap.nanoseconds : min(product, cap.nanoseconds), floor.nanoseconds)
        return .nanoseconds(Int64.random(in: floor.nanoseconds...longest, using: &random))
    }
}
