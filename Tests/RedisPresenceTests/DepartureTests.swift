import ContentTrust
import Logging
import NIOCore
import NIOPosix
import Presence
import RedisPresence
import TestSupport
import Testing

/// What becomes of the entries of a crowd that leaves at once. Against a real server.
@Suite(.timeLimit(.minutes(2))) struct DepartureTests {
    private static let contents = 40
    private static let peersPerContent = 500
    /// Peers of each content that stay.
    private static let stayers = 3

    private func content(_ index: Int) throws -> ContentID {
        try #require(ContentID(bytes: [UInt8](repeating: UInt8(index), count: ContentID.byteCount)))
    }

    private func perform(_ batch: [PresenceCommand], _ node: RedisPresence) async -> [PresenceReply] {
        await withCheckedContinuation { continuation in
            node.perform(batch) { continuation.resume(returning: $0) }
        }
    }

    /// More removals than a link has room for: some are refused, and yet nobody who has left is named for long.
    @Test func nobodyWhoHasLeftIsNamed() async throws {
        let server = try RedisProcess()
        try await server.waitUntilListening()
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let node = try await RedisPresence(
            RedisPresenceConfiguration(name: "test", shards: [("a", "redis://127.0.0.1:\(server.port)")]),
            loops: [group.next()],
            logger: Logger(label: "test")
        )
        try await node.join(
            ClusterHandlers(onSignal: { _ in }, onUndeliverable: { _ in }, onFenced: { _ in })
        )
        try await eventually("it serves") { await node.isSettled }
        let contents = try (0..<Self.contents).map { try content($0) }
        func address(_ peer: Int) -> PeerAddress { PeerAddress(node: node.node, peer: UInt64(peer)) }
        for content in contents {
            let replies = await perform((0..<Self.peersPerContent).map { .add(content, address($0)) }, node)
            #expect(replies.allSatisfy { $0 == .done })
        }
        let leaving = contents.flatMap { content in
            (Self.stayers..<Self.peersPerContent).map { PresenceCommand.remove(content, address($0)) }
        }
        let replies = await perform(leaving, node)
        #expect(replies.contains { $0 != .done }, "the queue was not full, so that nothing is shown")

        try await eventually("only those who stayed are named") {
            let found = await perform(
                contents.map { .find($0, limit: 16, excluded: address(Self.peersPerContent)) },
                node
            )
            return found.allSatisfy { reply in
                guard case .peers(let peers) = reply else { return false }
                return Set(peers.map(\.peer)) == Set((0..<Self.stayers).map(UInt64.init))
            }
        }
        await node.leave()
        try await group.shutdownGracefully()
    }
}
