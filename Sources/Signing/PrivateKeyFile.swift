#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif
import COpenSSL

/// One private key in one file: PKCS#8 PEM, readable and writable by its owner only.
public struct PrivateKeyFile: Sendable {
    /// Both keys take some 250 bytes; a file over this size is something else.
    static let lengthLimit = 16_384
    private static let mode: mode_t = 0o600

    public let path: String

    public init(path: String) { self.path = path }

    public var exists: Bool { access(path, F_OK) == 0 }

    /// Reads the key. Refuses a file that others may read or write, that somebody else owns, or that is a link.
    public func load() throws(SigningError) -> SigningKey {
        let file = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
        guard file >= 0 else { throw failure("cannot be opened") }
        defer { close(file) }
        // Checked on what was opened: a check of the path could be of another file.
        var status = stat()
        guard fstat(file, &status) == 0 else { throw failure("cannot be examined") }
        guard status.st_mode & S_IFMT == S_IFREG else { throw .keyFile(path: path, reason: "is not a regular file") }
        guard status.st_uid == geteuid() else {
            throw .keyFile(path: path, reason: "belongs to user \(status.st_uid), not to \(geteuid())")
        }
        let openTo = status.st_mode & 0o777
        guard openTo & 0o077 == 0 else {
            throw .keyFile(
                path: path,
                reason: "has mode \(String(openTo, radix: 8)) and so is open to others; set it to 600 (chmod 600)"
            )
        }
        guard (1...Self.lengthLimit).contains(Int(status.st_size)) else {
            throw .keyFile(path: path, reason: "has \(status.st_size) bytes; 1 to \(Self.lengthLimit) are allowed")
        }

        let pem = UnsafeMutableRawBufferPointer.allocate(byteCount: Int(status.st_size), alignment: 1)
        defer {
            OPENSSL_cleanse(pem.baseAddress, pem.count)
            pem.deallocate()
        }
        guard read(file, pem.baseAddress, pem.count) == pem.count else { throw failure("cannot be read") }
        do throws(SigningError) { return try SigningKey(pem: UnsafeRawBufferPointer(pem)) } catch {
            throw .keyFile(path: path, reason: "holds no usable private key: \(error)")
        }
    }

    /// Writes the key so that after a crash at any point the file is there in full or not at all.
    ///
    /// Never replaces a file: a key that is overwritten is lost for good.
    public func save(_ key: SigningKey) throws(SigningError) {
        let unfinished = path + ".new"
        unlink(unfinished)
        let file = open(unfinished, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, Self.mode)
        guard file >= 0 else { throw failure("cannot be created") }
        defer {
            close(file)
            unlink(unfinished)
        }
        // The mode given to open() is narrowed by the process's mask, never widened; this makes it exact.
        guard fchmod(file, Self.mode) == 0 else { throw failure("cannot be given mode 600") }
        let written = try key.withPEM { write(file, $0.baseAddress, $0.count) == $0.count }
        guard case .success(true) = written, fsync(file) == 0 else { throw failure("cannot be written") }
        // link() instead of rename(): it fails when the name is taken.
        guard link(unfinished, path) == 0 else {
            if errno == EEXIST { throw .keyFile(path: path, reason: "exists already and is not overwritten") }
            throw failure("cannot be put in its place")
        }
        try synchronizeFolder()
    }

    private func synchronizeFolder() throws(SigningError) {
        let folderPath = path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        let folder = open(folderPath, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { throw failure("was written, but its folder cannot be opened") }
        defer { close(folder) }
        guard fsync(folder) == 0 else { throw failure("was written, but its folder cannot be made durable") }
    }

    private func failure(_ what: String) -> SigningError {
        let reason = String(cString: strerror(errno))
        return .keyFile(path: path, reason: "\(what): \(reason)")
    }
}
