/// What a core has done since it was made. Only ever grows.
public struct TrackerCounters: Equatable, Sendable {
    public var messages = 0
    public var announces = 0
    public var finds = 0
    public var leaves = 0
    public var signals = 0
    public var undeliverableSignals = 0
    public var introductions = 0
    public var protocolErrors = 0
    public var tooFast = 0
    public var closedIdle = 0
    public var closedFlooding = 0
    public var certificatesVerified = 0

    public init() {}
}
