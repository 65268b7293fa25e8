import ArgumentParser
import Foundation
import NIOCore
import NIOPosix
import Presence
import RedisClient

/// `shoal-bench redis`: what a pipelined command costs a client, with and without batching.
struct RedisCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "redis",
        abstract: "Pipelined HSETs of presence entries on one event loop.",
        discussion: """
            Leaves hashes named shoal-bench:0 to shoal-bench:99 in the server. Processor time is this process's alone; measure the server's with INFO cpu.
            """
    )

    @Option(name: .customLong("redis-url"), help: "The server.")
    var url = "redis://127.0.0.1:6379"

    @Option(help: "Commands in each measurement.")
    var commands = 500_000

    @Option(help: "Commands that are unanswered at a time.")
    var pipeline = 128

    @Option(parsing: .upToNextOption, help: "Batch limits to measure; 1 is no batching.")
    var batchLimits = [1, 256]

    @Flag(help: "Print JSON instead of a table.")
    var json = false

    func validate() throws {
        guard commands > 0, pipeline > 0, batchLimits.allSatisfy({ $0 > 0 }) else {
            throw ValidationError("--commands, --pipeline and --batch-limits must be 1 or more.")
        }
    }

    private struct Result: Encodable {
        var batchLimit: Int
        var commandsPerSecond: Int
        var commandsPerProcessorSecond: Int
    }

    func run() async throws {
        let server: RedisClient.RedisServer
        do {
            server = try RedisClient.RedisServer(RedisURL(url))
        } catch {
            throw ValidationError("--redis-url: \(error).")
        }
        var results: [Result] = []
        for batchLimit in batchLimits { results.append(try await measure(server, batchLimit: batchLimit)) }
        guard !json else {
            print(String(decoding: try JSONEncoder().encode(results), as: UTF8.self))
            return
        }
        print("batch limit   commands/s   commands/processor second of the client")
        for result in results {
            print(
                String(
                    format: "%11d %12d %12d",
                    result.batchLimit,
                    result.commandsPerSecond,
                    result.commandsPerProcessorSecond
                )
            )
        }
    }

    private func measure(_ server: RedisClient.RedisServer, batchLimit: Int) async throws -> Result {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let eventLoop = group.next()
        let finished = eventLoop.makePromise(of: Void.self)
        let (commands, pipeline) = (commands, pipeline)
        let clock = ContinuousClock()
        let (start, processor) = (clock.now, Self.processorSeconds)
        eventLoop.execute {
            HashWriter(
                server,
                eventLoop: eventLoop,
                commands: commands,
                pipeline: pipeline,
                batchLimit: batchLimit,
                finished
            )
            .start()
        }
        do {
            try await finished.futureResult.get()
        } catch {
            try await group.shutdownGracefully()
            throw error
        }
        let (elapsed, used) = (clock.now - start, Self.processorSeconds - processor)
        try await group.shutdownGracefully()
        return Result(
            batchLimit: batchLimit,
            commandsPerSecond: Int(Double(commands) / (elapsed / .seconds(1))),
            commandsPerProcessorSecond: Int(Double(commands) / used)
        )
    }

    /// Processor time of this process so far.
    private static var processorSeconds: Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}

/// Keeps a link busy with as many commands as may be unanswered, until all are answered. Confined to its event loop.
private final class HashWriter {
    private static let keys = (0..<100).map { ByteBuffer(string: "shoal-bench:\($0)") }

    private let finished: EventLoopPromise<Void>
    private let pipeline: Int
    private var link: RedisLink<Void>?
    private var unsent: Int
    private var unanswered = 0
    private var random = SplitMix64(seed: 1)

    init(
        _ server: RedisClient.RedisServer,
        eventLoop: any EventLoop,
        commands: Int,
        pipeline: Int,
        batchLimit: Int,
        _ finished: EventLoopPromise<Void>
    ) {
        self.finished = finished
        self.pipeline = pipeline
        unsent = commands
        link = RedisLink(
            to: server,
            eventLoop: eventLoop,
            configuration: RedisConfiguration(timeout: .seconds(10), queueLimit: pipeline, batchLimit: batchLimit),
            onReply: { [self] _, answer in answered(answer) },
            onStateChange: { [self] state in changed(state) }
        )
    }

    func start() { link?.start() }

    private func changed(_ state: RedisLinkState) {
        switch state {
        case .ready: sendMore()
        case .waiting(let error, _): end(error)
        case .connecting, .stopped: break
        }
    }

    private func answered(_ answer: borrowing RedisAnswer) {
        unanswered -= 1
        switch answer {
        case .failure(let error): end(error)
        case .reply: unsent + unanswered == 0 ? end(nil) : sendMore()
        }
    }

    private func sendMore() {
        while unsent > 0, unanswered < pipeline, let link {
            let refusal = link.send(()) { writer in
                writer.command("HSET", arguments: 3)
                writer.argument(Self.keys[unsent % Self.keys.count])
                // An entry as trackers keep them: node, epoch, peer.
                writer.argument(count: 20) { buffer in
                    buffer.writeInteger(1 as UInt64)
                    buffer.writeInteger(1 as UInt32)
                    buffer.writeInteger(random.next())
                }
                writer.argument("" as StaticString)
            }
            if let refusal { return end(refusal) }
            unsent -= 1
            unanswered += 1
        }
    }

    private func end(_ error: RedisError?) {
        guard let link else { return }
        self.link = nil
        link.stop()
        if let error { finished.fail(error) } else { finished.succeed() }
    }
}
