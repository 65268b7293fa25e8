import ArgumentParser
import Settings

/// The `shoal` command.
@main
struct Shoal: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "shoal",
        abstract: "A self-hosted peer-to-peer CDN: visitors of a site serve its heavy content to each other.",
        discussion: """
            Every setting is a flag (--redis-url), an environment variable (SHOAL_REDIS_URL) and a key of the configuration \
            file (redis-url: …); flags win over the environment, and that over the file.
            """,
        subcommands: [
            UpCommand.self, TrackerCommand.self, AuthorityCommand.self, SiteCommand.self, SitesCommand.self,
            StatusCommand.self, ShardsCommand.self,
        ]
    )

    /// The environment variables of all commands: one environment may serve a whole cluster, so each command leaves those of the others
    /// alone. What none of them knows stops the start.
    static let variables: Set<String> = {
        let schemas: [any SettingsCommand.Type] = [
            UpCommand.self, TrackerCommand.self, AuthorityCommand.self, SiteCommand.self,
        ]
        return Set(
            schemas.flatMap { $0.schema.declarations.map(\.variable) } + [
                AuthorityAdmin.variable, TrackerAdmin.variable,
            ]
        )
    }()
}
