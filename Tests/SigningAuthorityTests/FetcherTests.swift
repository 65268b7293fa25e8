import ContentTrust
import TestSupport
import Testing

@testable import SigningAuthority

@Suite struct FetcherTests {
    /// Fetches a URL for a site that may have the origins named, and private addresses unless told otherwise.
    private func fetch(
        _ url: String,
        origins: [String] = [],
        allowPrivate: Bool = true,
        resolver: any HostResolver = TestResolver([:]),
        validators: Validators? = nil,
        limits change: (inout FetchLimits) -> Void = { _ in }
    ) async throws -> FetchOutcome {
        var limits = FetchLimits()
        change(&limits)
        let url = try ContentURL(url)
        let site = Site(
            origin: url.origin,
            contentOrigins: Set(try origins.map { try WebOrigin($0) }),
            allowsPrivateAddresses: allowPrivate
        )
        return try await OriginFetcher(limits: limits, resolver: resolver)
            .fetch(url, permission: FetchPermission(site: site), validators: validators)
    }

    private func code(_ outcome: FetchOutcome) -> Refusal.Code? {
        guard case .refused(let refusal) = outcome else { return nil }
        #expect(refusal.message.hasSuffix("."))
        return refusal.code
    }

    private func tree(_ text: String) throws -> MerkleTree {
        var hasher = MerkleHasher()
        hasher.update(Array(text.utf8))
        return try #require(hasher.finish())
    }

