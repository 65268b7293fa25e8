import CoreMetrics
import Synchronization

/// Keeps the values of swift-metrics and writes them in the Prometheus text format, version 0.0.4.
///
/// Own code because no exposition backend is among the packages at hand. Counters, gauges and histograms with fixed bounds are all that
/// Shoal uses. Thread-safe; a metric is made once and then counted with atomics.
public final class PrometheusRegistry: Sendable {
    /// Upper bounds of the buckets of a duration, in seconds.
    public static let durationBounds: [Double] = [0.001, 0.005, 0.025, 0.1, 0.5, 1, 5, 30, 120, 600]
    /// Metrics that may exist; one more, or one whose name has another type already, is counted nowhere and noted in `shoal_metrics_dropped`. Labels come from code, never from a
    /// client, so the limit only guards against a mistake.
    public static let metricLimit = 4_096

    struct Identity: Hashable {
        var name: String
        var labels: [Label]

        init(_ name: String, _ dimensions: [(String, String)]) {
            self.name = PrometheusText.name(name)
            labels = dimensions.map { Label(name: PrometheusText.name($0.0), value: $0.1) }.sorted { $0.name < $1.name }
        }
    }

    struct Label: Hashable {
        var name: String
        var value: String
    }

    enum Metric: Sendable {
        case counter(CounterValue)
        case gauge(GaugeValue)
        case histogram(HistogramValue)

        var type: String {
            switch self {
            case .counter: "counter"
            case .gauge: "gauge"
            case .histogram: "histogram"
            }
        }
    }

    private struct State {
        var metrics: [Identity: Metric] = [:]
        /// All metrics of a name are of one type; the format has no place for another.
        var types: [String: String] = [:]
        var dropped = 0
    }

    private let state = Mutex(State())

    public init() {}

    /// The metric of a name and labels, made by `make` if there is none yet of this kind.
    func metric<Value: Sendable>(_ identity: Identity, get: (Metric) -> Value?, make: () -> (Metric, Value)) -> Value {
        state.withLock { state in
            if let known = state.metrics[identity].flatMap(get) { return known }
            let (metric, value) = make()
            if state.metrics.count < Self.metricLimit, state.metrics[identity] == nil,
                state.types[identity.name, default: metric.type] == metric.type
            {
                state.metrics[identity] = metric
                state.types[identity.name] = metric.type
            } else {
                state.dropped += 1
            }
            return value
        }
    }

    /// All values at this moment, sorted by name and labels.
    public func exposition() -> String {
        let (metrics, dropped) = state.withLock { ($0.metrics, $0.dropped) }
        var text = PrometheusText()
        let families = Dictionary(grouping: metrics) { $0.key.name }
        for (name, members) in families.sorted(by: { $0.key < $1.key }) {
            let ordered = members.sorted { PrometheusText.labels($0.key.labels) < PrometheusText.labels($1.key.labels) }
            guard let type = ordered.first?.value.type else { continue }
            text.family(name, type: type)
            for (identity, metric) in ordered { text.sample(identity, metric) }
        }
        text.family("shoal_metrics_dropped", type: "gauge")
        text.line("shoal_metrics_dropped", [], String(dropped))
        return text.text
    }
}

extension PrometheusRegistry: MetricsFactory {
    public func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        metric(Identity(label, dimensions), get: { if case .counter(let value) = $0 { value } else { nil } }) {
            let value = CounterValue()
            return (.counter(value), value)
        }
    }

    public func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        aggregate ? histogram(label, dimensions) : gauge(label, dimensions)
    }

    public func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        gauge(label, dimensions)
    }

    public func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        histogram(label, dimensions)
    }

    private func gauge(_ label: String, _ dimensions: [(String, String)]) -> GaugeValue {
        metric(Identity(label, dimensions), get: { if case .gauge(let value) = $0 { value } else { nil } }) {
            let value = GaugeValue()
            return (.gauge(value), value)
        }
    }

    private func histogram(_ label: String, _ dimensions: [(String, String)]) -> HistogramValue {
        metric(Identity(label, dimensions), get: { if case .histogram(let value) = $0 { value } else { nil } }) {
            let value = HistogramValue(bounds: Self.durationBounds)
            return (.histogram(value), value)
        }
    }

    // Metrics live as long as the registry: a series that vanished would look like a restart.
    public func destroyCounter(_ handler: any CounterHandler) {}
    public func destroyRecorder(_ handler: any RecorderHandler) {}
    public func destroyMeter(_ handler: any MeterHandler) {}
    public func destroyTimer(_ handler: any TimerHandler) {}
}
