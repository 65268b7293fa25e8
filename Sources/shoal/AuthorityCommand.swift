import ArgumentParser
import ContentTrust
import PrometheusExposition
import Settings
import SigningAuthority

/// `shoal authority`: the signing authority.
struct AuthorityCommand: SettingsCommand {
    static let configuration = CommandConfiguration(
        commandName: "authority",
        abstract: "Run the signing authority.",
        usage: "shoal authority [settings]"
    )
    static let schema = SettingsSchema(
        [AuthoritySettings.publicAddress.declaration, AuthoritySettings.adminAddress.declaration]
            + AuthoritySettings.common + ProcessSettings.declarations
    )

    @Argument(parsing: .captureForPassthrough, help: .hidden)
    var arguments: [String] = []

    func run(_ settings: ResolvedSettings) async throws {
        let publicAddress = try settings.value(AuthoritySettings.publicAddress)
        let adminAddress = try settings.value(AuthoritySettings.adminAddress)
        let configuration = try AuthoritySettings.configuration(
            settings,
            publicAddress: publicAddress,
            adminAddress: adminAddress
        )
        let process = try ProcessSettings.start(settings)
        let authority = try await SigningAuthority(
            configuration: configuration,
            logger: process.logger("authority"),
            metrics: { process.metrics.exposition() },
            onListening: { side, port in
                switch side {
                case .public: say("authority: public address \(publicAddress.with(port: port))")
                case .admin: say("authority: admin address \(adminAddress.with(port: port))")
                }
            }
        )
        say("authority: root thumbprint \(authority.root.text)")
        try await process.run([authority])
    }
}
