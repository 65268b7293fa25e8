import ArgumentParser

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
        subcommands: [UpCommand.self, TrackerCommand.self, AuthorityCommand.self, SitesCommand.self]
    )
}
