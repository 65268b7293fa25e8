import ContentTrust
import Foundation
import NIOHTTP1
import NIOWebSocket
import Signing
import TestSupport
import Testing
import TrackerNode
import TrackerProtocol

/// Certificates and the keyset, over HTTP and WebSocket (Docs/Protocol.md §4.3, §7), and how seldom the authority is asked.
@Suite(.timeLimit(.minutes(3))) struct CertificateRouteTests {
    private static let site = FakeAuthority.site

    @Test func certifies() async throws {
        try await withNode { node in
            let url = "\(Self.site)/a.mp4"
            let answer = try await node.certificate(url)
            #expect(answer.status == 200)
            #expect(answer.headers["content-type"] == ["application/json"])
            #expect(answer.object?["content"] as? String == FakeAuthority.content(url).text)
            #expect((answer.object?["certificate"] as? String)?.split(separator: ".").count == 3)
            #expect(answer.object?["layer"] == nil)
            #expect(answer.object?["peers"] == nil)
            let layered = try await node.certificate("\(Self.site)/layered")
            #expect(layered.object?["layer"] as? String == "bGF5ZXI")
        }
    }

    @Test func takesTheSiteFromTheOrigin() async throws {
        try await withNode { node in
            // Content of another origin, for the site that asks.
            let url = "https://media.example/a.mp4"
            let answer = try await node.certificate(url, origin: Self.site)
            #expect(answer.status == 200)
            let certificate = try #require(answer.object?["certificate"] as? String)
            let client = try await WebSocketClient.connect(to: node)
            #expect(try await client.announce([certificate]) == [["content": FakeAuthority.content(url).text]])
            #expect(node.authority.count(url) == 1)
            // Another site, another certificate.
            #expect(try await node.certificate(url).status == 200)
            #expect(node.authority.count(url) == 2)
        }
    }

    @Test func saysPendingRefusedAndUnavailable() async throws {
        try await withNode { node in
            let pending = try await node.certificate("\(Self.site)/pending")
            #expect(pending.status == 202)
            #expect(pending.headers["retry-after"] == ["7"])
            #expect(pending.object == ["status": "pending", "retry": 7])
            let refused = try await node.certificate("\(Self.site)/refused")
            #expect(refused.status == 403)
            #expect(refused.object == ["code": "not-certifiable", "message": "the origin answered 404"])
            // A certificate for another URL than was asked for is not passed on.
            let swapped = try await node.certificate("\(Self.site)/swapped")
            #expect(swapped.status == 503)
            #expect(swapped.object?["code"] as? String == "unavailable")
            node.authority.mode = .down
            let down = try await node.certificate("\(Self.site)/new")
            #expect(down.status == 503)
            #expect(down.object?["code"] as? String == "unavailable")
        }
    }

    @Test func refusesABadQuestion() async throws {
        try await withNode { (node) throws in
            #expect(try await node.get("/v1/certificates").status == 400)
            for url in ["", "a.mp4", "ftp://site.example/a", "\(Self.site)/a#b", "\(Self.site)/\u{212A}"] {
                #expect(try await node.certificate(url).status == 400, "\(url)")
            }
            #expect(try await node.certificate("\(Self.site)/a", origin: "null").status == 400)
            #expect(node.authority.count("\(Self.site)/a") == 0)
        }
    }

    @Test func servesTheKeysetOfTheAuthority() async throws {
        try await withNode(isReady: false, authorityMode: .held) { _ in
        } _: { node in
            let none = try await node.get("/v1/keyset")
            #expect(none.status == 503)
            #expect(none.text.contains("no keyset"))
            #expect(try await node.get("/readyz", admin: true).status == 503)
            #expect(try await node.get("/healthz", admin: true).status == 200)
            node.authority.mode = .up
            let answer = try await eventually("the node has a keyset") { () -> RunningNode.Answer? in
                let answer = try await node.get("/v1/keyset")
                return answer.status == 200 ? answer : nil
            }
            #expect(answer.headers["content-type"] == ["application/jose"])
            #expect(answer.text.split(separator: ".").count == 3)
            #expect(try await node.get("/readyz", admin: true).status == 200)
        }
    }

    /// Fifty pages ask for one URL at the same time; the authority is asked once.
    @Test func asksTheAuthorityOnce() async throws {
        try await withNode(eventLoops: 2) { node in
            let url = "\(Self.site)/popular"
            node.authority.mode = .held
            let clients = try await withThrowingTaskGroup(of: WebSocketClient.self) { tasks in
                for _ in 0..<50 { tasks.addTask { try await WebSocketClient.connect(to: node) } }
                return try await tasks.reduce(into: []) { $0.append($1) }
            }
            for client in clients {
                try await client.send(#"{"action":"find","id":1,"urls":["\#(url)"]}"#)
                try await client.send(.ping, [])
            }
            // A pong comes when the find before it has been dealt with, so all of them wait for the authority.
            for client in clients { _ = try await client.next { $0 == .pong("") } }
            node.authority.mode = .up
            for client in clients {
                let results = try await client.message("found")["results"] as? [NSDictionary]
                #expect(results?.first?["content"] as? String == FakeAuthority.content(url).text)
            }
            #expect(node.authority.count(url) == 1)
            #expect(try await node.certificate(url, origin: Self.site).status == 200)
            #expect(node.authority.count(url) == 1)
        }
    }

    @Test func servesWhatIsValidWhileTheAuthorityIsDown() async throws {
        try await withNode { node in
            let url = "\(Self.site)/a.mp4"
            let before = try await node.certificate(url)
            node.authority.mode = .down
            let client = try await WebSocketClient.connect(to: node)
            let certificate = try #require(before.object?["certificate"] as? String)
            for _ in 0..<3 {
                #expect(try await node.certificate(url).body == before.body)
                #expect(try await client.find(urls: [url]).first?["certificate"] as? String == certificate)
            }
            // Who holds a certificate needs no authority at all.
            #expect(try await client.announce([certificate]).first?["code"] == nil)
            #expect(try await node.get("/readyz", admin: true).status == 200)
        }
    }

    /// A certificate of an unknown key makes the node fetch the keyset anew (Certificates.md §4.2), not only when its time has come.
    @Test func fetchesTheKeysetWhenItMeetsAnUnknownKey() async throws {
        try await withNode {
            $0.keysetInterval = 3_600
            // This test asks again and again.
            $0.limits.messageRate = 100_000
        } _: { node in
            let client = try await WebSocketClient.connect(to: node)
            #expect(node.authority.keysetRequests == 1)
            try node.authority.rotate()
            let certificate = try node.authority.certificate("\(Self.site)/a")
            #expect(try await client.announce([certificate]).first?["code"] as? String == "unknown-key")
            _ = try await eventually("the new key is known") {
                try await client.announce([certificate]).first?["content"] == nil ? nil : true
            }
            #expect(node.authority.keysetRequests == 2)
        }
    }

    @Test func refusesAKeysetOfAnotherRoot() async throws {
        let stranger = try FakeAuthority()
        try await withNode(isReady: false) {
            $0.root = stranger.root.publicKey.id
        } _: { node in
            try await eventually("the keyset was asked for") { node.authority.keysetRequests > 1 }
            #expect(try await node.get("/readyz", admin: true).status == 503)
            #expect(try await node.get("/v1/keyset").status == 503)
            let client = try await WebSocketClient.connect(to: node)
            let certificate = try node.authority.certificate("\(Self.site)/a")
            #expect(try await client.announce([certificate]).first?["code"] as? String == "unavailable")
        }
    }
}
