import BrowserClient
import Foundation
import HTTPTypes
import HummingbirdTesting
import Testing

@testable import DemoSite

@Suite("Pages")
struct PageTests {
    @Test func `the script tag stands first in the head, as the README says`() async throws {
        try await withSite { client, _ in
            let page = String(decoding: try await client.fetch("/").body, as: UTF8.self)
            let tag = """
                <head>
                <script src="/shoal.js" data-tracker="ws://localhost:8000" data-root="root&quot;&lt;thumbprint&gt;" data-worker="/sw.js"></script>
                """
            #expect(page.contains(tag))
            let worker = try await client.fetch("/sw.js")
            #expect(String(decoding: worker.body, as: UTF8.self) == "importScripts(\"/shoal-worker.js\")\n")
            #expect(worker.fields[.contentType] == "text/javascript; charset=utf-8")
            #expect(try await client.fetch("/shoal.js").body == BrowserClient.pageScript)
            #expect(try await client.fetch("/shoal-worker.js").body == BrowserClient.workerScript)
        }
    }

    @Test func `the tracker may give the client files, and the page pins them`() async throws {
        try await withSite {
            $0.embedding = .fromTracker
        } _: { client, _ in
            let page = String(decoding: try await client.fetch("/").body, as: UTF8.self)
            #expect(
                page.contains(
                    """
                    <script src="http://localhost:8000/shoal.js" integrity="\(BrowserClient.pageScriptIntegrity)" crossorigin="anonymous" data-tracker=
                    """
                )
            )
            let worker = try await client.fetch("/sw.js")
            #expect(
                String(decoding: worker.body, as: UTF8.self)
                    == "importScripts(\"http://localhost:8000/shoal-worker.js\")\n"
            )
            for path in ["/shoal.js", "/shoal-worker.js"] { #expect(try await client.fetch(path).status == 404) }
        }
    }

    @Test func `variants differ in the tag`() async throws {
        try await withSite { client, _ in
            let plain = String(decoding: try await client.fetch("/plain").body, as: UTF8.self)
            #expect(!plain.contains("shoal.js") && !plain.contains("data-tracker"))
            let asking = String(decoding: try await client.fetch("/consent").body, as: UTF8.self)
            #expect(
                asking.contains("data-worker=\"/sw.js\" data-consent=\"required\"></script>")
                    && asking.contains("id=\"agree\"")
            )
            let on = String(decoding: try await client.fetch("/").body, as: UTF8.self)
            #expect(!on.contains("data-consent") && !on.contains("id=\"agree\""))
        }
    }

    @Test func `everything that a page names is served here, and nothing is left to fill in`() async throws {
        try await withSite { client, _ in
            for path in ["/", "/plain", "/consent"] {
                let answer = try await client.fetch(path)
                #expect(answer.fields[.contentType] == "text/html; charset=utf-8")
                let page = String(decoding: answer.body, as: UTF8.self)
                #expect(!page.contains("{{") && !page.contains("}}"))
                #expect(page.contains("alt=\"A &quot;shore&quot; &amp; its surf\""))
                let named = page.matches(of: /(?:src|href|poster)="([^"#]+)"/).map { String($0.output.1) }
                #expect(named.count > 8)
                for name in Set(named) where name != "/-/access" {
                    let status = try await client.fetch(name).status
                    #expect(status == 200, "\(path) names \(name)")
                }
            }
        }
    }

    @Test func `what is heavy waits for the worker, and is there without scripts`() async throws {
        try await withSite { client, _ in
            let page = String(decoding: try await client.fetch("/").body, as: UTF8.self)
            let held = page.matches(of: /(?s)<noscript class="held">(.*?)<\/noscript>/).map { String($0.output.1) }
                .joined()
            let heavy = Set(page.matches(of: /\/media\/[a-z.]+/).map { String($0.output) })
            #expect(heavy == ["/media/film.webm", "/media/film.jpg", "/media/shore.jpg", "/media/shoal.jpg"])
            for path in heavy {
                #expect(page.ranges(of: path).count == held.ranges(of: path).count)
                #expect(held.contains("src=\"\(path)\"") || held.contains("poster=\"\(path)\""))
            }
        }
    }
}
