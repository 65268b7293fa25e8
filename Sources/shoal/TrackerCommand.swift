import ArgumentParser
import Logging
import PrometheusExposition
import ServiceLifecycle
import Settings
import TrackerNode

/// `shoal tracker`: one tracker node.
struct TrackerCommand: SettingsCommand {
    static let configuration = CommandConfiguration(
        commandName: "tracker",
        abstract: "Run one tracker node.",
        usage: "shoal tracker --root-thumbprint T [settings]"
    )
    static let schema = SettingsSchema(
        [
            TrackerSettings.publicAddress.declaration, TrackerSettings.adminAddress.declaration,
            TrackerSettings.authorityURL.declaration, TrackerSettings.rootThumbprint.declaration,
        ] + TrackerSettings.common + TrackerSettings.drain + ClusterSettings.declarations + ProcessSettings.declarations
    )

    @Argument(parsing: .captureForPassthrough, help: .hidden)
    var arguments: [String] = []

    func run(_ settings: ResolvedSettings) async throws {
        let eventLoopGroup = try TrackerSettings.eventLoopGroup(settings)
        var configuration = try TrackerSettings.configuration(
            settings,
            publicAddress: settings.value(TrackerSettings.publicAddress),
            adminAddress: settings.value(TrackerSettings.adminAddress),
            authorityURL: settings.value(TrackerSettings.authorityURL),
            root: settings.value(TrackerSettings.rootThumbprint)
        )
        try TrackerSettings.addDrain(settings, to: &configuration)
        let process = try ProcessSettings.start(settings)
        let node = try TrackerNode(
            configuration,
            eventLoopGroup: eventLoopGroup,
            store: ClusterSettings.store(settings, publicAddress: configuration.publicAddress),
            metrics: { process.metrics.exposition() },
            logger: process.logger("tracker"),
            onListening: { [configuration] side, port in
                switch side {
                case .public: say("tracker: public address \(configuration.publicAddress.with(port: port))")
                case .admin: say("tracker: admin address \(configuration.adminAddress.with(port: port))")
                }
            }
        )
        try await process.run([node], drainLimit: configuration.drainLimit)
    }
}
