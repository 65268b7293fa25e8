import Foundation
import HTTPTypes
import HummingbirdTesting
import Testing

@testable import DemoSite

@Suite("The demo site as an origin server")
struct OriginTests {
    @Test func `files are served whole, in part and not at all, as their validators say`() async throws {
        try await withSite { client, directory in
            let original = Array(try Data(contentsOf: directory.appendingPathComponent("film.webm")))
            let path = "/media/film.webm"
            let whole = try await client.fetch(path)
            #expect(whole.status == 200 && whole.body == original)
            #expect(whole.fields[.contentType] == "video/webm")
            #expect(whole.fields[.contentLength] == "\(original.count)")
            #expect(whole.fields[.cacheControl] == "public, max-age=60")
            #expect(whole.fields[.acceptRanges] == "bytes")
            let tag = try #require(whole.fields[.eTag])
            let changed = try #require(whole.fields[.lastModified])

            let head = try await client.fetch(path, method: .head)
            #expect(head.status == 200 && head.body.isEmpty && head.fields[.contentLength] == "\(original.count)")
            #expect(head.fields[.eTag] == tag)

            for (fields, status, body) in [
                ([.range: "bytes=100-199"], 206, Array(original[100...199])),
                ([.range: "bytes=-10"], 206, Array(original.suffix(10))),
                ([.range: "bytes=10-"], 206, Array(original.dropFirst(10))),
                ([.range: "bytes=\(original.count)-"], 416, []),
                ([.range: "bytes=100-199", .ifRange: tag], 206, Array(original[100...199])),
                ([.range: "bytes=100-199", .ifRange: changed], 206, Array(original[100...199])),
                ([.range: "bytes=100-199", .ifRange: "\"another\""], 200, original),
                ([.ifNoneMatch: tag], 304, []),
                ([.ifNoneMatch: tag, .range: "bytes=0-1"], 304, []),
                ([.ifModifiedSince: changed], 304, []),
                ([.ifMatch: "\"another\""], 412, []),
            ] as [(HTTPFields, Int, [UInt8])] {
                let answer = try await client.fetch(path, fields)
                #expect(answer.status == status && answer.body == body, "\(fields)")
                switch status {
                case 206:
                    let start = original.count - body.count
                    let range = body.count == 100 ? "100-199" : "\(start)-\(original.count - 1)"
                    #expect(answer.fields[.contentRange] == "bytes \(range)/\(original.count)")
                    #expect(answer.fields[.contentLength] == "\(body.count)")
                case 416: #expect(answer.fields[.contentRange] == "bytes */\(original.count)")
                case 304: #expect(answer.fields[.eTag] == tag && answer.fields[.contentType] == nil)
                default: break
                }
            }
            let headOfPart = try await client.fetch(path, [.range: "bytes=0-1"], method: .head)
            #expect(headOfPart.status == 200 && headOfPart.fields[.contentLength] == "\(original.count)")
        }
    }

    static let strangePaths = [
        "/../etc/passwd", "/media/../manifest.json", "/media/%2e%2e/manifest.json", "/media/..%2fmanifest.json",
        "/media/manifest.json",
        "/media//etc/passwd", "/media/.lock", "/media/", "/media", "//", "/media/film.webm/", "/media/film.webm%00",
        "/media%5cfilm.webm", "/%2f",
        "/media/FILM.webm", "/-/access/", "/manifest.json",
    ]

    @Test func `only what is in the table is served`() async throws {
        try await withSite { client, _ in
            for path in Self.strangePaths {
                let answer = try await client.fetch(path)
                #expect(answer.status == 404, "\(path)")
                #expect(
                    String(decoding: answer.body, as: UTF8.self) == "There is nothing at this address.\n",
                    "\(path)"
                )
            }
        }
    }

    @Test func `other methods are refused and said which are not`() async throws {
        try await withSite { client, _ in
            for method in [HTTPRequest.Method.post, .put, .delete, .patch, .options] {
                let answer = try await client.fetch("/media/film.webm", method: method)
                #expect(answer.status == 405 && answer.fields[.allow] == "GET, HEAD")
            }
            let access = try await client.fetch("/-/access", method: .post)
            #expect(access.status == 405 && access.fields[.allow] == "GET, HEAD, DELETE")
        }
    }

    @Test func `the access counts are the requests and bytes that a client saw`() async throws {
        try await withSite { client, _ in
            var seen: [String: AccessCounts.Count] = [:]
            let requests: [(String, HTTPFields, HTTPRequest.Method)] = [
                ("/media/shore.jpg", [:], .get), ("/media/shore.jpg", [:], .get),
                ("/media/shore.jpg", [.range: "bytes=0-99"], .get),
                ("/media/shore.jpg", [:], .head), ("/media/shore.jpg", [.ifNoneMatch: "*"], .get),
                ("/media/shore.jpg", [.range: "bytes=99999999-"], .get), ("/media/film.webm?x=1", [:], .get),
                ("/", [:], .get),
                ("/nothing", [:], .get),
            ]
            for (path, fields, method) in requests {
                let answer = try await client.fetch(path, fields, method: method)
                guard answer.status != 404 else { continue }
                let name = String(path.prefix { $0 != "?" })
                seen[name, default: .init()].requests += 1
                seen[name, default: .init()].bytes += answer.body.count
            }
            func counts() async throws -> [String: AccessCounts.Count] {
                let answer = try await client.fetch("/-/access")
                #expect(answer.fields[.cacheControl] == "no-store")
                return try JSONDecoder().decode([String: AccessCounts.Count].self, from: Data(answer.body))
            }
            #expect(try await counts() == seen)
            let reset = try await client.fetch("/-/access", method: .delete)
            #expect(reset.status == 204)
            #expect(try await counts() == [:])
        }
    }
}
