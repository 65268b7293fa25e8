import Foundation
import Presence
import TestSupport
import Testing
import TrackerNode

/// How a node takes leave of its clients (Docs/Protocol.md §4.8, Docs/Operations.md).
@Suite(.timeLimit(.minutes(3))) struct DrainTests {
    private static let certified = "\(FakeAuthority.site)/a"

    /// A drain that only its clients can end before the test's deadline.
    private static func patient(_ configuration: inout TrackerConfiguration) {
        configuration.drainSpread = 600
        configuration.drainLimit = 600
    }

    /// The delay of the `move` that a client is sent, in milliseconds.
    private static func delay(_ client: WebSocketClient) async throws -> Int {
        try #require(try await client.message("move")["delay"] as? Int)
    }

    @Test(arguments: [1, 4])
    func leadsEverybodyAwayAndServesThemMeanwhile(eventLoops: Int) async throws {
        try await withNode(eventLoops: eventLoops) {
            Self.patient(&$0)
        } _: { node in
            let certificate = try node.authority.certificate(Self.certified)
            var clients: [WebSocketClient] = []
            for _ in 0..<6 { clients.append(try await WebSocketClient.connect(to: node)) }
            for client in clients { _ = try await client.announce([certificate]) }
            await node.beginShutDown()
            for client in clients { #expect((0...600_000).contains(try await Self.delay(client))) }

            let readiness = try await node.get("/readyz", admin: true)
            #expect(readiness.status == 503)
            #expect(readiness.text == "not ready: draining\n")
            #expect(try await node.get("/healthz", admin: true).status == 200)
            #expect(try await node.get("/", admin: true).text.contains("not ready: draining"))
            #expect(try await node.get("/metrics", admin: true).text.contains("shoal_tracker_draining 1"))

            let late = try await WebSocketClient.connect(to: node)
            _ = try await late.welcome()
            _ = try await Self.delay(late)
            #expect(try await late.find(certificates: [certificate]).first?["peers"] as? [String] != [])
            #expect(try await node.get("/v1/keyset").status == 200)

            for client in clients + [late] { try await client.close() }
            try await node.hasEnded()
            #expect(node.store.contentCount == 0)
        }
    }

    @Test func closesThoseThatStayWhenTheLimitIsOver() async throws {
        try await withNode {
            $0.drainSpread = 1
            $0.drainLimit = 1
        } _: { node in
            let (mover, stayer) = (
                try await WebSocketClient.connect(to: node), try await WebSocketClient.connect(to: node)
            )
            _ = try await stayer.announce([try node.authority.certificate(Self.certified)])
            #expect(node.store.contentCount == 1)
            let began = ContinuousClock.now
            await node.beginShutDown()
            #expect((0...1_000).contains(try await Self.delay(mover)))
            _ = try await Self.delay(stayer)
            try await mover.close()
            #expect(try await stayer.next() == .close(code: 1001))
            #expect(ContinuousClock.now - began >= .seconds(1))
            #expect(try await stayer.next() == .ended)
            try await node.hasEnded()
            #expect(node.store.contentCount == 0)
        }
    }

    /// As the second signal does.
    @Test func waitsForNobodyWhenItIsCancelled() async throws {
        try await withNode {
            Self.patient(&$0)
        } _: { node in
            let client = try await WebSocketClient.connect(to: node)
            _ = try await client.announce([try node.authority.certificate(Self.certified)])
            await node.beginShutDown()
            _ = try await Self.delay(client)
            node.cancel()
            #expect(try await client.next() == .close(code: 1001))
            try await node.hasEnded()
            #expect(node.store.contentCount == 0)
        }
    }

    @Test func endsAtOnceWithoutConnections() async throws {
        try await withNode {
            Self.patient(&$0)
        } _: { node in
            let client = try await WebSocketClient.connect(to: node)
            _ = try await client.welcome()
            try await client.close()
            try await node.shutDown()
        }
    }
}
