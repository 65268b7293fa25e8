import Foundation
import Synchronization

/// A redis-server of its own for a test: on a free loopback port, without persistence, in a folder that goes with it.
///
/// Ends when nobody refers to it any more, and also when the process of the tests does, however that ends.
public final class RedisProcess: Sendable {
    public struct Failure: Error, CustomStringConvertible {
        public let description: String

        public init(description: String) { self.description = description }
    }

    /// Starts a server, says its process ID, and ends it when there is no more to read: when the tests' end of the pipe is closed.
    ///
    /// Without `wait`, which hangs: Foundation starts processes with the signal for ended children blocked.
    private static let keeper = #"redis-server "$@" </dev/null & echo $!; read -r _; kill -KILL $!"#

    private struct Keeper {
        let process: Process
        /// The end of this pipe is the server's end.
        let lifeline: FileHandle
        /// Ends when the server has ended, which holds its other side.
        let output: FileHandle
    }

    public let port: Int
    /// Where the server runs.
    public let folder: URL
    private let processID: Int32
    private let keeper: Mutex<Keeper?>

    /// Starts a server; it may still be loading when this returns.
    ///
    /// - Parameters:
    ///   - options: further ones, as on redis-server's command line, for example `["--requirepass", "secret"]`.
    ///   - port: of a server that was stopped and comes back; nil: a free one.
    ///   - folder: of a server that was stopped and comes back; nil: a new one.
    public init(_ options: [String] = [], port: Int? = nil, folder: URL? = nil) throws {
        self.port = try port ?? Self.freePort()
        self.folder = try folder ?? Self.newFolder()
        let process = Process()
        let (lifeline, output) = (Pipe(), Pipe())
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.standardInput = lifeline
        process.standardOutput = output
        process.arguments =
            [
                "-c", Self.keeper, "sh", "--port", "\(self.port)", "--bind", "127.0.0.1", "--dir", self.folder.path,
                "--logfile", self.folder.appendingPathComponent("log").path, "--save", "", "--daemonize", "no",
            ] + options
        try process.run()
        let line = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
        guard let processID = Int32(line.trimmingCharacters(in: .newlines)) else {
            throw Failure(description: "no redis-server was started: \(line)")
        }
        self.processID = processID
        keeper = Mutex(
            Keeper(
                process: process,
                lifeline: lifeline.fileHandleForWriting,
                output: output.fileHandleForReading
            )
        )
    }

    deinit {
        kill()
        try? FileManager.default.removeItem(at: folder)
    }

    /// Waits until the server answers PING, in whatever way.
    public func waitUntilListening() async throws {
        do {
            _ = try await eventually("redis-server listens on \(port)") {
                try command("PING").contains("Could not connect") ? nil : true
            }
        } catch {
            throw Failure(description: "\(error): \(log)")
        }
    }

    /// What redis-cli prints for a command; the second opinion of the tests.
    @discardableResult
    public func command(_ arguments: String..., password: String? = nil) throws -> String {
        let client = Process()
        client.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        client.arguments = ["redis-cli", "-p", "\(port)"] + arguments
        if let password {
            client.environment = ProcessInfo.processInfo.environment.merging(["REDISCLI_AUTH": password]) { $1 }
        }
        let output = Pipe()
        client.standardOutput = output
        client.standardError = output
        try client.run()
        let bytes = output.fileHandleForReading.readDataToEndOfFile()
        client.waitUntilExit()
        return String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .newlines)
    }

    /// Keeps the server from running, with its connections open.
    public func pause() { signal(SIGSTOP) }

    public func resume() { signal(SIGCONT) }

    /// Ends the server at once, without any cleaning up of its own, and waits until it has.
    public func kill() {
        keeper.withLock { keeper in
            guard let ending = keeper else { return }
            keeper = nil
            try? ending.lifeline.close()
            _ = try? ending.output.readToEnd()
            ending.process.waitUntilExit()
        }
    }

    private func signal(_ signal: Int32) {
        // Under the lock: the process ID is the server's as long as its keeper lives.
        keeper.withLock { keeper in if keeper != nil { _ = Foundation.kill(processID, signal) } }
    }

    private var log: String {
        (try? String(contentsOf: folder.appendingPathComponent("log"), encoding: .utf8)) ?? "no log"
    }

    private static func newFolder() throws -> URL {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("redis-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        return folder
    }

    /// A port that nobody listens on at the moment.
    public static func freePort() throws -> Int {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw Failure(description: "no socket: errno \(errno)") }
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = INADDR_LOOPBACK.bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let status = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(descriptor, address, size) == 0 ? getsockname(descriptor, address, &size) : -1
            }
        }
        guard status == 0 else { throw Failure(description: "no free port: errno \(errno)") }
        return Int(UInt16(bigEndian: address.sin_port))
    }
}
