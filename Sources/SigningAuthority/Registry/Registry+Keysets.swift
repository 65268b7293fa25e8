import ContentTrust
import Foundation
import GRDB

/// A keyset as it was given out.
struct IssuedKeyset: Sendable {
    let version: Int
    let issuedAt: Int
    let compact: [UInt8]
}

extension Registry {
    /// The keyset with the highest version.
    func newestKeyset() throws -> IssuedKeyset? {
        try database.read { database in
            try Row.fetchOne(database, sql: "SELECT * FROM keyset ORDER BY version DESC LIMIT 1").map { row in
                let compact: Data = row["compact"]
                return IssuedKeyset(version: row["version"], issuedAt: row["issuedAt"], compact: Array(compact))
            }
        }
    }

    /// Notes a keyset before it is given to anybody. Throws when there is one of this version: then somebody else signs, too.
    ///
    /// Blocks for one write to the disk. It happens once in hours, and an actor that waits by suspending would let another caller see, or make,
    /// a keyset that is not durable yet.
    func append(_ keyset: IssuedKeyset) throws {
        try database.write { database in
            try database.execute(
                sql: "INSERT INTO keyset (version, issuedAt, compact) VALUES (?, ?, ?)",
                arguments: [keyset.version, keyset.issuedAt, Data(keyset.compact)]
            )
        }
    }
}
