import BrowserClient
import Foundation
import Testing

/// What a visitor loads is what the source says, and small.
struct BundleTests {
    private static let files = ["shoal.js": BrowserClient.pageScript, "shoal-worker.js": BrowserClient.workerScript]
    private static let root = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    @Test func theCommittedBundleIsWhatTheSourceBuilds() throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "shoal-client-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }

        let build = try run("ops/build-client", [directory.path(percentEncoded: false)])
        try #require(build.status == 0, "ops/build-client failed: \(String(decoding: build.output, as: UTF8.self))")
        for (name, committed) in Self.files {
            let built = try Data(contentsOf: directory.appending(path: name))
            #expect([UInt8](built) == committed, "run ops/build-client and commit \(name)")
        }
    }

    @Test func bothScriptsTogetherAreAtMost9216BytesGzipped() throws {
        let limit = 9_216
        let sizes = try Self.files.mapValues { script in
            let file = FileManager.default.temporaryDirectory.appending(path: "shoal-size-\(UUID().uuidString)")
            try Data(script).write(to: file)
            defer { try? FileManager.default.removeItem(at: file) }
            return try run("/usr/bin/gzip", ["-9", "-n", "-c", file.path(percentEncoded: false)]).output.count
        }
        let sum = sizes.values.reduce(0, +)
        print(
            "Client gzipped: \(sizes.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }), together \(sum) of \(limit) bytes"
        )
        #expect(sum <= limit)
    }

    @Test func theIntegrityIsTheHashOfThePageScript() throws {
        let file = Self.root.appending(path: "Sources/BrowserClient/Bundle/shoal.js").path(percentEncoded: false)
        let digest = try run("/usr/bin/openssl", ["dgst", "-sha384", "-binary", file])
        #expect(digest.status == 0)
        #expect(BrowserClient.pageScriptIntegrity == "sha384-" + digest.output.base64EncodedString())
    }

    /// Runs a program in the root of the repository; a program that is missing throws, so nothing is skipped.
    private func run(_ program: String, _ arguments: [String]) throws -> (status: Int32, output: Data) {
        let process = Process()
        process.executableURL = program.hasPrefix("/") ? URL(filePath: program) : Self.root.appending(path: program)
        process.arguments = arguments
        process.currentDirectoryURL = Self.root
        let output = Pipe()
        process.standardOutput = output
        process.standardError = output
        try process.run()
        let data = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return (process.terminationStatus, data)
    }
}
