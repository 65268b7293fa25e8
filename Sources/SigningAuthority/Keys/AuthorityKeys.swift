import ContentTrust
import Logging
import Signing

/// The authority's keys: the root, which signs keysets, and the key that signs certificates.
struct AuthorityKeys: Sendable {
    let root: SigningKey
    let signing: SigningKey

    /// Reads both keys, and makes those that are not there.
    ///
    /// - Parameter isFirstStart: whether no keyset was ever signed. Only then a root is made: every page pins it, so a lost root must be
    ///   noticed, not replaced.
    init(
        in directory: DataDirectory,
        algorithm: SignatureAlgorithm,
        isFirstStart: Bool,
        logger: Logger
    ) throws(AuthorityError) {
        let rootFile = PrivateKeyFile(path: directory.rootKeyPath)
        guard isFirstStart || rootFile.exists else {
            throw .keys(
                "the root key \(directory.rootKeyPath) is missing, although it has signed keysets; restore it from its backup"
            )
        }
        do throws(SigningError) {
            root = try Self.loadOrMake(rootFile, algorithm, logger)
            signing = try Self.loadOrMake(PrivateKeyFile(path: directory.signingKeyPath), algorithm, logger)
        } catch { throw .keys("\(error)") }
    }

    private static func loadOrMake(
        _ file: PrivateKeyFile,
        _ algorithm: SignatureAlgorithm,
        _ logger: Logger
    ) throws(SigningError) -> SigningKey {
        if file.exists { return try file.load() }
        let key = try SigningKey.generate(algorithm)
        try file.save(key)
        logger.notice("made a key", metadata: ["key": "\(key.publicKey.id)", "file": "\(file.path)"])
        return key
    }
}
