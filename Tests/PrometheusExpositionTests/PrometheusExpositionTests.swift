import CoreMetrics
import Dispatch
import Metrics
import PrometheusExposition
import Testing

/// What a registry keeps, read back from its exposition by a parser of its own.
@Suite struct PrometheusExpositionTests {
    private let registry = PrometheusRegistry()

    private func parsed() throws -> ExpositionParser { try ExpositionParser(registry.exposition()) }

    @Test func writesCounters() throws {
        let plain = Counter(label: "requests_total", dimensions: [], factory: registry)
        plain.increment()
        plain.increment(by: 41)
        Counter(label: "requests_total", dimensions: [("code", "200")], factory: registry).increment(by: 7)
        let text = try parsed()
        #expect(text.types["requests_total"] == "counter")
        #expect(text.value("requests_total") == 42)
        #expect(text.value("requests_total", ["code": "200"]) == 7)
    }

    @Test func writesGauges() throws {
        let meter = Meter(label: "connections", dimensions: [], factory: registry)
        meter.set(5)
        meter.increment(by: 2.5)
        meter.decrement(by: 1)
        let gauge = Gauge(label: "temperature", dimensions: [], factory: registry)
        gauge.record(-3.25)
        let text = try parsed()
        #expect(text.types["connections"] == "gauge")
        #expect(text.types["temperature"] == "gauge")
        #expect(text.value("connections") == 6.5)
        #expect(text.value("temperature") == -3.25)
    }

    /// As the format writes them: Go's spelling, capitals and sign included.
    @Test(arguments: [(Double.infinity, "+Inf"), (-Double.infinity, "-Inf"), (Double.nan, "NaN"), (1e300, "1e+300")])
    func writesNumbersOfAnySize(value: Double, text: String) throws {
        Meter(label: "m", dimensions: [], factory: registry).set(value)
        #expect(registry.exposition().contains("\nm \(text)\n"))
    }

    @Test func writesHistogramsCumulatively() throws {
        let timer = Timer(label: "duration_seconds", dimensions: [("route", "/a")], factory: registry)
        // In seconds: at a bound, between bounds, and above all of them.
        for nanoseconds in [1_000_000, 2_000_000, 500_000_000, 3_000_000_000, 700_000_000_000] as [Int64] {
            timer.recordNanoseconds(nanoseconds)
        }
        let text = try parsed()
        #expect(text.types["duration_seconds"] == "histogram")
        let buckets = text.samples.filter { $0.name == "duration_seconds_bucket" }
        #expect(buckets.count == PrometheusRegistry.durationBounds.count + 1)
        #expect(buckets.allSatisfy { $0.labels["route"] == "/a" })
        let bounds = buckets.map { $0.labels["le"].flatMap { $0 == "+Inf" ? .infinity : Double($0) } ?? -1 }
        #expect(bounds == PrometheusRegistry.durationBounds + [.infinity])
        #expect(buckets.map(\.value) == [1, 2, 2, 2, 3, 3, 4, 4, 4, 4, 5])
        #expect(text.value("duration_seconds_count", ["route": "/a"]) == 5)
        let sum = try #require(text.value("duration_seconds_sum", ["route": "/a"]))
        #expect(abs(sum - 703.503) < 1e-9)
    }

    @Test func writesRecordersWithAggregationAsHistograms() throws {
        let recorder = Recorder(label: "size", dimensions: [], aggregate: true, factory: registry)
        recorder.record(0.5)
        recorder.record(Int64(2))
        let text = try parsed()
        #expect(text.types["size"] == "histogram")
        #expect(text.value("size_count") == 2)
        #expect(text.value("size_sum") == 2.5)
    }

    @Test func escapesLabels() throws {
        let value = "a\"b\\c\nd\\n{},= é🐟"
        Counter(label: "c", dimensions: [("l", value), ("a", "")], factory: registry).increment()
        #expect(try parsed().value("c", ["l": value, "a": ""]) == 1)
        // The order in which labels are given makes no other series.
        Counter(label: "c", dimensions: [("a", ""), ("l", value)], factory: registry).increment()
        let text = try parsed()
        #expect(text.value("c", ["l": value, "a": ""]) == 2)
        #expect(text.samples.count { $0.name == "c" } == 1)
    }

    @Test(arguments: [("a.b-c d", "a_b_c_d"), ("9lives", "_9lives"), ("", "_"), ("ok:1", "ok:1"), ("größe", "gr__e")])
    func makesNamesThatTheFormatAllows(label: String, name: String) throws {
        Counter(label: label, dimensions: [(label, "v")], factory: registry).increment()
        #expect(try parsed().samples.first?.name == name)
    }

    @Test func sortsFamiliesAndDeclaresEachOnce() throws {
        for name in ["b", "a", "c"] {
            for code in ["2", "1"] {
                Counter(label: name, dimensions: [("code", code)], factory: registry).increment()
            }
        }
        let samples = try parsed().samples
        #expect(samples.map(\.name) == ["a", "a", "b", "b", "c", "c", "shoal_metrics_dropped"])
        #expect(samples.compactMap { $0.labels["code"] } == ["1", "2", "1", "2", "1", "2"])
    }

    @Test func countsOnceFromManyThreads() throws {
        let counter = Counter(label: "c", dimensions: [], factory: registry)
        let timer = Timer(label: "t", dimensions: [], factory: registry)
        let registry = registry
        DispatchQueue.concurrentPerform(iterations: 8) { _ in
            for _ in 0..<1_000 {
                counter.increment()
                timer.recordNanoseconds(1)
                Counter(label: "late", dimensions: [], factory: registry).increment()
            }
        }
        let text = try parsed()
        #expect(text.value("c") == 8_000)
        #expect(text.value("t_count") == 8_000)
        #expect(text.value("late") == 8_000)
    }

    @Test func keepsNoMoreThanTheMetricLimit() throws {
        for number in 0..<(PrometheusRegistry.metricLimit + 3) {
            Counter(label: "c", dimensions: [("n", "\(number)")], factory: registry).increment()
        }
        let text = try parsed()
        #expect(text.samples.count { $0.name == "c" } == PrometheusRegistry.metricLimit)
        #expect(text.value("shoal_metrics_dropped") == 3)
        // What is known goes on counting.
        Counter(label: "c", dimensions: [("n", "0")], factory: registry).increment()
        #expect(try parsed().value("c", ["n": "0"]) == 2)
    }

    /// A name of two types is a mistake in the code; the first one stands, and the other is noted.
    @Test func keepsOneTypeForAName() throws {
        Counter(label: "x", dimensions: [], factory: registry).increment()
        Meter(label: "x", dimensions: [], factory: registry).set(5)
        Meter(label: "x", dimensions: [("l", "1")], factory: registry).set(6)
        let text = try parsed()
        #expect(text.types["x"] == "counter")
        #expect(text.value("x") == 1)
        #expect(text.value("x", ["l": "1"]) == nil)
        #expect(text.value("shoal_metrics_dropped") == 2)
    }
}
