import ContentTrust
import Foundation
import GRDB

extension Registry {
    /// A site and what is known of some of its URLs, all of one moment; nil for a site that is not registered.
    func lookUp(
        _ site: WebOrigin,
        urls: [ContentURL]
    ) async throws -> (site: Site, contents: [ContentURL: CertifiedContent])? {
        try await database.read { database in
            guard let known = try Self.site(site, database) else { return nil }
            var contents: [ContentURL: CertifiedContent] = [:]
            for url in urls {
                contents[url] = try Self.content(ContentKey(site: site, url: url), database)
            }
            return (known, contents)
        }
    }

    /// Notes what an origin gave. Nothing is noted for a site that was removed, or may no longer have this content, in the meantime.
    func record(_ fetched: FetchedContent, for key: ContentKey, now: Int) async throws {
        try await database.write { database in
            guard try Self.site(key.site, database)?.allows(key.url.origin) == true else { return }
            let previous = try Self.content(key, database)
            if previous == nil { try makeRoom(for: key.site, database) }
            try Self.write(CertifiedContent.after(previous, fetched: fetched, now: now), key, database)
        }
    }

    /// Notes that an origin said that its content is still the same.
    func recordUnchanged(_ key: ContentKey, now: Int) async throws {
        try await database.write { database in
            try database.execute(
                sql: "UPDATE content SET checkedAt = ? WHERE site = ? AND url = ?",
                arguments: [now, key.site.text, key.url.text]
            )
        }
    }

    private func makeRoom(for site: WebOrigin, _ database: Database) throws {
        let count = try Int.fetchOne(
            database,
            sql: "SELECT COUNT(*) FROM content WHERE site = ?",
            arguments: [site.text]
        )
        guard let count, count >= contentCountLimit else { return }
        try database.execute(
            sql: """
                DELETE FROM content WHERE rowid IN
                (SELECT rowid FROM content WHERE site = ? ORDER BY checkedAt LIMIT ?)
                """,
            arguments: [site.text, count - contentCountLimit + 1]
        )
    }

    private static func write(_ content: CertifiedContent, _ key: ContentKey, _ database: Database) throws {
        let fetched = content.content
        try database.execute(
            sql: """
                INSERT OR REPLACE INTO content
                (site, url, contentID, length, layer, mediaType, generation, checkedAt, validatedURL, entityTag, lastModified)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                key.site.text, key.url.text, Data(fetched.tree.contentID.bytes), fetched.tree.length,
                Data(fetched.tree.layer), fetched.mediaType, content.generation, content.checkedAt,
                fetched.validators?.url.text, fetched.validators?.entityTag, fetched.validators?.lastModified,
            ]
        )
    }

    private static func content(_ key: ContentKey, _ database: Database) throws -> CertifiedContent? {
        let row = try Row.fetchOne(
            database,
            sql: "SELECT * FROM content WHERE site = ? AND url = ?",
            arguments: [key.site.text, key.url.text]
        )
        guard let row else { return nil }
        let id: Data = row["contentID"]
        let layer: Data = row["layer"]
        // Checked again: what is signed rests on it, and a disk may give back something else than it was given.
        guard let contentID = ContentID(bytes: id),
            let tree = MerkleTree(contentID: contentID, length: row["length"], layer: Array(layer))
        else { throw AuthorityError.registry("the hashes of \(key.url) contradict each other") }
        let validatedURL: String? = row["validatedURL"]
        let validators = try validatedURL.map {
            Validators(url: try ContentURL($0), entityTag: row["entityTag"], lastModified: row["lastModified"])
        }
        return CertifiedContent(
            content: FetchedContent(tree: tree, mediaType: row["mediaType"], validators: validators),
            generation: row["generation"],
            checkedAt: row["checkedAt"]
        )
    }
}
