import ContentTrust
import Signing
import TestSupport
import Testing

@testable import SigningAuthority

@Suite struct IssuingTests {
    private func site(_ origin: TestOrigin) throws -> Site {
        Site(origin: try WebOrigin(origin.address), allowsPrivateAddresses: true)
    }

    /// Judges a `certified` result as a client does: keyset by the root's pin, certificate by the keyset, layer by the certificate.
    private func judge(_ result: JSONObject, of harness: AuthorityHarness) async throws -> (
        ContentCertificate, MerkleTree
    ) {
        #expect(result["status"] == "certified", "\(String(decoding: JSONValue.object(result).encoded, as: UTF8.self))")
        let keyset = try await harness.request("GET", harness.publicAddress + "/v1/keyset")
        #expect(keyset.headers["content-type"] == "application/jose")
        var keysetJudge = KeysetJudge<VerifyingKey>(root: harness.authority.root)
        let judge = CertificateJudge(try keysetJudge.judge(keyset.body, now: harness.clock.now))
        let url = try ContentURL(try #require(result["url"]?.string))
        let certificate = try judge.judge(
            Array(try #require(result["certificate"]?.string).utf8),
            site: url.origin,
            url: url,
            now: harness.clock.now
        )
        let layer = try #require(Base64URL.decode(result["layer"]?.string ?? ""))
        let tree = try #require(MerkleTree(contentID: certificate.contentID, length: certificate.length, layer: layer))
        return (certificate, tree)
    }

    @Test(arguments: SignatureAlgorithm.allCases)
    func pendingAtOnceThenCertified(algorithm: SignatureAlgorithm) async throws {
        let body = String(repeating: "0123456789abcdef", count: 10_000)
        let origin = try await TestOrigin { _ in [.hold] + TestOrigin.response(body, "Content-Type: video/mp4") }
        let url = origin.address + "/video.mp4"
        try await withFolder { folder in
            try await withAuthority(folder: folder, sites: [site(origin)], configure: { $0.keyAlgorithm = algorithm }) {
                harness in
                let first = try await harness.ask(origin.address, url)
                #expect(first["status"] == "pending")
                #expect(first["url"] == .string(url))
                #expect(first["retry"] == .integer(1))
                origin.release()
                let (certificate, tree) = try await judge(harness.settled(origin.address, url), of: harness)
                #expect(certificate.length == 160_000)
                #expect(certificate.mediaType == "video/mp4")
                #expect(certificate.issuer == "shoal")
                #expect(certificate.expiresAt == harness.clock.now + 300)
                #expect(tree.isPiece(0, Array(body.utf8.prefix(65_536))))
                #expect(origin.requests.count == 1)
            }
        }
    }

    @Test func fiftyAskersCostOneFetch() async throws {
        let origin = try await TestOrigin { _ in [.hold] + TestOrigin.response("x") }
        try await withFolder { folder in
            try await withAuthority(folder: folder, sites: [site(origin)]) { harness in
                try await withThrowingTaskGroup(of: JSONObject.self) { group in
                    for _ in 0..<50 { group.addTask { try await harness.ask(origin.address, origin.address + "/") } }
                    for try await result in group { #expect(result["status"] == "pending") }
                }
                origin.release()
                _ = try await judge(harness.settled(origin.address, origin.address + "/"), of: harness)
                #expect(origin.requests.count == 1)
            }
        }
    }

    @Test func onePieceHasNoLayerAndOrderIsKept() async throws {
        let origin = try await TestOrigin { request in TestOrigin.response("content of \(request.target)") }
        try await withFolder { folder in
            try await withAuthority(folder: folder, sites: [site(origin)]) { harness in
                let urls = (0..<32).map { origin.address + "/\($0)" }
                _ = try await harness.ask(origin.address, urls)
                for url in urls { _ = try await harness.settled(origin.address, url) }
                let results = try await harness.ask(origin.address, urls)
                #expect(results.map { $0["url"]?.string } == urls)
                for result in results {
                    #expect(result["layer"] == nil)
                    #expect(try await judge(result, of: harness).1.layer.isEmpty)
                }
                #expect(origin.requests.count == 32)
            }
        }
    }

    @Test func renewedInItsLastThirdWithoutHashing() async throws {
        let origin = try await TestOrigin { request in
            request.headers["if-none-match"] == "\"1\""
                ? [.send("HTTP/1.1 304 Not Modified\r\n\r\n")] : TestOrigin.response("x", "ETag: \"1\"")
        }
        let url = origin.address + "/"
        try await withFolder { folder in
            try await withAuthority(folder: folder, sites: [site(origin)]) { harness in
                let (first, _) = try await judge(harness.settled(origin.address, url), of: harness)
                harness.clock.advance(by: 199)
                #expect(try await judge(harness.ask(origin.address, url), of: harness).0 == first)
                #expect(origin.requests.count == 1)
                harness.clock.advance(by: 1)
                // The old one is good until the new one is there.
                #expect(try await judge(harness.ask(origin.address, url), of: harness).0 == first)
                try await eventually("the certificate is renewed") {
                    try await judge(harness.ask(origin.address, url), of: harness).0.notBefore == first.notBefore + 200
                }
                let (renewed, _) = try await judge(harness.ask(origin.address, url), of: harness)
                #expect(renewed.generation == first.generation)
                #expect(renewed.contentID == first.contentID)
                #expect(origin.requests.count == 2)
            }
        }
    }

    @Test func changedContentHasAHigherGeneration() async throws {
        let origin = try await TestOrigin { _ in TestOrigin.response("old") }
        let url = origin.address + "/"
        try await withFolder { folder in
            try await withAuthority(folder: folder, sites: [site(origin)]) { harness in
                let (first, _) = try await judge(harness.settled(origin.address, url), of: harness)
                // Fetched anew without validators, and the same: the generation stays.
                harness.clock.advance(by: 300)
                #expect(try await harness.ask(origin.address, url)["status"] == "pending")
                let (same, _) = try await judge(harness.settled(origin.address, url), of: harness)
                #expect(same.generation == first.generation)
                #expect(same.notBefore == first.notBefore + 300)
                origin.answer { _ in TestOrigin.response("new") }
                harness.clock.advance(by: 300)
                let (changed, _) = try await judge(harness.settled(origin.address, url), of: harness)
                #expect(changed.generation > first.generation)
                #expect(changed.contentID != first.contentID)
                #expect(origin.requests.count == 3)
            }
        }
    }

    @Test func aRefusalIsRememberedForAMinute() async throws {
        let origin = try await TestOrigin { _ in TestOrigin.response("x", status: "404 Not Found") }
        let url = origin.address + "/"
        try await withFolder { folder in
            try await withAuthority(folder: folder, sites: [site(origin)]) { harness in
                let refused = try await harness.settled(origin.address, url)
                #expect(refused["status"] == "refused")
                #expect(refused["code"] == "bad-status")
                #expect(refused["message"]?.string?.contains("404") == true)
                origin.answer { _ in TestOrigin.response("x") }
                harness.clock.advance(by: 59)
                #expect(try await harness.ask(origin.address, url)["code"] == "bad-status")
                #expect(origin.requests.count == 1)
                harness.clock.advance(by: 1)
                _ = try await judge(harness.settled(origin.address, url), of: harness)
                #expect(origin.requests.count == 2)
            }
        }
    }

    /// An origin that cannot be asked does not take back what it said; one that answers otherwise does.
    @Test func certificatesOutliveAnOutageButNotAContradiction() async throws {
        let origin = try await TestOrigin { _ in TestOrigin.response("x") }
        let url = origin.address + "/"
        try await withFolder { folder in
            try await withAuthority(folder: folder, sites: [site(origin)]) { harness in
                let (first, _) = try await judge(harness.settled(origin.address, url), of: harness)
                origin.answer { _ in [.close] }
                harness.clock.advance(by: 220)
                #expect(try await judge(harness.ask(origin.address, url), of: harness).0 == first)
                try await eventually("the origin is asked") { origin.requests.count == 2 }
                harness.clock.advance(by: 59)
                #expect(try await judge(harness.ask(origin.address, url), of: harness).0 == first)
                harness.clock.advance(by: 21)
                #expect(try await harness.settled(origin.address, url)["code"] == "unreachable")

                origin.answer { _ in TestOrigin.response("x") }
                harness.clock.advance(by: 60)
                _ = try await judge(harness.settled(origin.address, url), of: harness)
                harness.clock.advance(by: 200)
                origin.answer { _ in TestOrigin.response("x", "Cache-Control: private") }
                try await eventually("the certificate is not renewed any more") {
                    try await harness.ask(origin.address, url)["code"] == "not-shareable"
                }
            }
        }
    }

    /// One fetch at a time, one waiting: what found no room is pending too, and certified when it is asked for again.
    @Test func theQueueIsBounded() async throws {
        let origin = try await TestOrigin { _ in [.hold] + TestOrigin.response("x") }
        let urls = (0..<4).map { origin.address + "/\($0)" }
        try await withFolder { folder in
            try await withAuthority(
                folder: folder,
                sites: [site(origin)],
                configure: {
                    $0.fetchConcurrency = 1
                    $0.fetchQueueLimit = 1
                }
            ) { harness in
                let first = try await harness.ask(origin.address, urls)
                #expect(first.allSatisfy { $0["status"] == "pending" })
                origin.release()
                try await eventually("the first two are fetched") { origin.requests.count == 2 }
                #expect(origin.requests.map(\.target) == ["/0", "/1"])
                for url in urls { _ = try await judge(harness.settled(origin.address, url), of: harness) }
                #expect(origin.requests.count == 4)
            }
        }
    }

    @Test func refusedWithoutAskingAnybody() async throws {
        let origin = try await TestOrigin { _ in TestOrigin.response("x") }
        let long = origin.address + "/" + String(repeating: "a", count: 1_600)
        try await withFolder { folder in
            try await withAuthority(folder: folder, sites: [site(origin)]) { harness in
                let cases: [(site: String, url: String, code: String)] = [
                    ("https://other.example", "https://other.example/", "unknown-site"),
                    (origin.address, "https://cdn.example/", "foreign-origin"),
                    (origin.address, "not a url", "bad-url"),
                    (origin.address, origin.address + "/a#b", "bad-url"),
                    (origin.address, "http://user@127.0.0.1:\(origin.port)/", "bad-url"),
                    (origin.address, origin.address + "/a/../b", "bad-url"),
                ]
                for (site, url, code) in cases {
                    let result = try await harness.ask(site, url)
                    #expect(result["status"] == "refused")
                    #expect(result["code"] == .string(code), "\(url)")
                    #expect(result["message"]?.string?.hasSuffix(".") == true || code == "unknown-site")
                }
                #expect(origin.requests.isEmpty)
                // Only when it is signed its length is known.
                #expect(try await harness.settled(origin.address, long)["code"] == "bad-url")
            }
        }
    }

    @Test func aRestartForgetsNothing() async throws {
        let origin = try await TestOrigin { _ in TestOrigin.response("x", "ETag: \"1\"", "Content-Type: text/plain") }
        let url = origin.address + "/"
        let clock = TestClock()
        try await withFolder { folder in
            let (root, first, keyset) = try await withAuthority(folder: folder, clock: clock, sites: [site(origin)]) {
                harness in
                let (certificate, _) = try await judge(harness.settled(origin.address, url), of: harness)
                let keyset = try await harness.request("GET", harness.publicAddress + "/v1/keyset").body
                return (harness.authority.root, certificate, keyset)
            }
            try await withAuthority(folder: folder, clock: clock) { harness in
                #expect(harness.authority.root == root)
                #expect(try await harness.request("GET", harness.publicAddress + "/v1/keyset").body == keyset)
                let (certificate, _) = try await judge(harness.ask(origin.address, url), of: harness)
                #expect(certificate == first)
                #expect(origin.requests.count == 1)
            }
        }
    }

    /// A fetch that hangs does not hold up a shutdown.
    @Test func shutdownBreaksFetchesOff() async throws {
        let origin = try await TestOrigin { _ in [.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello"), .hold] }
        try await withFolder { folder in
            let start = ContinuousClock.now
            try await withAuthority(folder: folder, sites: [site(origin)]) { harness in
                _ = try await harness.ask(origin.address, origin.address + "/")
                try await eventually("the fetch begins") { !origin.requests.isEmpty }
            }
            // Below the 60 seconds that the origin may be silent for.
            #expect(ContinuousClock.now - start < .seconds(58))
        }
    }

    /// Queries are where sites put what belongs to one visitor.
    @Test func queriesAreNotLogged() async throws {
        let origin = try await TestOrigin { _ in TestOrigin.response("x", status: "404 Not Found") }
        let log = RecordedLog()
        try await withFolder { folder in
            try await withAuthority(folder: folder, sites: [site(origin)], log: log) { harness in
                for path in ["/a?visitor=alice", "/b"] {
                    _ = try await harness.settled(origin.address, origin.address + path)
                }
                _ = try await harness.ask(origin.address, "https://foreign.example/?visitor=alice")
            }
        }
        #expect(log.lines.contains { $0.contains("bad-status") && $0.contains(origin.address + "/a") })
        #expect(!log.lines.contains { $0.contains("alice") })
    }
}
