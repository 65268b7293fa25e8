import Foundation
import LoadGenerator

/// One measured value, and what the project wants it to be.
struct ClusterFigure: Codable, Sendable {
    enum Bound: String, Codable, Sendable {
        case atLeast = "at least"
        case atMost = "at most"
    }

    struct Target: Codable, Sendable {
        var bound: Bound
        var value: Double

        static func atLeast(_ value: Double) -> Target { Target(bound: .atLeast, value: value) }
        static func atMost(_ value: Double) -> Target { Target(bound: .atMost, value: value) }
    }

    var name: String
    var unit: String
    /// The median of the rounds.
    var value: Double
    /// The value of each round.
    var rounds: [Double]
    var target: Target?
    var isMet: Bool?

    init(_ name: String, _ unit: String, rounds: [Double], target: Target? = nil) {
        self.name = name
        self.unit = unit
        self.rounds = rounds
        let sorted = rounds.sorted()
        let middle = sorted.count / 2
        let median =
            sorted.isEmpty ? .nan : sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
        value = median
        self.target = target
        isMet = target.map { $0.bound == .atLeast ? median >= $0.value : median <= $0.value }
    }
}

/// What a run of `shoal-bench cluster` has measured.
struct ClusterReport: Codable, Sendable {
    struct Machine: Codable, Sendable {
        var cores: Int
        var processor: String
        var memoryGiB: Double
        var system: String

        static var current: Machine {
            let information = FileManager.default.contents(atPath: "/proc/cpuinfo")
                .map { String(decoding: $0, as: UTF8.self) }
            let model = information?.split(separator: "\n").first { $0.hasPrefix("model name") }
            return Machine(
                cores: ProcessInfo.processInfo.processorCount,
                processor: model?.split(separator: ":").last?.trimmingCharacters(in: .whitespaces) ?? "unknown",
                memoryGiB: Double(ProcessInfo.processInfo.physicalMemory) / 1_073_741_824,
                system: ProcessInfo.processInfo.operatingSystemVersionString
            )
        }
    }

    var machine = Machine.current
    var figures: [ClusterFigure] = []

    var text: String {
        let width = figures.map(\.name.count).max() ?? 0
        let lines = figures.map { figure in
            let name = figure.name.padding(toLength: width, withPad: " ", startingAt: 0)
            var line = "\(name)  \(Self.number(figure.value)) \(figure.unit)"
            if let target = figure.target, let isMet = figure.isMet {
                line += "  (\(target.bound.rawValue) \(Self.number(target.value)): \(isMet ? "met" : "NOT MET"))"
            }
            if figure.rounds.count > 1 {
                line += "  [\(figure.rounds.map { Self.number($0) }.joined(separator: ", "))]"
            }
            return line
        }
        let memory = String(format: "%.0f GiB", machine.memoryGiB)
        return (["\(machine.cores) cores, \(machine.processor), \(memory), \(machine.system)"] + lines)
            .joined(separator: "\n")
    }

    private static func number(_ value: Double) -> String {
        value >= 1_000 ? String(format: "%.0f", value) : String(format: "%.3g", value)
    }
}
