import ContentTrust
import DemoSite
import Foundation
import Settings

/// The settings of the demo site, alone (`shoal site`) or with everything else (`shoal up`).
enum DemoSiteSettings {
    static let address = Setting<ListenAddress>(
        "site-address",
        .address,
        default: "127.0.0.1:8080",
        help: "The demo site."
    )
    static let mediaDirectory = Setting<String?>(
        "media-directory",
        .text("DIR"),
        help:
            "The demo's pictures and film, made at the first start; without it, \"media\" in the data directory, .shoal."
    )
    static let embedding = Setting<String>(
        "embedding",
        .oneOf("self-hosted", "from-tracker"),
        default: "self-hosted",
        help: "Whether the demo site hosts the client's files itself or loads them from the tracker."
    )
    /// Only for the site alone: `shoal up` knows its own tracker.
    static let trackerURL = Setting<String>(
        "tracker-url",
        .url("ws", "wss"),
        default: "ws://127.0.0.1:8000",
        help: "Where visitors' browsers reach the tracker: a node, or the load balancer before several."
    )

    /// What applies however the site is started.
    static let common: [SettingDeclaration] = [
        address.declaration, mediaDirectory.declaration, embedding.declaration,
    ]

    /// The site's configuration from the common settings.
    ///
    /// - Parameters:
    ///   - dataDirectory: where the media are kept when nobody says where.
    ///   - trackerURL: a WebSocket URL without a path.
    static func configuration(
        _ settings: ResolvedSettings,
        address: ListenAddress,
        dataDirectory: String,
        trackerURL: String,
        root: KeyID
    ) throws(SettingsError) -> DemoSite.Configuration {
        let media = try settings.value(mediaDirectory).map { URL(filePath: $0) }
        var configuration = DemoSite.Configuration(
            mediaDirectory: media ?? URL(filePath: dataDirectory).appending(path: "media"),
            rootThumbprint: root.text
        )
        configuration.address = address.host
        configuration.port = address.port
        configuration.trackerURL = trackerURL
        configuration.trackerScriptBase = trackerURL.replacing("ws", with: "http", maxReplacements: 1)
        configuration.embedding =
            try settings.value(embedding) == DemoSite.Configuration.Embedding.fromTracker.rawValue
            ? .fromTracker : .selfHosted
        return configuration
    }
}
