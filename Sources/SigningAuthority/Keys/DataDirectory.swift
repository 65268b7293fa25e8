import Foundation

#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// The authority's folder, for its owner only, locked for as long as the object lives.
///
/// Two authorities on one folder would each sign keysets of the same version; the lock is the system's, so a killed process leaves none.
final class DataDirectory: Sendable {
    private let path: String
    private let lock: Int32

    var registryPath: String { path + "/registry.sqlite" }
    var rootKeyPath: String { path + "/root.pem" }
    var signingKeyPath: String { path + "/signing.pem" }

    init(path: String) throws(AuthorityError) {
        func failure(_ what: String) -> AuthorityError {
            .dataDirectory(path: path, reason: "\(what): \(String(cString: strerror(errno)))")
        }
        do {
            try FileManager.default.createDirectory(
                atPath: path,
                withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700]
            )
        } catch { throw .dataDirectory(path: path, reason: "cannot be made: \(error.localizedDescription)") }
        let mode = try? FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? NSNumber
        guard let mode = mode?.intValue, mode & 0o077 == 0 else {
            throw .dataDirectory(
                path: path,
                reason:
                    "has mode \(mode.map { String($0.intValue, radix: 8) } ?? "unknown") and so is open to others; set it to 700 (chmod 700)"
            )
        }
        let lock = open(path + "/lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard lock >= 0 else { throw failure("cannot be locked") }
        guard flock(lock, LOCK_EX | LOCK_NB) == 0 else {
            close(lock)
            throw .dataDirectory(path: path, reason: "is in use by another authority")
        }
        self.path = path
        self.lock = lock
    }

    deinit { close(lock) }
}
