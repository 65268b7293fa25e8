import Foundation
import Synchronization

/// What this origin really sent, by path, so that anybody can see how much of a site's traffic its visitors took over.
final class AccessCounts: Sendable {
    struct Count: Codable, Equatable, Sendable {
        var requests = 0
        /// Bytes of bodies that were handed to connections; heads are not counted.
        var bytes = 0
    }

    private let counts = Mutex<[String: Count]>([:])

    func countRequest(of path: String) {
        counts.withLock { $0[path, default: Count()].requests += 1 }
    }

    func countBytes(_ bytes: Int, of path: String) {
        counts.withLock { $0[path, default: Count()].bytes += bytes }
    }

    func reset() {
        counts.withLock { $0 = [:] }
    }

    var snapshot: [String: Count] { counts.withLock { $0 } }

    /// `{"/path": {"bytes": …, "requests": …}, …}`
    func json() throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(snapshot)
    }
}
