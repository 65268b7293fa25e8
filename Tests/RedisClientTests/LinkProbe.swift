import NIOCore
import NIOPosix
import Synchronization
import TestSupport

@testable import RedisClient

/// A link on an event loop, and what came back from it, for tests that run elsewhere.
final class LinkProbe: Sendable {
    enum Answer: Equatable, Sendable {
        case reply(ReplyCopy)
        case failure(RedisError)
    }

    struct Record: Sendable {
        var tokens: [String] = []
        var answers: [String: Answer] = [:]
        var states: [RedisLinkState] = []
    }

    private final class Recorder: Sendable {
        let record = Mutex(Record())
    }

    private let recorder: Recorder
    private let link: NIOLoopBound<RedisLink<String>>

    /// - Parameter afterReply: is called on the link's loop when a reply was recorded.
    init(
        to server: RedisServer,
        configuration: RedisConfiguration = RedisConfiguration(),
        afterReply: @escaping @Sendable (RedisLink<String>, String) -> Void = { _, _ in }
    ) async throws {
        let recorder = Recorder()
        self.recorder = recorder
        let eventLoop = MultiThreadedEventLoopGroup.singleton.next()
        link = try await eventLoop.submit {
            weak var current: RedisLink<String>?
            let link = RedisLink<String>(
                to: server,
                eventLoop: eventLoop,
                configuration: configuration,
                onReply: { token, answer in
                    let copy: Answer =
                        switch answer {
                        case .reply(let reply): .reply(ReplyCopy(reply))
                        case .failure(let error): .failure(error)
                        }
                    recorder.record.withLock { record in
                        record.tokens.append(token)
                        record.answers[token] = copy
                    }
                    if let current { afterReply(current, token) }
                },
                onStateChange: { state in recorder.record.withLock { $0.states.append(state) } }
            )
            current = link
            link.start()
            return NIOLoopBound(link, eventLoop: eventLoop)
        }.get()
    }

    var record: Record { recorder.record.withLock { $0 } }

    var state: RedisLinkState? { record.states.last }

    /// Runs something on the link's loop.
    func onLoop<Result: Sendable>(_ body: @escaping @Sendable (RedisLink<String>) throws -> Result) async throws
        -> Result
    {
        try await link.eventLoop.submit { [link] in try body(link.value) }.get()
    }

    func stop() async throws { try await onLoop { $0.stop() } }

    /// Sends a command whose token is its text; its words are arguments.
    func send(_ text: String) async throws -> RedisError? {
        try await onLoop { $0.send(text) { Self.write(text, to: &$0) } }
    }

    /// Sends commands in one turn of the loop; the refusals.
    func send(_ texts: [String]) async throws -> [RedisError] {
        try await onLoop { link in texts.compactMap { text in link.send(text) { Self.write(text, to: &$0) } } }
    }

    /// Sends a command and waits for what becomes of it.
    func ask(_ text: String) async throws -> Answer {
        recorder.record.withLock { $0.answers[text] = nil }
        if let refusal = try await send(text) { return .failure(refusal) }
        return try await eventually("an answer to \(text)") { record.answers[text] }
    }

    func untilReady() async throws { _ = try await eventually("ready") { state == .ready ? true : nil } }

    /// The first error that the link waits after.
    func untilWaiting() async throws -> RedisError {
        try await eventually("waiting") {
            record.states.lazy.compactMap { if case .waiting(let error, _) = $0 { error } else { nil } }.first
        }
    }

    static func write(_ text: String, to writer: inout RESPWriter) {
        let words = text.split(separator: " ")
        // Names of commands are literals.
        switch words[0] {
        case "GET": writer.command("GET", arguments: words.count - 1)
        case "SET": writer.command("SET", arguments: words.count - 1)
        case "PING": writer.command("PING", arguments: words.count - 1)
        case "INCR": writer.command("INCR", arguments: words.count - 1)
        case "RPUSH": writer.command("RPUSH", arguments: words.count - 1)
        case "LRANGE": writer.command("LRANGE", arguments: words.count - 1)
        case "PUBLISH": writer.command("PUBLISH", arguments: words.count - 1)
        case "DEBUG": writer.command("DEBUG", arguments: words.count - 1)
        default: preconditionFailure("the tests have no command \(words[0])")
        }
        for word in words.dropFirst() { writer.argument(String(word)) }
    }
}
