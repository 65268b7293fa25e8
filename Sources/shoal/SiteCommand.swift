import ArgumentParser
import DemoSite
import Settings

/// `shoal site`: the demo site alone, before a tracker that runs elsewhere.
struct SiteCommand: SettingsCommand {
    static let configuration = CommandConfiguration(
        commandName: "site",
        abstract: "Run the demo site alone; register it with `shoal sites add`.",
        usage: "shoal site --root-thumbprint THUMBPRINT [settings]"
    )
    static let schema = SettingsSchema(
        [TrackerSettings.rootThumbprint.declaration, DemoSiteSettings.trackerURL.declaration]
            + DemoSiteSettings.common + ProcessSettings.declarations
    )

    @Argument(parsing: .captureForPassthrough, help: .hidden)
    var arguments: [String] = []

    func run(_ settings: ResolvedSettings) async throws {
        let address = try settings.value(DemoSiteSettings.address)
        let configuration = try DemoSiteSettings.configuration(
            settings,
            address: address,
            dataDirectory: AuthoritySettings.defaultDataDirectory,
            trackerURL: settings.value(DemoSiteSettings.trackerURL),
            root: TrackerSettings.root(settings.value(TrackerSettings.rootThumbprint))
        )
        let process = try ProcessSettings.start(settings)
        let site = DemoSite(
            configuration,
            logger: process.logger("site"),
            progress: { say("site: \($0)") },
            ready: { port in say("site address \(address.with(port: port))") }
        )
        try await process.run([site])
    }
}
