import ContentTrust
import Foundation
import GRDB

/// What the authority must not forget, in SQLite: sites, certified content, keysets (Docs/Certificates.md §5).
///
/// A value is written, and the disk has said so, before anything that rests on it leaves the process.
struct Registry: Sendable {
    /// Seconds to wait for somebody else who has the file: a backup, or the connections of an authority that is just ending and moves its
    /// write-ahead log into the file.
    static let busyTimeout = 5.0

    let contentCountLimit: Int
    let siteCountLimit: Int
    let database: any DatabaseWriter

    /// Opens or creates the registry in a file.
    init(path: String, contentCountLimit: Int, siteCountLimit: Int) throws(AuthorityError) {
        self.contentCountLimit = contentCountLimit
        self.siteCountLimit = siteCountLimit
        do {
            var configuration = GRDB.Configuration()
            configuration.label = "registry"
            configuration.busyMode = .timeout(Self.busyTimeout)
            configuration.prepareDatabase { database in
                // With a write-ahead log GRDB's own setting, NORMAL, may lose the newest transactions to a loss of power.
                try database.execute(sql: "PRAGMA synchronous = FULL")
            }
            let pool = try DatabasePool(path: path, configuration: configuration)
            try Self.migrator.migrate(pool)
            database = pool
        } catch { throw .registry("\(path): \(error)") }
    }

    /// Whether the registry answers.
    func isReadable() async -> Bool {
        (try? await database.read { try Int.fetchOne($0, sql: "SELECT 1") }) == 1
    }
}

// MARK: - Sites

extension Registry {
    func sites() async throws -> [Site] {
        try await database.read { database in
            try Row.fetchAll(database, sql: "SELECT * FROM site ORDER BY origin").map { try Self.site($0, database) }
        }
    }

    /// Registers a site, or changes its registration; false when there are too many sites.
    func put(_ site: Site) async throws -> Bool {
        try await database.write { database in
            let isKnown = try Self.site(site.origin, database) != nil
            let count = try Int.fetchOne(database, sql: "SELECT COUNT(*) FROM site") ?? 0
            guard isKnown || count < siteCountLimit else { return false }
            try database.execute(
                sql: """
                    INSERT INTO site (origin, allowsPrivateAddresses) VALUES (?, ?)
                    ON CONFLICT (origin) DO UPDATE SET allowsPrivateAddresses = excluded.allowsPrivateAddresses
                    """,
                arguments: [site.origin.text, site.allowsPrivateAddresses]
            )
            try database.execute(sql: "DELETE FROM contentOrigin WHERE site = ?", arguments: [site.origin.text])
            for origin in site.contentOrigins {
                try database.execute(
                    sql: "INSERT INTO contentOrigin (site, origin) VALUES (?, ?)",
                    arguments: [site.origin.text, origin.text]
                )
            }
            return true
        }
    }

    /// Removes a site with all that is known of its content; false when there is no such site.
    func removeSite(_ origin: WebOrigin) async throws -> Bool {
        try await database.write { database in
            try database.execute(sql: "DELETE FROM site WHERE origin = ?", arguments: [origin.text])
            return database.changesCount > 0
        }
    }

    static func site(_ origin: WebOrigin, _ database: Database) throws -> Site? {
        try Row.fetchOne(database, sql: "SELECT * FROM site WHERE origin = ?", arguments: [origin.text])
            .map { try site($0, database) }
    }

    private static func site(_ row: Row, _ database: Database) throws -> Site {
        let origin: String = row["origin"]
        let contentOrigins = try String.fetchAll(
            database,
            sql: "SELECT origin FROM contentOrigin WHERE site = ?",
            arguments: [origin]
        )
        return Site(
            origin: try WebOrigin(origin),
            contentOrigins: Set(try contentOrigins.map { try WebOrigin($0) }),
            allowsPrivateAddresses: row["allowsPrivateAddresses"]
        )
    }
}
