import Foundation
import Logging
import Metrics
import PrometheusExposition
import ServiceLifecycle
import Settings
import UnixSignals

/// What every long-running command has: logs, metrics and an end.
enum ProcessSettings {
    static let logLevel = Setting<String>(
        "log-level",
        .oneOf("trace", "debug", "info", "notice", "warning", "error"),
        default: "warning",
        help: "What is written to standard error."
    )

    static let declarations = [logLevel.declaration]

    /// A process whose logging and metrics are set up.
    struct Running {
        let metrics: PrometheusRegistry
        private let level: Logger.Level

        init(metrics: PrometheusRegistry, level: Logger.Level) {
            self.metrics = metrics
            self.level = level
        }

        func logger(_ label: String) -> Logger {
            var logger = Logger(label: label)
            logger.logLevel = level
            return logger
        }

        /// Runs services until one fails, or until SIGTERM or SIGINT asks for a graceful end; a second signal does not wait.
        ///
        /// - Parameter drainLimit: seconds that the services may need, before they end, to take leave of others.
        func run(_ services: [any Service], drainLimit: Int = 0) async throws {
            var configuration = ServiceGroupConfiguration(services: services, logger: logger("shoal"))
            configuration.maximumGracefulShutdownDuration = .seconds(drainLimit + 10)
            let group = ServiceGroup(configuration: configuration)
            // The group could trap signals itself, but hears only the first one.
            var signals = await UnixSignalsSequence(trapping: .sigterm, .sigint).makeAsyncIterator()
            let running = Task { try await group.run() }
            let listening = Task {
                guard await signals.next() != nil else { return }
                await group.triggerGracefulShutdown()
                if await signals.next() != nil { running.cancel() }
            }
            defer { listening.cancel() }
            try await running.value
        }
    }

    /// To be called once, before anything logs or counts.
    static func start(_ settings: ResolvedSettings) throws(SettingsError) -> Running {
        let level = Logger.Level(rawValue: try settings.value(logLevel)) ?? .warning
        LoggingSystem.bootstrap(StreamLogHandler.standardError)
        let registry = PrometheusRegistry()
        MetricsSystem.bootstrap(registry)
        return Running(metrics: registry, level: level)
    }
}

/// Writes a line to standard output at once, also through a pipe: whoever starts the process waits for its addresses, and `print` would
/// keep them in a buffer.
func say(_ line: String) {
    FileHandle.standardOutput.write(Data((line + "\n").utf8))
}

extension ListenAddress {
    /// The same host with the port that was bound.
    func with(port: Int) -> ListenAddress { ListenAddress(host: host, port: port) }
}
