import ArgumentParser
import ContentTrust
import Foundation
import LoadGenerator
import NIOCore
import Signing

/// `shoal-bench load`: loads running tracker nodes and checks what they answer.
struct LoadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "load",
        abstract: "Load running tracker nodes and check every answer.",
        discussion: """
            Opens the connections, lets each announce its contents, then does the operations until the duration is over or SIGINT or \
            SIGTERM comes. It signs certificates itself, so it needs the authority's signing key (signing.pem in its data directory).

            The exit code is 0 only if no answer missed a peer that was there, none showed one that had gone before the grace, and no \
            announce failed together with its retry.
            """
    )

    @Option(
        help: ArgumentHelp("A node, ws://HOST:PORT; may be repeated. Connections are spread evenly.", valueName: "url")
    )
    var tracker: [String]

    @Option(help: "PEM file of a signing key that is in the nodes' keyset; mode 600.")
    var signingKey: String

    @Option(help: "The origin whose visitors the clients are.")
    var site: String

    @OptionGroup var workload: WorkloadOptions

    @Option(help: ArgumentHelp("Seconds of load; without it, until a signal comes.", valueName: "s"))
    var duration: Double?

    @Flag(help: "Announce, then only answer pings: until the duration is over or, without one, standard input closes.")
    var idle = false

    @Option(help: ArgumentHelp("Print the counts as a line of JSON every so many seconds.", valueName: "s"))
    var progress: Double?

    @Flag(help: "Print JSON lines instead of a table.")
    var json = false

    func validate() throws {
        try workload.validate(isIdle: idle)
        guard duration.map({ $0 > 0 }) ?? true else { throw ValidationError("--duration must be above 0.") }
        guard progress.map({ $0 >= 0.1 }) ?? true else { throw ValidationError("--progress must be 0.1 or more.") }
    }

    func run() async throws {
        let generator = try await LoadGenerator(
            try workload.plan(trackers: tracker, isIdle: idle),
            key: PrivateKeyFile(path: signingKey).load(),
            site: WebOrigin(site)
        )
        let end = StopSignals()
        let printing = Task { try await printProgress(generator) }
        let report: LoadReport
        do {
            try await generator.connect()
            let connected = try await generator.report()
            let counts = connected.counts
            announce("connected", connected, "\(counts.connections) connections, \(counts.announced) announced")
            if !idle { try await generator.drive() }
            if let duration {
                await end.wait(for: .seconds(duration))
            } else if idle {
                await end.waitForEndOfInput()
            } else {
                await end.wait(for: nil)
            }
            try await generator.pause()
            printing.cancel()
            report = try await generator.close()
        } catch {
            printing.cancel()
            try await generator.close()
            throw error
        }
        announce("result", report, LoadTable.text(of: report))
        guard report.isClean else { throw ExitCode.failure }
    }

    private func printProgress(_ generator: LoadGenerator) async throws {
        guard let progress else { return }
        while true {
            try await Task.sleep(for: .seconds(progress))
            say(try LoadEvent(event: "progress", report: try await generator.report()).line)
        }
    }

    private func announce(_ event: String, _ report: LoadReport, _ text: String) {
        guard json || progress != nil else { return say(text) }
        // An event of integers, doubles and text can always be encoded.
        if let line = try? LoadEvent(event: event, report: report).line { say(line) }
        if !json { say(text) }
    }
}

/// One line of JSON: what has happened, and the report at that time.
private struct LoadEvent: Encodable {
    private enum Key: CodingKey { case event }

    var event: String
    var report: LoadReport

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(event, forKey: .event)
        try report.encode(to: encoder)
    }

    var line: String {
        get throws {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            return String(decoding: try encoder.encode(self), as: UTF8.self)
        }
    }
}

/// Writes a line to standard output at once, also through a pipe: tests wait for it.
func say(_ line: String) {
    FileHandle.standardOutput.write(Data((line + "\n").utf8))
}
