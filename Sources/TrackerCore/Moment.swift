/// A point in time as the core is told it: it never asks a clock.
public struct Moment: Sendable, Equatable {
    /// Of a clock that only moves forward, for rates, idleness and introductions.
    public var uptimeMilliseconds: Int
    /// Of the wall clock, seconds since 1970, for certificates.
    public var unixSeconds: Int

    public init(uptimeMilliseconds: Int, unixSeconds: Int) {
        self.uptimeMilliseconds = uptimeMilliseconds
        self.unixSeconds = unixSeconds
    }
}
