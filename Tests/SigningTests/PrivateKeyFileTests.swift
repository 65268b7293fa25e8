import ContentTrust
import Foundation
import Signing
import Testing

@Suite struct PrivateKeyFileTests {
    /// A folder of its own for each test, removed afterwards.
    private func withFolder(_ body: (String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("shoal-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try body(folder.path)
    }

    private func reason(_ body: () throws -> Void) -> String {
        let error = #expect(throws: SigningError.self) { try body() }
        guard case .keyFile(_, let reason)? = error else { return "" }
        return reason
    }

    @Test(arguments: SignatureAlgorithm.allCases)
    func whatIsSavedIsLoaded(algorithm: SignatureAlgorithm) throws {
        try withFolder { folder in
            let file = PrivateKeyFile(path: folder + "/root.pem")
            #expect(!file.exists)
            let key = try SigningKey.generate(algorithm)
            let mask = umask(0)
            defer { umask(mask) }
            try file.save(key)
            #expect(file.exists)
            #expect(try file.load().publicKey == key.publicKey)
            let attributes = try FileManager.default.attributesOfItem(atPath: file.path)
            #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o600)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["root.pem"])
        }
    }

    @Test func aKeyIsNeverOverwritten() throws {
        try withFolder { folder in
            let file = PrivateKeyFile(path: folder + "/root.pem")
            let first = try SigningKey.generate()
            try file.save(first)
            #expect(reason { try file.save(SigningKey.generate()) }.contains("exists already"))
            #expect(try file.load().publicKey == first.publicKey)
        }
    }

    /// What a crash in the middle of a save leaves behind does not stand in the way of the next one.
    @Test func anUnfinishedSaveIsReplaced() throws {
        try withFolder { folder in
            let file = PrivateKeyFile(path: folder + "/root.pem")
            try Data("half".utf8).write(to: URL(fileURLWithPath: file.path + ".new"))
            #expect(!file.exists)
            try file.save(SigningKey.generate())
            _ = try file.load()
        }
    }

    @Test(arguments: [0o644, 0o640, 0o660, 0o602, 0o604])
    func aFileOpenToOthersIsRefused(mode: Int) throws {
        try withFolder { folder in
            let file = PrivateKeyFile(path: folder + "/root.pem")
            try file.save(SigningKey.generate())
            try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: file.path)
            #expect(reason { _ = try file.load() }.contains("chmod 600"))
        }
    }

    @Test func otherThingsThanAKeyFileAreRefused() throws {
        try withFolder { folder in
            let file = PrivateKeyFile(path: folder + "/root.pem")
            #expect(reason { _ = try file.load() }.contains("cannot be opened"))
            #expect(reason { _ = try PrivateKeyFile(path: folder).load() }.contains("not a regular file"))
            try file.save(SigningKey.generate())
            let link = folder + "/link.pem"
            try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: file.path)
            #expect(reason { _ = try PrivateKeyFile(path: link).load() }.contains("cannot be opened"))
            func write(_ bytes: Data) throws -> PrivateKeyFile {
                let path = folder + "/other.pem"
                try bytes.write(to: URL(fileURLWithPath: path))
                try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
                return PrivateKeyFile(path: path)
            }
            #expect(reason { _ = try write(Data()).load() }.contains("0 bytes"))
            #expect(reason { _ = try write(Data(count: 16_385)).load() }.contains("16385 bytes"))
            #expect(reason { _ = try write(Data(count: 16_384)).load() }.contains("no usable private key"))
            #expect(
                reason { try PrivateKeyFile(path: folder + "/missing/root.pem").save(SigningKey.generate()) }.contains(
                    "cannot be created"
                )
            )
        }
    }
}
