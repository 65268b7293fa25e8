import Foundation
import NIOCore
import NIOWebSocket
import TestSupport
import Testing
import TrackerNode
import TrackerProtocol

/// The limits of one connection, over real sockets (Docs/Protocol.md §2.4 to §2.7).
@Suite(.timeLimit(.minutes(3))) struct LimitTests {
    @Test func discardsAMessageOverTheLimitAndLivesOn() async throws {
        try await withNode {
            $0.limits.messageSize = 1_024
        } _: { node in
            let client = try await WebSocketClient.connect(to: node)
            for size in [1_025, 10_000, 16 * 1_024] {
                try await client.send(String(repeating: "a", count: size))
                let error = try await client.message("error")
                #expect(error["code"] as? String == "message-too-long")
                #expect(error["limit"] as? Int == 1_024)
                #expect(error["got"] as? Int == size)
            }
            try await client.send(#"{"action":"leave","id":1}"#)
            #expect(try await client.message("left")["id"] as? Int == 1)
        }
    }

    @Test func closesOverAHopelesslyLongMessage() async throws {
        try await withNode {
            $0.limits.messageSize = 1_024
        } _: { node in
            let client = try await WebSocketClient.connect(to: node)
            _ = try await client.welcome()
            try await client.send(String(repeating: "a", count: 16 * 1_024 + 1))
            #expect(try await client.next() == .close(code: 1009))
            #expect(try await client.next() == .ended)
        }
    }

    /// The close arrives although the client is in the middle of sending: what the node has not read must not reset the connection.
    @Test func closesWithItsCodeInTheMiddleOfALongMessage() async throws {
        try await withNode {
            $0.limits.messageSize = 65_536
        } _: { node in
            let client = try await WebSocketClient.connect(to: node)
            _ = try await client.welcome()
            try? await client.send(String(repeating: "a", count: 8_000_000))
            #expect(try await client.next() == .close(code: 1009))
        }
    }

    @Test func closesWhatIsNoWebSocketFrame() async throws {
        try await withNode { node in
            let client = try await WebSocketClient.connect(to: node)
            _ = try await client.welcome()
            try await client.send(.continuation, [1])
            #expect(try await client.next() == .close(code: 1002))
            #expect(try await client.next() == .ended)
        }
    }

    @Test func answersAClose() async throws {
        try await withNode { node in
            let client = try await WebSocketClient.connect(to: node)
            _ = try await client.welcome()
            try await client.send(.connectionClose, [0x03, 0xE8])
            #expect(try await client.next() == .close(code: 1000))
            #expect(try await client.next() == .ended)
        }
    }

    @Test func closesAFlood() async throws {
        try await withNode {
            $0.limits.messageRate = 1
            $0.limits.messageBurst = 5
        } _: { node in
            let client = try await WebSocketClient.connect(to: node)
            _ = try await client.welcome()
            for _ in 0..<100 { try? await client.send(#"{"action":"leave","id":1}"#) }
            #expect(try await client.message("error")["code"] as? String == "too-fast")
            #expect(try await client.next { if case .close = $0 { true } else { false } } == .close(code: 1008))
            #expect(try await client.next() == .ended)
        }
    }

    @Test func pingsAndThenClosesTheSilent() async throws {
        try await withNode {
            $0.limits.pingInterval = 1
            $0.limits.idleTimeout = 3
        } _: { node in
            let silent = try await WebSocketClient.connect(to: node, answersPings: false)
            let alive = try await WebSocketClient.connect(to: node)
            _ = try await (silent.welcome(), alive.welcome())
            #expect(try await silent.next() == .ping)
            #expect(try await silent.next { $0 != .ping } == .close(code: 1001))
            #expect(try await silent.next() == .ended)
            try await alive.send(#"{"action":"leave","id":1}"#)
            #expect(try await alive.message("left")["id"] as? Int == 1)
        }
    }

    /// Fills a client's queue at the node with signals until the node has had enough.
    private static func overfill(_ node: RunningNode, _ reader: WebSocketClient) async throws {
        let url = "\(FakeAuthority.site)/a"
        let sender = try await WebSocketClient.connect(to: node)
        let (target, _) = try await (reader.welcome(), sender.welcome())
        let certificate = try node.authority.certificate(url)
        _ = try await reader.announce([certificate])
        #expect(try await sender.find(certificates: [certificate]).first?["peers"] as? [String] == [target])
        try await reader.setReading(false)
        let data = String(repeating: "a", count: 16_000)
        for _ in 0..<5_000 {
            try await sender.send(#"{"action":"signal","to":"\#(target)","data":"\#(data)"}"#)
            // In step with the node: its pong comes when the signal has been dealt with.
            try await sender.send(.ping, [])
            let event = try await sender.next {
                if case .text(let text) = $0 { text.contains(#""gone""#) } else { $0 == .pong("") }
            }
            if event != .pong("") { return }
        }
        Issue.record("80 MB were queued for a client that does not read")
    }

    private static func configure(_ configuration: inout TrackerConfiguration) {
        configuration.limits.sendQueue = 65_536
        configuration.limits.messageRate = 100_000
        configuration.limits.messageBurst = 100_000
    }

    @Test func closesAClientThatDoesNotRead() async throws {
        try await withNode {
            Self.configure(&$0)
        } _: { node in
            let reader = try await WebSocketClient.connect(to: node)
            try await Self.overfill(node, reader)
            // When it reads after all it learns why.
            try await reader.setReading(true)
            #expect(try await reader.next { if case .close = $0 { true } else { false } } == .close(code: 1013))
            #expect(try await reader.next() == .ended)
        }
    }

    /// A client that never reads again cannot be told; its connection ends all the same, and what was queued for it is given back.
    @Test func endsTheConnectionOfAClientThatNeverReads() async throws {
        try await withNode {
            Self.configure(&$0)
        } _: { node in
            let reader = try await WebSocketClient.connect(to: node)
            try await Self.overfill(node, reader)
            _ = try await eventually("a write to the ended connection fails") { () -> Bool? in
                do {
                    try await reader.send(.pong, [])
                    return nil
                } catch {
                    return true
                }
            }
        }
    }
}
