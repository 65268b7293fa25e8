import GRDB

extension Registry {
    /// Every change of the schema, in order. One that was released is never edited.
    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1: sites, content, keysets") { database in
            try database.execute(
                sql: """
                    CREATE TABLE site (
                        origin TEXT NOT NULL PRIMARY KEY,
                        allowsPrivateAddresses BOOLEAN NOT NULL
                    );
                    CREATE TABLE contentOrigin (
                        site TEXT NOT NULL REFERENCES site (origin) ON DELETE CASCADE,
                        origin TEXT NOT NULL,
                        PRIMARY KEY (site, origin)
                    );
                    CREATE TABLE content (
                        site TEXT NOT NULL REFERENCES site (origin) ON DELETE CASCADE,
                        url TEXT NOT NULL,
                        contentID BLOB NOT NULL,
                        length INTEGER NOT NULL,
                        layer BLOB NOT NULL,
                        mediaType TEXT NOT NULL,
                        generation INTEGER NOT NULL,
                        checkedAt INTEGER NOT NULL,
                        validatedURL TEXT,
                        entityTag TEXT,
                        lastModified TEXT,
                        PRIMARY KEY (site, url)
                    );
                    CREATE INDEX contentByAge ON content (site, checkedAt);
                    CREATE TABLE keyset (
                        version INTEGER NOT NULL PRIMARY KEY,
                        issuedAt INTEGER NOT NULL,
                        compact BLOB NOT NULL
                    );
                    """
            )
        }
        return migrator
    }
}
