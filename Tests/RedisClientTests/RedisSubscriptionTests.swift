import NIOCore
import NIOPosix
import Synchronization
import TestSupport
import Testing

@testable import RedisClient

@Suite("RedisSubscription with a real server")
struct RedisSubscriptionTests {
    @Test("Messages come in order and byte for byte, and only of the channel")
    func messages() async throws {
        let redis = try await RedisProcess.listening()
        let probe = try await SubscriptionProbe(to: "inbox", of: redis.server())
        try await probe.untilReady()
        #expect(try redis.command("PUBLISH", "other", "no") == "0")
        let sent = (0..<50).map { "message \($0) é\u{1F600}" } + ["", String(repeating: "x", count: 100_000)]
        for message in sent { #expect(try redis.command("PUBLISH", "inbox", message) == "1") }
        _ = try await eventually("all messages") { probe.messages.count == sent.count ? true : nil }
        #expect(probe.messages.map { String(buffer: $0) } == sent)
        try await probe.stop()
        _ = try await eventually("the connection is closed") {
            try redis.command("PUBSUB", "NUMSUB", "inbox").hasSuffix("0") ? true : nil
        }
        #expect(probe.states == [.connecting, .ready, .stopped])
    }

    @Test("A killed server is subscribed to again when it is back")
    func killed() async throws {
        let redis = try await RedisProcess.listening()
        let probe = try await SubscriptionProbe(to: "inbox", of: redis.server())
        try await probe.untilReady()
        redis.kill()
        guard case .notConnected = try await probe.untilWaiting() else {
            Issue.record("\(probe.states)")
            return
        }
        let reborn = try await RedisProcess.listening(port: redis.port)
        try await probe.untilReady()
        #expect(try reborn.command("PUBLISH", "inbox", "again") == "1")
        _ = try await eventually("the message") { probe.messages == [ByteBuffer(string: "again")] ? true : nil }
        try await probe.stop()
    }

    @Test("A server that hangs is noticed without any traffic")
    func paused() async throws {
        let redis = try await RedisProcess.listening()
        let configuration = RedisConfiguration(
            connectTimeout: .milliseconds(500),
            pingInterval: .milliseconds(100),
            pingTimeout: .milliseconds(500)
        )
        let probe = try await SubscriptionProbe(to: "inbox", of: redis.server(), configuration: configuration)
        try await probe.untilReady()
        redis.pause()
        #expect(try await probe.untilWaiting() == .timedOut(after: .milliseconds(500)))
        redis.resume()
        try await probe.untilReady()
        _ = try await eventually("the message is heard") {
            try redis.command("PUBLISH", "inbox", "again") == "1" ? true : nil
        }
        _ = try await eventually("the message") { probe.messages.isEmpty ? nil : true }
        try await probe.stop()
    }

    @Test("Why it does not hear: password, role, and a channel that the ACL forbids")
    func refused() async throws {
        let redis = try await RedisProcess.listening([
            "--user", "alice", "on", ">secret", "~*", "&inbox", "+@all", "--replicaof", "127.0.0.1 1",
        ])
        #expect(try await refusal(to: "inbox", by: redis.server(login: "alice:other@")) == .wrongPassword)
        #expect(try await refusal(to: "inbox", by: redis.server(login: "alice:secret@")) == .wrongRole("slave"))
        try redis.command("REPLICAOF", "NO", "ONE")
        guard case .noPermission = try await refusal(to: "other", by: redis.server(login: "alice:secret@")) else {
            Issue.record("another reason")
            return
        }
    }

    private func refusal(to channel: String, by server: RedisServer) async throws -> RedisError {
        let probe = try await SubscriptionProbe(to: channel, of: server)
        let error = try await probe.untilWaiting()
        #expect(!probe.states.contains(.ready))
        try await probe.stop()
        return error
    }
}

/// A subscription on an event loop, and what came of it, for tests that run elsewhere.
private final class SubscriptionProbe: Sendable {
    private final class Recorder: Sendable {
        let record = Mutex<(messages: [ByteBuffer], states: [RedisLinkState])>(([], []))
    }

    private let recorder: Recorder
    private let subscription: NIOLoopBound<RedisSubscription>

    init(to channel: String, of server: RedisServer, configuration: RedisConfiguration = RedisConfiguration())
        async throws
    {
        let recorder = Recorder()
        self.recorder = recorder
        let eventLoop = MultiThreadedEventLoopGroup.singleton.next()
        subscription = try await eventLoop.submit {
            let subscription = RedisSubscription(
                to: channel,
                of: server,
                eventLoop: eventLoop,
                configuration: configuration,
                onMessage: { message in recorder.record.withLock { $0.messages.append(message) } },
                onStateChange: { state in recorder.record.withLock { $0.states.append(state) } }
            )
            subscription.start()
            return NIOLoopBound(subscription, eventLoop: eventLoop)
        }.get()
    }

    var messages: [ByteBuffer] { recorder.record.withLock { $0.messages } }
    var states: [RedisLinkState] { recorder.record.withLock { $0.states } }

    func untilReady() async throws { _ = try await eventually("ready") { states.last == .ready ? true : nil } }

    /// The first error that the subscription waits after.
    func untilWaiting() async throws -> RedisError {
        try await eventually("waiting") {
            states.lazy.compactMap { if case .waiting(let error, _) = $0 { error } else { nil } }.first
        }
    }

    func stop() async throws {
        try await subscription.eventLoop.submit { [subscription] in subscription.value.stop() }.get()
    }
}
