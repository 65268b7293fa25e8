import ContentTrust
import Foundation
import NIOCore
import NIOWebSocket
import Signing
import TestSupport
import Testing
import TrackerNode
import TrackerProtocol

/// What peers say through a node: announce, find, signal, leave (Docs/Protocol.md §3, §4).
@Suite(.timeLimit(.minutes(3))) struct ConversationTests {
    private static let url = "\(FakeAuthority.site)/a.mp4"

    private struct Peer {
        var client: WebSocketClient
        var id: String

        init(_ node: RunningNode) async throws {
            client = try await WebSocketClient.connect(to: node)
            id = try await client.message("welcome")["peer"] as? String ?? ""
        }

        /// The event loop that its connection is on: the first byte of its peer ID.
        var loop: UInt8? { Base64URL.decode(id)?.first }
    }

    @Test func welcomes() async throws {
        try await withNode {
            $0.ice = ["stun:stun.example"]
            $0.limits.messageSize = 5_000
        } _: { node in
            let client = try await WebSocketClient.connect(to: node)
            let welcome = try await client.message("welcome")
            #expect((welcome["peer"] as? String)?.count == 11)
            #expect(welcome["ice"] as? [String] == ["stun:stun.example"])
            let limits = welcome["limits"] as? [String: Int]
            #expect(limits?["message-size-limit"] == 5_000)
            // Every setting of Protocol.md §2.4 and §3.
            #expect(
                limits.map { Set($0.keys) } == [
                    "message-size-limit", "message-rate-limit", "message-burst-limit", "connection-limit",
                    "idle-timeout", "ping-interval", "send-queue-limit", "announce-limit", "introduction-limit",
                    "introduction-memory", "introduction-lifetime",
                ]
            )
        }
    }

    /// From the URL to a signal in both directions, and to the end of one of the two.
    private static func converse(_ seeder: Peer, _ leecher: Peer, url: String) async throws {
        let content = FakeAuthority.content(url).text
        let certified = try #require(try await seeder.client.find(urls: [url]).first)
        #expect(certified["content"] as? String == content)
        #expect(certified["peers"] as? [String] == [])
        let certificate = try #require(certified["certificate"] as? String)
        #expect(try await seeder.client.announce([certificate]) == [["content": content]])

        let found = try await leecher.client.find(urls: [url], certificates: [certificate])
        #expect(found.map { $0["peers"] as? [String] } == [[seeder.id], [seeder.id]])
        // Never the asker itself.
        #expect(try await seeder.client.find(certificates: [certificate]).first?["peers"] as? [String] == [])

        let offer = #"{ "type":"offer", "sdp":"v=0\r\n🐟" }"#
        try await leecher.client.send(#"{"action":"signal","to":"\#(seeder.id)","data":\#(offer)}"#)
        let event = try await seeder.client.next {
            if case .text(let text) = $0 { text.contains(#""signal""#) } else { false }
        }
        #expect(event == .text(#"{"action":"signal","from":"\#(leecher.id)","data":\#(offer)}"#))
        try await seeder.client.send(#"{"action":"signal","to":"\#(leecher.id)","data":"answer"}"#)
        let answer = try await leecher.client.message("signal")
        #expect(answer == ["action": "signal", "from": seeder.id, "data": "answer"])

        try await seeder.client.send(#"{"action":"leave","id":4,"contents":["\#(content)"]}"#)
        #expect(try await seeder.client.message("left") == ["action": "left", "id": 4, "count": 1])
        #expect(try await leecher.client.find(certificates: [certificate]).first?["peers"] as? [String] == [])

        _ = try await seeder.client.announce([certificate])
        try await seeder.client.close()
        // The node learns of it a moment later.
        try await eventually("the presence of an ended connection is gone") {
            try await leecher.client.find(certificates: [certificate]).first?["peers"] as? [String] == []
        }
        try await leecher.client.send(#"{"action":"signal","to":"\#(seeder.id)","data":1}"#)
        #expect(try await leecher.client.message("gone") == ["action": "gone", "peer": seeder.id])
        try await leecher.client.close()
    }

    @Test func introducesPeersOfOneEventLoop() async throws {
        try await withNode { node in try await Self.converse(Peer(node), Peer(node), url: Self.url) }
    }

    /// Five peers on four loops: two of them share a loop, and two do not.
    @Test func introducesPeersOfAnyEventLoops() async throws {
        try await withNode(eventLoops: 4) { node in
            for isSameLoop in [true, false] {
                var peers: [Peer] = []
                for _ in 0..<5 { peers.append(try await Peer(node)) }
                let pairs = peers.indices.flatMap { a in peers[..<a].map { ($0, peers[a]) } }
                let (seeder, leecher) = try #require(pairs.first { ($0.loop == $1.loop) == isSameLoop })
                try await Self.converse(seeder, leecher, url: "\(Self.url)?\(isSameLoop)")
            }
        }
    }

    @Test func judgesTheCertificatesThatClientsPresent() async throws {
        try await withNode { node in
            let client = try await WebSocketClient.connect(to: node)
            let authority = node.authority
            let results = try await client.announce([
                try authority.certificate(Self.url), "nonsense",
                try authority.certificate("https://other.example/a", site: "https://other.example"),
                try authority.certificate(Self.url, key: SigningKey.generate()),
                try authority.certificate(Self.url, lifetime: -100),
            ])
            #expect(
                results.map { $0["code"] as? String } == [
                    nil, "bad-certificate", "wrong-audience", "unknown-key", "certificate-expired",
                ]
            )
            #expect(results.dropFirst().map { $0["field"] as? String } == (1...4).map { "certificates[\($0)]" })
        }
    }

    @Test func answersWhatIsNoMessageAndLivesOn() async throws {
        try await withNode { node in
            let client = try await WebSocketClient.connect(to: node)
            try await client.send(.binary, [1, 2, 3])
            #expect(try await client.message("error")["code"] as? String == "binary-message")
            try await client.send(.text, [0xFF])
            #expect(try await client.message("error")["code"] as? String == "not-utf8")
            for (text, code) in [
                ("nothing", "not-json"), ("[]", "not-object"), ("{}", "missing-field"),
                (#"{"action":"dance"}"#, "unknown-action"), (#"{"action":"leave","id":"1"}"#, "wrong-type"),
            ] {
                try await client.send(text)
                #expect(try await client.message("error")["code"] as? String == code)
            }
            try await client.send(.ping, Array("still there?".utf8))
            #expect(try await client.next { if case .pong = $0 { true } else { false } } == .pong("still there?"))
        }
    }
}
