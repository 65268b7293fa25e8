import ContentTrust
import Foundation
import GRDB
import Logging
import TestSupport
import Testing

@testable import SigningAuthority

@Suite struct StorageTests {
    private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    private func content(_ text: String) throws -> FetchedContent {
        var hasher = MerkleHasher()
        hasher.update(Array(text.utf8))
        return FetchedContent(tree: try #require(hasher.finish()), mediaType: "text/plain", validators: nil)
    }

    private func registry(_ folder: String, contents: Int = 100) throws -> Registry {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        return try Registry(path: folder + "/registry.sqlite", contentCountLimit: contents, siteCountLimit: 10)
    }

    private func start(_ folder: String, _ configure: (inout AuthorityConfiguration) -> Void = { _ in }) async throws
        -> SigningAuthority
    {
        var configuration = AuthorityConfiguration(dataDirectory: folder)
        configure(&configuration)
        return try await SigningAuthority(configuration: configuration, logger: logger, metrics: { "" })
    }

    @Test func contentSurvivesInFull() async throws {
        try await withFolder { folder in
            let site = try WebOrigin("https://site.example")
            let url = try ContentURL("https://site.example/a")
            var hasher = MerkleHasher()
            hasher.update([UInt8](repeating: 7, count: 300_000))
            let fetched = FetchedContent(
                tree: try #require(hasher.finish()),
                mediaType: "video/mp4",
                validators: Validators(
                    url: try ContentURL("https://site.example/b"),
                    entityTag: "\"é\"",
                    lastModified: nil
                )
            )
            do {
                let registry = try registry(folder)
                #expect(try await registry.put(Site(origin: site)))
                try await registry.record(fetched, for: ContentKey(site: site, url: url), now: 1_000)
                try await registry.recordUnchanged(ContentKey(site: site, url: url), now: 2_000)
            }
            let known = try #require(try await registry(folder).lookUp(site, urls: [url]))
            #expect(known.contents[url] == CertifiedContent(content: fetched, generation: 1_000, checkedAt: 2_000))
        }
    }

    @Test func theUncheckedForLongestMakeRoom() async throws {
        try await withFolder { folder in
            let registry = try registry(folder, contents: 3)
            let site = try WebOrigin("https://site.example")
            #expect(try await registry.put(Site(origin: site)))
            let urls = try (0..<5).map { try ContentURL("https://site.example/\($0)") }
            for (index, url) in urls.enumerated() {
                try await registry.record(content("x"), for: ContentKey(site: site, url: url), now: index)
                if index == 2 { try await registry.recordUnchanged(ContentKey(site: site, url: urls[0]), now: 10) }
            }
            let known = try #require(try await registry.lookUp(site, urls: urls))
            #expect(Set(known.contents.keys) == [urls[0], urls[3], urls[4]])
            // What is known already needs no room.
            try await registry.record(content("y"), for: ContentKey(site: site, url: urls[4]), now: 20)
            #expect(try await registry.lookUp(site, urls: urls)?.contents.count == 3)
        }
    }

    /// A fetch that ends after its site was removed, or may no longer have that origin, leaves nothing behind.
    @Test func whatIsNoLongerAllowedIsNotNoted() async throws {
        try await withFolder { folder in
            let registry = try registry(folder)
            let site = try WebOrigin("https://site.example")
            let url = try ContentURL("https://cdn.example/a")
            let key = ContentKey(site: site, url: url)
            try await registry.record(content("x"), for: key, now: 0)
            #expect(try await registry.lookUp(site, urls: [url]) == nil)
            #expect(try await registry.put(Site(origin: site)))
            try await registry.record(content("x"), for: key, now: 0)
            #expect(try await registry.lookUp(site, urls: [url])?.contents.isEmpty == true)
            #expect(try await registry.put(Site(origin: site, contentOrigins: [url.origin])))
            try await registry.record(content("x"), for: key, now: 0)
            #expect(try await registry.lookUp(site, urls: [url])?.contents.count == 1)
            #expect(try await registry.removeSite(site))
            #expect(try await registry.put(Site(origin: site, contentOrigins: [url.origin])))
            #expect(try await registry.lookUp(site, urls: [url])?.contents.isEmpty == true)
        }
    }

    @Test func damagedHashesAreNoticed() async throws {
        try await withFolder { folder in
            let registry = try registry(folder)
            let site = try WebOrigin("https://site.example")
            let url = try ContentURL("https://site.example/")
            #expect(try await registry.put(Site(origin: site)))
            try await registry.record(content("x"), for: ContentKey(site: site, url: url), now: 0)
            try await registry.database.write { try $0.execute(sql: "UPDATE content SET length = 100000") }
            await #expect(throws: AuthorityError.self) { try await registry.lookUp(site, urls: [url]) }
        }
    }

    @Test func oneAuthorityForOneFolder() async throws {
        try await withFolder { folder in
            let first = try await start(folder)
            let error = await #expect(throws: AuthorityError.self) { try await start(folder) }
            #expect(error?.description.contains("in use by another authority") == true)
            withExtendedLifetime(first) {}
        }
    }

    /// How often this process has a file open.
    private func openFiles(_ path: String) -> Int {
        let descriptors = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
        return descriptors.count {
            (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\($0)")) == path
        }
    }

    /// A backup, say, or the last connection of the authority before.
    @Test func waitsForWhoeverHasTheRegistry() async throws {
        try await withFolder { folder in
            let root = try await { try await start(folder).root }()
            try await eventually("the folder is free") { (try? DataDirectory(path: folder)) != nil }
            // Unsafe for GRDB: a transaction that outlives its block.
            var configuration = Configuration()
            configuration.allowsUnsafeTransactions = true
            let other = try DatabaseQueue(path: folder + "/registry.sqlite", configuration: configuration)
            try await other.writeWithoutTransaction { try $0.execute(sql: "BEGIN EXCLUSIVE") }
            let before = openFiles(folder + "/registry.sqlite")
            async let started = start(folder)
            try await eventually("it has come to the registry") { openFiles(folder + "/registry.sqlite") > before }
            try await other.writeWithoutTransaction { try $0.execute(sql: "COMMIT") }
            #expect(try await started.root == root)
        }
    }

    @Test func keysAreMadeOnceAndALostRootIsNoticed() async throws {
        try await withFolder { folder in
            let root = try await { try await start(folder).root }()
            #expect(try await start(folder).root == root)
            for file in ["root.pem", "signing.pem"] {
                let mode =
                    try FileManager.default.attributesOfItem(atPath: folder + "/" + file)[.posixPermissions]
                    as? NSNumber
                #expect(mode?.intValue == 0o600)
            }
            // A keyset is signed when the authority runs.
            _ = try await withAuthority(folder: folder) { $0.authority.root }
            // The last tasks of the one that has run may hold its folder for a moment longer.
            try await eventually("the folder is free") { (try? DataDirectory(path: folder)) != nil }
            let saved = try Data(contentsOf: URL(fileURLWithPath: folder + "/root.pem"))
            try FileManager.default.removeItem(atPath: folder + "/root.pem")
            let missing = await #expect(throws: AuthorityError.self) { try await start(folder) }
            #expect(missing?.description.contains("restore it") == true)

            // Another root than the one that signed the keysets.
            try await withFolder { other in
                _ = try await start(other)
                try FileManager.default.copyItem(atPath: other + "/root.pem", toPath: folder + "/root.pem")
            }
            let swapped = await #expect(throws: AuthorityError.self) { try await start(folder) }
            #expect(swapped?.description.contains("not of this root key") == true)

            try saved.write(to: URL(fileURLWithPath: folder + "/root.pem"))
            try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: folder + "/root.pem")
            let open = await #expect(throws: AuthorityError.self) { try await start(folder) }
            #expect(open?.description.contains("chmod 600") == true)
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: folder + "/root.pem")
            #expect(try await start(folder).root == root)
        }
    }

    @Test func folderAndConfigurationAreChecked() async throws {
        try await withFolder { folder in
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: folder)
            let open = await #expect(throws: AuthorityError.self) { try await start(folder) }
            #expect(open?.description.contains("chmod 700") == true)
            try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: folder)

            let wrong: [(String, (inout AuthorityConfiguration) -> Void)] = [
                ("certificate-lifetime", { $0.certificateLifetime = 3_601 }),
                ("certificate-lifetime", { $0.certificateLifetime = 0 }),
                ("keyset-lifetime", { $0.keysetLifetime = 1 }), ("fetch-concurrency", { $0.fetchConcurrency = 0 }),
                ("content-size-limit", { $0.fetchLimits.contentSize = 0 }), ("issuer", { $0.issuer = "" }),
            ]
            for (name, change) in wrong {
                let error = await #expect(throws: AuthorityError.self) { try await start(folder, change) }
                #expect(error?.description.contains(name) == true)
            }
            try Data("not a database, by far".utf8).write(to: URL(fileURLWithPath: folder + "/registry.sqlite"))
            let damaged = await #expect(throws: AuthorityError.self) { try await start(folder) }
            #expect(damaged?.description.contains("registry") == true)
        }
    }
}
