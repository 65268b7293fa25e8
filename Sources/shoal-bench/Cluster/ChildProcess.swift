import Foundation
import LoadGenerator
import Synchronization

/// A server that this process has started, and ends.
final class ChildProcess: Sendable {
    /// Seconds until a started server has to be ready, and an ended one gone before it is killed.
    private static let startLimit = 30.0
    private static let endLimit = 15.0

    /// Every server that runs, for the signal that ends all.
    private static let running = Mutex<[Int32: ChildProcess]>([:])

    let name: String
    let identifier: Int32
    private let output = Mutex("")
    private let isGone = Mutex(false)

    /// Starts a program, which inherits standard error.
    init(_ name: String, _ executable: String, _ arguments: [String]) throws {
        self.name = name
        let process = Process()
        process.executableURL = URL(filePath: executable)
        process.arguments = arguments
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardInput = FileHandle.nullDevice
        do { try process.run() } catch {
            throw LoadError("\(name) cannot be started as \(executable): \(error.localizedDescription)")
        }
        identifier = process.processIdentifier
        pipe.fileHandleForReading.readabilityHandler = { [weak self] handle in
            let data = handle.availableData
            if data.isEmpty { handle.readabilityHandler = nil }
            self?.output.withLock { $0 += String(decoding: data, as: UTF8.self) }
        }
        process.terminationHandler = { [weak self] process in
            self?.isGone.withLock { $0 = true }
            Self.running.withLock { $0[process.processIdentifier] = nil }
        }
        Self.running.withLock { $0[identifier] = self }
    }

    /// What stands behind `prefix` in a line of its output; waits for the line.
    func line(after prefix: String) async throws -> String {
        var found: String?
        try await wait(Self.startLimit, "\(name) did not say \"\(prefix)\"") {
            found = output.withLock { output in
                // The last piece has no line end yet. A line may end with CR LF, which is one character.
                output.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).dropLast()
                    .compactMap { line in line.range(of: prefix).map { String(line[$0.upperBound...]) } }.first
            }
            return found != nil
        }
        return found ?? ""
    }

    /// Waits until a condition holds, and fails when the process has ended or the time is over.
    func wait(_ limit: Double, _ failure: String, _ isMet: () async throws -> Bool) async throws {
        let deadline = Date().addingTimeInterval(limit)
        while true {
            let isOver = isGone.withLock { $0 }
            if try await isMet() { return }
            guard !isOver else { throw LoadError("\(name) has ended: \(output.withLock { $0 })") }
            guard Date() < deadline else { throw LoadError("\(failure) within \(limit) s") }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    /// Runs a program to its end; the lines of its output.
    static func lines(of executable: String, _ arguments: [String]) async throws -> [String] {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async {
                let process = Process()
                process.executableURL = URL(filePath: executable)
                process.arguments = arguments
                let pipe = Pipe()
                process.standardOutput = pipe
                process.standardInput = FileHandle.nullDevice
                continuation.resume(
                    with: Result {
                        try process.run()
                        let output = try pipe.fileHandleForReading.readToEnd() ?? Data()
                        process.waitUntilExit()
                        return String(decoding: output, as: UTF8.self).split(whereSeparator: \.isNewline).map(
                            String.init
                        )
                    }
                )
            }
        }
    }

    /// Ends it with SIGTERM, or with SIGKILL when it takes too long.
    func stop() async {
        kill(identifier, SIGTERM)
        let deadline = Date().addingTimeInterval(Self.endLimit)
        while !isGone.withLock({ $0 }) {
            if Date() > deadline { kill(identifier, SIGKILL) }
            try? await Task.sleep(for: .milliseconds(20))
        }
    }

    /// Kills whatever still runs, when this process has to end at once.
    static func killAll() {
        for (identifier, _) in running.withLock({ $0 }) { kill(identifier, SIGKILL) }
    }

    // MARK: What it has cost

    /// Seconds of CPU that it has used, in user and system mode, of all its threads.
    func cpuSeconds() throws -> Double {
        let stat = try read("stat")
        // The second field is the program's name in parentheses, which may hold anything.
        let fields = stat[(stat.lastIndex(of: ")") ?? stat.startIndex)...].split(separator: " ")
        guard fields.count > 13, let user = Double(fields[12]), let system = Double(fields[13]) else {
            throw LoadError("/proc/\(identifier)/stat cannot be understood")
        }
        return (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    /// Bytes of its memory that are resident.
    func residentBytes() throws -> Int {
        let line = try read("status").split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
        guard let kibibytes = line?.split(separator: " ").compactMap({ Int($0) }).first else {
            throw LoadError("/proc/\(identifier)/status has no VmRSS")
        }
        return kibibytes * 1_024
    }

    private func read(_ file: String) throws -> String {
        guard let data = FileManager.default.contents(atPath: "/proc/\(identifier)/\(file)") else {
            throw LoadError("\(name) has ended: /proc/\(identifier)/\(file) cannot be read")
        }
        return String(decoding: data, as: UTF8.self)
    }
}
