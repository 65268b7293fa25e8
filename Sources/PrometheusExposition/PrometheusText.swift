/// Writes samples in the Prometheus text exposition format, version 0.0.4.
struct PrometheusText {
    private(set) var text = ""

    /// A name as the format allows it: everything else becomes an underscore.
    static func name(_ name: String) -> String {
        let allowed = name.unicodeScalars.map { scalar -> Character in
            let isAllowed =
                ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar) || ("0"..."9").contains(scalar)
                || scalar == "_"
                || scalar == ":"
            return isAllowed ? Character(scalar) : "_"
        }
        guard let first = allowed.first, !first.isNumber else { return "_" + String(allowed) }
        return String(allowed)
    }

    /// `{a="b",c="d"}`, or nothing.
    static func labels(_ labels: [PrometheusRegistry.Label]) -> String {
        guard !labels.isEmpty else { return "" }
        let pairs = labels.map { label in
            let value = label.value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing(
                "\n",
                with: "\\n"
            )
            return "\(label.name)=\"\(value)\""
        }
        return "{" + pairs.joined(separator: ",") + "}"
    }

    /// A number as the format writes it: the values that are none have names of their own there.
    static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value > 0 ? "+Inf" : "-Inf" }
        return String(value)
    }

    mutating func family(_ name: String, type: String) { text += "# TYPE \(name) \(type)\n" }

    mutating func line(_ name: String, _ labels: [PrometheusRegistry.Label], _ value: String) {
        text += "\(name)\(Self.labels(labels)) \(value)\n"
    }

    mutating func sample(_ identity: PrometheusRegistry.Identity, _ metric: PrometheusRegistry.Metric) {
        switch metric {
        case .counter(let counter): line(identity.name, identity.labels, String(counter.value))
        case .gauge(let gauge): line(identity.name, identity.labels, Self.number(gauge.value))
        case .histogram(let histogram):
            let snapshot = histogram.snapshot
            var cumulated = 0
            for (bound, count) in zip(histogram.bounds + [.infinity], snapshot.counts) {
                cumulated += count
                let labels = identity.labels + [PrometheusRegistry.Label(name: "le", value: Self.number(bound))]
                line(identity.name + "_bucket", labels, String(cumulated))
            }
            line(identity.name + "_sum", identity.labels, Self.number(snapshot.sum))
            line(identity.name + "_count", identity.labels, String(cumulated))
        }
    }
}
