import BrowserClient
import ContentTrust
import Foundation
import NIOHTTP1
import PrometheusExposition
import Signing
import TestSupport
import Testing
import TrackerNode
import TrackerProtocol

/// The client scripts on the public address, and the operator's side (Docs/Protocol.md §7).
@Suite(.timeLimit(.minutes(3))) struct HTTPRouteTests {
    @Test func carriesThePublicHeadersOnEveryAnswer() async throws {
        try await withNode { node in
            let paths = [
                "/shoal.js", "/shoal-worker.js", "/v1/keyset", "/v1/connect", "/nothing", "/v1/certificates",
                "/v1/certificates?url=https%3A%2F%2Fsite.example%2Fa",
                "/v1/certificates?url=https%3A%2F%2Fsite.example%2Frefused",
            ]
            for path in paths {
                let answer = try await node.get(path)
                #expect(answer.headers["access-control-allow-origin"] == ["*"], "\(path)")
                #expect(answer.headers["x-content-type-options"] == ["nosniff"], "\(path)")
            }
        }
    }

    @Test func servesTheClientScripts() async throws {
        try await withNode { node in
            for (path, script, integrity) in [
                ("/shoal.js", BrowserClient.pageScript, BrowserClient.pageScriptIntegrity),
                ("/shoal-worker.js", BrowserClient.workerScript, BrowserClient.workerScriptIntegrity),
            ] {
                let answer = try await node.get(path)
                #expect(answer.status == 200)
                #expect(answer.body == script)
                #expect(answer.headers["content-type"] == ["text/javascript; charset=utf-8"])
                #expect(answer.headers["cache-control"] == ["public, max-age=3600"])
                let tag = try #require(answer.headers["etag"].first)
                #expect(tag == "\"\(integrity)\"")
                let again = try await node.get(path, headers: ["If-None-Match": tag])
                #expect(again.status == 304)
                #expect(again.body.isEmpty)
                #expect(again.headers["etag"] == [tag])
                #expect(try await node.get(path, headers: ["If-None-Match": "\"other\""]).status == 200)
            }
        }
    }

    @Test func showsTheOperatorAPage() async throws {
        try await withNode {
            $0.publicURL = "https://tracker.example"
            $0.limits.connections = 123
        } _: { node in
            let client = try await WebSocketClient.connect(to: node)
            _ = try await client.welcome()
            let page = try await node.get("/", admin: true)
            #expect(page.status == 200)
            #expect(page.headers["content-type"] == ["text/html; charset=utf-8"])
            #expect(page.text.contains("1 of 123"))
            #expect(page.text.contains("integrity=&quot;\(BrowserClient.pageScriptIntegrity)&quot;"))
            #expect(page.text.contains("data-root=&quot;\(node.authority.root.publicKey.id)&quot;"))
            #expect(page.text.contains("data-tracker=&quot;wss://tracker.example&quot;"))
            #expect(page.text.contains("https://tracker.example/shoal.js"))
        }
    }

    /// A node on any free port names the one that it was given.
    @Test func namesThePortInForce() async throws {
        try await withNode { node in
            let page = try await node.get("/", admin: true)
            #expect(page.text.contains("http://127.0.0.1:\(node.publicPort)/shoal.js"))
        }
    }

    @Test func keepsTheOperatorsSideFromThePublic() async throws {
        try await withNode { (node) throws in
            for path in ["/healthz", "/readyz", "/metrics", "/"] {
                #expect(try await node.get(path).status == 404)
                #expect(try await node.get(path, admin: true).status == 200)
            }
            #expect(try await node.get("/shoal.js", admin: true).status == 404)
        }
    }

    @Test func exposesMetrics() async throws {
        try await withNode { node in
            let client = try await WebSocketClient.connect(to: node)
            _ = try await client.announce([try node.authority.certificate("\(FakeAuthority.site)/a")])
            _ = try await node.certificate("\(FakeAuthority.site)/a")
            let answer = try await node.get("/metrics", admin: true)
            #expect(answer.headers["content-type"].first?.hasPrefix("text/plain; version=0.0.4") == true)
            let values = RunningNode.metrics(answer.text)
            // The process counts for all of its nodes, and other tests have theirs.
            for name in ["messages", "announces", "certificates_verified", "certificate_fetches"] {
                #expect(values["shoal_tracker_\(name)_total", default: 0] >= 1, "\(name)")
            }
            #expect(values["shoal_tracker_connections"] != nil)
            #expect(values["shoal_tracker_announced"] != nil)
        }
    }
}
