import ArgumentParser
import Foundation
import NIOHTTP1

/// `shoal sites`: which sites the signing authority serves.
struct SitesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sites",
        abstract: "Register, list and remove sites at the signing authority.",
        subcommands: [Add.self, List.self, Remove.self]
    )

    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Register a site, or change what is registered of it."
        )

        @Argument(help: "The site's origin, for example https://site.example.")
        var origin: String

        @Option(help: "A further origin that the site's content may come from. May be given several times.")
        var contentOrigin: [String] = []

        @Flag(help: "Let the authority fetch this site's content from private and loopback addresses.")
        var allowPrivateAddresses = false

        @OptionGroup var authority: AuthorityAdmin

        func run() async throws {
            let site = Site(origin: origin, contentOrigins: contentOrigin, allowPrivateAddresses: allowPrivateAddresses)
            _ = try await authority.request(.PUT, "/v1/sites", body: JSONEncoder().encode(site))
            say("registered \(origin)")
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show the registered sites.")

        @OptionGroup var authority: AuthorityAdmin

        private struct Sites: Decodable { var sites: [Site] }

        func run() async throws {
            let answer = try await authority.request(.GET, "/v1/sites")
            for site in try JSONDecoder().decode(Sites.self, from: answer).sites {
                let content =
                    site.contentOrigins.isEmpty ? "" : ", content from \(site.contentOrigins.joined(separator: ", "))"
                say(site.origin + content + (site.allowPrivateAddresses ? ", private addresses allowed" : ""))
            }
        }
    }

    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Remove a site; its certificates run out in minutes.")

        @Argument(help: "The site's origin.")
        var origin: String

        @OptionGroup var authority: AuthorityAdmin

        func run() async throws {
            let encoded = origin.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? origin
            _ = try await authority.request(.DELETE, "/v1/sites?origin=\(encoded)")
            say("removed \(origin)")
        }
    }

    /// A site as the authority's admin interface has it (Docs/Certificates.md §5).
    private struct Site: Codable {
        var origin: String
        var contentOrigins: [String]
        var allowPrivateAddresses: Bool
    }
}
