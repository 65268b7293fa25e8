import ArgumentParser
import ContentTrust
import DemoSite
import Foundation
import Presence
import PrometheusExposition
import Settings
import SigningAuthority
import TrackerNode
import TrackerProtocol

/// `shoal up`: everything on one machine in one process.
struct UpCommand: SettingsCommand {
    static let configuration = CommandConfiguration(
        commandName: "up",
        abstract: "Run tracker, signing authority and a demo site in one process.",
        usage: "shoal up [settings]"
    )
    static let schema = SettingsSchema(
        [
            trackerAddress.declaration, authorityAddress.declaration, adminAddress.declaration,
            authorityAdminAddress.declaration,
        ] + DemoSiteSettings.common + TrackerSettings.common + AuthoritySettings.common + ProcessSettings.declarations
    )

    private static let trackerAddress = Setting<ListenAddress>(
        "tracker-address",
        .address,
        default: "127.0.0.1:8000",
        help: "The tracker's public address."
    )
    private static let authorityAddress = Setting<ListenAddress>(
        "authority-address",
        .address,
        default: "127.0.0.1:8100",
        help: "The signing authority's public address."
    )
    private static let adminAddress = Setting<ListenAddress>(
        "admin-address",
        .address,
        default: "127.0.0.1:9000",
        help: "The tracker's admin address."
    )
    private static let authorityAdminAddress = Setting<ListenAddress>(
        "authority-admin-address",
        .address,
        default: "127.0.0.1:9100",
        help: "The signing authority's admin address."
    )
    @Argument(parsing: .captureForPassthrough, help: .hidden)
    var arguments: [String] = []

    func run(_ settings: ResolvedSettings) async throws {
        let eventLoopGroup = try TrackerSettings.eventLoopGroup(settings)
        let site = try await settings.value(DemoSiteSettings.address).withFreePort()
        let tracker = try await settings.value(Self.trackerAddress).withFreePort()
        let authority = try await settings.value(Self.authorityAddress).withFreePort()
        let authorityAdmin = try settings.value(Self.authorityAdminAddress)
        let trackerAdmin = try settings.value(Self.adminAddress)
        let authorityConfiguration = try AuthoritySettings.configuration(
            settings,
            publicAddress: authority,
            adminAddress: authorityAdmin
        )
        let process = try ProcessSettings.start(settings)

        let signing = try await SigningAuthority(
            configuration: authorityConfiguration,
            sites: Self.origins(of: site).map { try Site(origin: WebOrigin($0), allowsPrivateAddresses: true) },
            logger: process.logger("authority"),
            metrics: { process.metrics.exposition() },
            onListening: { side, port in
                switch side {
                case .public: say("authority: public address \(authority)")
                case .admin: say("authority: admin address \(authorityAdmin.with(port: port))")
                }
            }
        )
        say("authority: root thumbprint \(signing.root.text)")

        let trackerConfiguration = try TrackerSettings.configuration(
            settings,
            publicAddress: tracker,
            adminAddress: trackerAdmin,
            authorityURL: "http://\(authority)",
            root: signing.root.text
        )
        // Without a drain: there is no other node to move to.
        let node = TrackerNode(
            trackerConfiguration,
            eventLoopGroup: eventLoopGroup,
            store: .memory(MemoryPresenceStore()),
            metrics: { process.metrics.exposition() },
            logger: process.logger("tracker"),
            onListening: { side, port in
                switch side {
                case .public: say("tracker: public address \(tracker)")
                case .admin: say("tracker: admin address \(trackerAdmin.with(port: port))")
                }
            }
        )
        let demo = DemoSite(
            try DemoSiteSettings.configuration(
                settings,
                address: site,
                dataDirectory: settings.value(AuthoritySettings.dataDirectory),
                trackerURL: "ws://\(tracker)",
                root: signing.root
            ),
            logger: process.logger("site"),
            progress: { say("site: \($0)") },
            ready: { _ in
                say("site address \(site)")
                say("\nOpen \(Self.origins(of: site).last ?? "") in a browser, then in a second one. Ctrl-C ends it.")
            }
        )
        try await process.run([signing, node, demo])
    }

    /// The site under the names that people on this machine use for it.
    private static func origins(of site: ListenAddress) -> [String] {
        var origins = ["http://\(site)"]
        if site.host == "127.0.0.1" || site.host == "::1" { origins.append("http://localhost:\(site.port)") }
        return origins
    }
}
