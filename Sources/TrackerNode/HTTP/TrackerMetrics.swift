import Metrics
import Synchronization
import TrackerCore

/// A node's metrics: what its workers have counted, brought up to date when somebody asks.
///
/// Workers count in plain integers of their own; adding up on demand costs the hot path nothing.
final class TrackerMetrics: Sendable {
    private let published = Mutex(TrackerCounters())
    private let counters = TrackerCounters.names.map { Counter(label: "shoal_tracker_\($0.name)_total") }
    private let connections = Meter(label: "shoal_tracker_connections")
    private let announced = Meter(label: "shoal_tracker_announced")
    private let draining = Meter(label: "shoal_tracker_draining")

    func publish(_ totals: WorkerPool.Totals, isDraining: Bool) {
        let before = published.withLock { published in
            defer { published = totals.counters }
            return published
        }
        for (counter, (_, value)) in zip(counters, TrackerCounters.names) {
            counter.increment(by: max(0, totals.counters[keyPath: value] - before[keyPath: value]))
        }
        connections.set(totals.connections)
        announced.set(totals.announced)
        draining.set(isDraining ? 1 : 0)
    }
}