    @Test func plainContent() async throws {
        let origin = try await TestOrigin { _ in
            TestOrigin.response(
                "hello",
                "Content-Type: text/plain",
                "ETag: \"1\"",
                "Last-Modified: Mon, 23 Nov 2026 12:00:00 GMT"
            )
        }
        let outcome = try await fetch(origin.address + "/a?b=c%20d")
        let validators = Validators(
            url: try ContentURL(origin.address + "/a?b=c%20d"),
            entityTag: "\"1\"",
            lastModified: "Mon, 23 Nov 2026 12:00:00 GMT"
        )
        #expect(
            outcome
                == .content(FetchedContent(tree: try tree("hello"), mediaType: "text/plain", validators: validators))
        )
        let request = try #require(origin.requests.first)
        #expect(request.target == "/a?b=c%20d")
        #expect(request.headers["accept-encoding"] == "identity")
        #expect(request.headers["host"] == "127.0.0.1:\(origin.port)")
        #expect(request.headers["if-none-match"] == nil)
    }

    @Test func contentInChunksOfManyPieces() async throws {
        let text = String(repeating: "0123456789abcdef", count: 16_384)
        let chunk = "4000\r\n" + String(repeating: "0123456789abcdef", count: 1_024) + "\r\n"
        let origin = try await TestOrigin { _ in
            [.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")]
                + Array(repeating: .send(chunk), count: 16) + [.send("0\r\n\r\n")]
        }
        let outcome = try await fetch(origin.address + "/")
        #expect(outcome == .content(FetchedContent(tree: try tree(text), mediaType: "", validators: nil)))
    }

    /// The connection goes to the address that was judged, with the name in Host.
    @Test func theNameIsResolvedOnceAndItsAddressConnectedTo() async throws {
        let origin = try await TestOrigin { _ in TestOrigin.response("x") }
        let resolver = TestResolver(["site.example": [["127.0.0.1"], ["203.0.113.1"]]])
        let outcome = try await fetch("http://site.example:\(origin.port)/", resolver: resolver)
        #expect(code(outcome) == nil)
        #expect(resolver.count("site.example") == 1)
        #expect(origin.requests.first?.headers["host"] == "site.example:\(origin.port)")
    }

    /// Also with TLS: the address is connected to, and the name is asked for (RFC 6066 §3).
    @Test func theServerNameOfTLSIsTheName() async throws {
        let origin = try await TestOrigin { _ in [] }
        let resolver = TestResolver(["site.example": [["127.0.0.1"]]])
        let task = Task { try await fetch("https://site.example:\(origin.port)/", resolver: resolver) }
        try await eventually("the client says hello") {
            String(decoding: origin.received, as: UTF8.self).contains("site.example")
        }
        task.cancel()
        _ = try? await task.value
    }

    @Test func ipv6Literals() async throws {
        let origin = try await TestOrigin(host: "::1") { _ in TestOrigin.response("x") }
        #expect(code(try await fetch("http://[::1]:\(origin.port)/a")) == nil)
        #expect(origin.requests.first?.target == "/a")
        #expect(origin.requests.first?.headers["host"] == "[::1]:\(origin.port)")
    }

    /// A name that has a public address when it is judged and a private one when it is connected to gains nothing.
    @Test func rebindingIsOfNoUse() async throws {
        let origin = try await TestOrigin { _ in TestOrigin.response("secret") }
        let resolver = TestResolver(["evil.example": [["192.0.2.7"], ["127.0.0.1"]]])
        let outcome = try await fetch("http://evil.example:\(origin.port)/", allowPrivate: false, resolver: resolver)
        #expect(code(outcome) == .privateAddress)
        #expect(origin.requests.isEmpty)
    }

    @Test func addressesAreTriedInOrder() async throws {
        let origin = try await TestOrigin { _ in TestOrigin.response("x") }
        let resolver = TestResolver(["site.example": [["127.0.0.2", "127.0.0.1"]]])
        #expect(code(try await fetch("http://site.example:\(origin.port)/", resolver: resolver)) == nil)
        #expect(origin.requests.count == 1)
    }

    @Test(arguments: [
        "127.0.0.1", "::1", "10.0.0.1", "169.254.169.254", "::ffff:7f00:1", "64:ff9b::7f00:1", "2002:7f00:1::",
    ])
    func privateAddressesAreRefused(address: String) async throws {
        let resolver = TestResolver(["site.example": [[address]]])
        #expect(
            code(try await fetch("http://site.example/", allowPrivate: false, resolver: resolver)) == .privateAddress
        )
        let literal = address.contains(":") ? "[\(address)]" : address
        #expect(code(try await fetch("http://\(literal)/", allowPrivate: false)) == .privateAddress)
    }

    @Test func namesWithoutAddress() async throws {
        #expect(code(try await fetch("http://site.example/")) == .unresolvable)
        #expect(code(try await fetch("http://site.invalid/", resolver: SystemResolver())) == .unresolvable)
    }

    @Test func theSystemKnowsLocalhost() async throws {
        let addresses = try await SystemResolver().addresses(of: "localhost")
        #expect(addresses.contains(.v4([127, 0, 0, 1])))
    }

    @Test func nothingListens() async throws {
        let port = try await TestOrigin { _ in [] }.port  // closed again by now
        try await eventually("the port is refused") {
            code(try await fetch("http://127.0.0.1:\(port)/")) == .unreachable
        }
    }

    @Test func notHTTP() async throws {
        let origin = try await TestOrigin { _ in [.send("SSH-2.0-OpenSSH_9.2\r\n"), .close] }
        #expect(code(try await fetch(origin.address + "/")) == .unreachable)
        origin.answer { _ in [.close] }
        #expect(code(try await fetch(origin.address + "/")) == .unreachable)
        // Waits for a TLS handshake that never comes.
        let outcome = try await fetch("https://127.0.0.1:\(origin.port)/") { $0.connectTimeout = .milliseconds(200) }
        #expect(code(outcome) == .tooSlow)
    }

    @Test func shorterThanAnnounced() async throws {
        let origin = try await TestOrigin { _ in [.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello"), .close] }
        #expect(code(try await fetch(origin.address + "/")) == .truncated)
        origin.answer { _ in [.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"), .close] }
        #expect(code(try await fetch(origin.address + "/")) == .truncated)
        origin.answer { _ in [.send("HTTP/1.1 200 OK\r\n\r\nhello"), .close] }
        #expect(code(try await fetch(origin.address + "/")) == .truncated)
    }

    /// What exceeds the length is not content, for a browser as for the authority: the same bytes are certified that a visitor gets.
    @Test func longerThanAnnounced() async throws {
        let origin = try await TestOrigin { _ in [.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello, world")] }
        let outcome = try await fetch(origin.address + "/")
        #expect(outcome == .content(FetchedContent(tree: try tree("hello"), mediaType: "", validators: nil)))
    }

    @Test func tooLarge() async throws {
        let origin = try await TestOrigin { _ in TestOrigin.response(String(repeating: "x", count: 1_000)) }
        #expect(code(try await fetch(origin.address + "/") { $0.contentSize = 1_000 }) == nil)
        #expect(code(try await fetch(origin.address + "/") { $0.contentSize = 999 }) == .tooLarge)
        let chunk = "3e8\r\n" + String(repeating: "x", count: 1_000) + "\r\n"
        origin.answer { _ in
            [.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"), .flood(Array(chunk.utf8))]
        }
        #expect(code(try await fetch(origin.address + "/") { $0.contentSize = 1 << 20 }) == .tooLarge)
    }

    @Test func empty() async throws {
        let origin = try await TestOrigin { _ in TestOrigin.response("") }
        #expect(code(try await fetch(origin.address + "/")) == .emptyContent)
        origin.answer { _ in [.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")] }
        #expect(code(try await fetch(origin.address + "/")) == .emptyContent)
    }

    @Test func headersAreJudged() async throws {
        let origin = try await TestOrigin { request in
            switch request.target {
            case "/cookie": TestOrigin.response("x", "Set-Cookie: a=b")
            case "/vary": TestOrigin.response("x", "Vary: Cookie")
            case "/private": TestOrigin.response("x", "Cache-Control: private")
            case "/no-store": TestOrigin.response("x", "Cache-Control: no-store")
            case "/partial": TestOrigin.response("x", status: "206 Partial Content", "Content-Range: bytes 0-0/2")
            case "/gzip": TestOrigin.response("x", "Content-Encoding: gzip")
            case "/missing": TestOrigin.response("x", status: "404 Not Found")
            default: TestOrigin.response("x", "Vary: Accept-Encoding, Origin")
            }
        }
        let expected: [(String, Refusal.Code?)] = [
            ("/cookie", .notShareable), ("/vary", .notShareable), ("/private", .notShareable),
            ("/no-store", .notShareable),
            ("/partial", .badStatus), ("/gzip", .encoded), ("/missing", .badStatus), ("/", nil),
        ]
        for (path, refusal) in expected { #expect(code(try await fetch(origin.address + path)) == refusal, "\(path)") }
    }

    @Test func slowOrigins() async throws {
        let origin = try await TestOrigin { request in
            switch request.target {
            case "/no-head": [.hold]
            case "/half-head": [.send("HTTP/1.1 200 OK\r\nContent-"), .hold]
            case "/half-body": [.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello"), .hold]
            default: [.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"), .flood(Array("1\r\nx\r\n".utf8))]
            }
        }
        func message(_ outcome: FetchOutcome) -> String {
            guard case .refused(let refusal) = outcome, refusal.code == .tooSlow else { return "\(outcome)" }
            return refusal.message
        }
        for path in ["/no-head", "/half-head"] {
            #expect(
                message(try await fetch(origin.address + path) { $0.firstByteTimeout = .milliseconds(200) }).contains(
                    "first-byte-timeout"
                )
            )
        }
        #expect(
            message(try await fetch(origin.address + "/half-body") { $0.idleTimeout = .milliseconds(200) }).contains(
                "fetch-idle-timeout"
            )
        )
        #expect(
            message(try await fetch(origin.address + "/endless") { $0.totalTimeout = .milliseconds(500) }).contains(
                "fetch-timeout"
            )
        )
        #expect(
            message(try await fetch(origin.address + "/half-body") { $0.totalTimeout = .milliseconds(500) }).contains(
                "fetch-timeout"
            )
        )
    }

    @Test func cancellation() async throws {
        let origin = try await TestOrigin { _ in [.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello"), .hold] }
        let task = Task { try await fetch(origin.address + "/") }
        try await eventually("the request arrives") { !origin.requests.isEmpty }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
    }

    @Test func redirectsAreFollowedAndJudged() async throws {
        let other = try await TestOrigin { _ in TestOrigin.response("other") }
        let otherAddress = other.address
        let origin = try await TestOrigin { request in
            func redirect(_ location: String, _ status: String = "302 Found") -> [TestOrigin.Step] {
                TestOrigin.response("", status: status, "Location: \(location)")
            }
            switch request.target {
            case "/relative": return redirect("target#part")
            case "/permanent": return redirect("/relative", "308 Permanent Redirect")
            case "/other": return redirect(otherAddress + "/x")
            case "/loop": return redirect("/loop")
            case "/private": return redirect("http://10.0.0.1/")
            case "/scheme": return redirect("file:///etc/passwd")
            case "/cookie": return TestOrigin.response("", status: "302 Found", "Location: /target", "Set-Cookie: a=b")
            case "/1", "/2", "/3", "/4", "/5", "/6":
                let number = Int(request.target.dropFirst()) ?? 0
                return redirect(number == 1 ? "/target" : "/\(number - 1)")
            default: return TestOrigin.response("target", "ETag: \"t\"")
            }
        }
        let target = FetchedContent(
            tree: try tree("target"),
            mediaType: "",
            validators: Validators(
                url: try ContentURL(origin.address + "/target"),
                entityTag: "\"t\"",
                lastModified: nil
            )
        )
        #expect(try await fetch(origin.address + "/relative") == .content(target))
        #expect(try await fetch(origin.address + "/permanent") == .content(target))
        #expect(try await fetch(origin.address + "/5") == .content(target))
        #expect(code(try await fetch(origin.address + "/6")) == .tooManyRedirects)
        #expect(code(try await fetch(origin.address + "/loop")) == .tooManyRedirects)
        #expect(origin.requests(for: "/loop") == 6)
        #expect(code(try await fetch(origin.address + "/other")) == .foreignOrigin)
        #expect(other.requests.isEmpty)
        #expect(code(try await fetch(origin.address + "/other", origins: [otherAddress])) == nil)
        #expect(code(try await fetch(origin.address + "/scheme")) == .badURL)
        #expect(code(try await fetch(origin.address + "/cookie")) == .notShareable)
        #expect(
            code(
                try await fetch(origin.address + "/private", origins: ["http://10.0.0.1"]) {
                    $0.connectTimeout = .milliseconds(100)
                }
            ) != nil
        )
    }

    /// A public site that redirects to an address inside: each hop is judged like the first.
    @Test func aRedirectToAPrivateAddressIsRefused() async throws {
        let inside = try await TestOrigin { _ in TestOrigin.response("secret") }
        let port = inside.port
        let resolver = TestResolver(["inside.example": [["127.0.0.1"]]])
        let permission = FetchPermission(site: Site(origin: try WebOrigin("http://inside.example:\(port)")))
        let outcome = try await OriginFetcher(limits: FetchLimits(), resolver: resolver)
            .fetch(try ContentURL("http://inside.example:\(port)/"), permission: permission, validators: nil)
        #expect(code(outcome) == .privateAddress)
        #expect(inside.requests.isEmpty)
    }

    @Test func conditionalRequests() async throws {
        let origin = try await TestOrigin { request in
            request.headers["if-none-match"] == "\"1\"" && request.headers["if-modified-since"] == "yesterday"
                ? [.send("HTTP/1.1 304 Not Modified\r\n\r\n")] : TestOrigin.response("new")
        }
        let url = try ContentURL(origin.address + "/")
        let known = Validators(url: url, entityTag: "\"1\"", lastModified: "yesterday")
        #expect(try await fetch(url.text, validators: known) == .unchanged)
        #expect(
            code(try await fetch(url.text, validators: Validators(url: url, entityTag: "\"2\"", lastModified: nil)))
                == nil
        )
        // Validators of another URL (before a redirect went elsewhere) are not shown to this one.
        let elsewhere = Validators(
            url: try ContentURL(origin.address + "/other"),
            entityTag: "\"1\"",
            lastModified: "yesterday"
        )
        #expect(try await fetch(url.text, validators: elsewhere) != .unchanged)
        // A 304 that nobody asked for is no content.
        origin.answer { _ in [.send("HTTP/1.1 304 Not Modified\r\n\r\n")] }
        #expect(code(try await fetch(url.text)) == .badStatus)
    }
}
