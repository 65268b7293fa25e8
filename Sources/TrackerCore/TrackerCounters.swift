/// What a core has done since it was made. Only ever grows.
public struct TrackerCounters: Equatable, Sendable {
    public var messages = 0
    public var announces = 0
    public var finds = 0
    public var leaves = 0
    public var signals = 0
    public var undeliverableSignals = 0
    public var staleSignals = 0
    public var introductions = 0
    public var protocolErrors = 0
    public var tooFast = 0
    public var closedIdle = 0
    public var closedFlooding = 0
    public var moves = 0
    public var certificatesVerified = 0

    public init() {}

    /// The counters under the names of their metrics.
    public static let names: [(name: String, value: any KeyPath<TrackerCounters, Int> & Sendable)] = [
        ("messages", \.messages), ("announces", \.announces), ("finds", \.finds), ("leaves", \.leaves),
        ("signals", \.signals),
        ("undeliverable_signals", \.undeliverableSignals),
        ("stale_signals", \.staleSignals), ("introductions", \.introductions),
        ("protocol_errors", \.protocolErrors), ("too_fast", \.tooFast), ("closed_idle", \.closedIdle),
        ("closed_flooding", \.closedFlooding), ("moves", \.moves), ("certificates_verified", \.certificatesVerified),
    ]

    public static func += (a: inout Self, b: Self) {
        a.messages += b.messages
        a.announces += b.announces
        a.finds += b.finds
        a.leaves += b.leaves
        a.signals += b.signals
        a.undeliverableSignals += b.undeliverableSignals
        a.staleSignals += b.staleSignals
        a.introductions += b.introductions
        a.protocolErrors += b.protocolErrors
        a.tooFast += b.tooFast
        a.closedIdle += b.closedIdle
        a.closedFlooding += b.closedFlooding
        a.moves += b.moves
        a.certificatesVerified += b.certificatesVerified
    }
}
