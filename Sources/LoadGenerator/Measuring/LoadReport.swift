import TrackerProtocol

/// What a run has come to so far. All numbers are since its start unless they say "now".
public struct LoadCounts: Codable, Sendable, Equatable {
    /// Now.
    public var connections = 0
    /// Pairs of peer and content, now.
    public var announced = 0
    /// Contents whose announce was acknowledged.
    public var announces = 0
    /// Contents whose announce failed: refused, not answered in time, or the connection ended before.
    public var announcesFailed = 0
    /// Of these: the one retry failed as well, or could not be made until the end.
    public var announcesUncovered = 0
    public var leaves = 0
    public var leavesFailed = 0
    public var finds = 0
    public var findsFailed = 0
    public var degraded = 0
    public var pending = 0
    public var introductions = 0
    /// Introductions of peers that this generator does not know.
    public var foreign = 0
    public var misses = 0
    /// Peers that an answer lacked, and whose own connection turned out to be broken or standing still.
    public var missesExcused = 0
    /// Introductions of peers that had gone before the grace, or never had the content.
    public var staleIntroductions = 0
    public var selfIntroductions = 0
    public var duplicates = 0
    public var signalsSent = 0
    public var signalsArrived = 0
    /// Reported as undeliverable.
    public var signalsGone = 0
    /// Neither arrived nor reported, although both connections lasted.
    public var signalsLost = 0
    public var reconnects = 0
    public var connectsFailed = 0
    /// Connections that followed a tracker's `move`.
    public var moves = 0
    /// Operations that were due and that no connection could do.
    public var skipped = 0
    /// Error answers by code.
    public var errors: [String: Int] = [:]

    public init() {}

    /// Whether the tracker kept its word.
    public var isClean: Bool {
        misses == 0 && staleIntroductions == 0 && selfIntroductions == 0 && duplicates == 0 && announcesUncovered == 0
    }
}

/// Latencies of one kind of operation, in milliseconds.
public struct LatencySummary: Codable, Sendable, Equatable {
    public var count: Int
    public var p50: Double
    public var p99: Double
    public var longest: Double

    /// Nil without values.
    init?(_ histogram: LatencyHistogram) {
        guard let p50 = histogram.quantile(0.5), let p99 = histogram.quantile(0.99) else { return nil }
        count = histogram.count
        self.p50 = Double(p50) / 1e6
        self.p99 = Double(p99) / 1e6
        longest = Double(histogram.longest) / 1e6
    }
}

/// The latencies of a run, from the message that asks to the one that answers.
struct LoadLatencies {
    var announce = LatencyHistogram()
    var find = LatencyHistogram()
    var degradedFind = LatencyHistogram()
    var signalSameTracker = LatencyHistogram()
    var signalOtherTracker = LatencyHistogram()
}

/// Counts and latencies, as they are printed.
public struct LoadReport: Codable, Sendable {
    public struct Latencies: Codable, Sendable {
        public var announce: LatencySummary?
        public var find: LatencySummary?
        public var degradedFind: LatencySummary?
        /// Between connections to the same `--tracker`.
        public var signalSameTracker: LatencySummary?
        public var signalOtherTracker: LatencySummary?
    }

    /// Seconds since the run began.
    public var elapsed: Double
    public var isClean: Bool
    public var counts: LoadCounts
    /// In milliseconds.
    public var latencies: Latencies
    /// The first few faults in words.
    public var faults: [String]

    init(elapsed: Double, counts: LoadCounts, latencies: LoadLatencies, faults: [String]) {
        self.elapsed = elapsed
        isClean = counts.isClean
        self.counts = counts
        self.latencies = Latencies(
            announce: LatencySummary(latencies.announce),
            find: LatencySummary(latencies.find),
            degradedFind: LatencySummary(latencies.degradedFind),
            signalSameTracker: LatencySummary(latencies.signalSameTracker),
            signalOtherTracker: LatencySummary(latencies.signalOtherTracker)
        )
        self.faults = faults
    }
}
