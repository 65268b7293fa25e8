import ContentTrust
import NIOHTTP1
import Testing

@testable import SigningAuthority

@Suite struct AddressPolicyTests {
    @Test(arguments: [
        "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.127.255.255", "100.100.100.200",
        "127.0.0.1", "127.255.255.254",
        "169.254.169.254", "169.254.0.1", "168.63.129.16", "172.16.0.1", "172.31.255.255", "192.0.0.192", "192.0.2.1",
        "192.88.99.1", "192.168.0.1",
        "198.18.0.1", "198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1",
        "255.255.255.255",
        "::", "::1", "::7f00:1", "::ffff:7f00:1", "::ffff:a00:1", "::ffff:a9fe:a9fe", "64:ff9b::7f00:1",
        "64:ff9b::a00:1", "64:ff9b:1::1",
        "2002:7f00:1::", "2002:a00:1::1", "2002:c0a8:1::", "2001::1", "2001:10::1", "2001:db8::1", "3fff::1", "fc00::1",
        "fd00:ec2::254", "fdff::1", "fe80::1",
        "febf::1", "fec0::1", "ff02::1", "100::1", "4000::1", "5f00::1",
    ])
    func specialAddressesAreNamed(text: String) throws {
        #expect(AddressPolicy.specialRange(of: try #require(IPAddress(canonical: text))) != nil)
    }

    @Test(arguments: [
        "1.1.1.1", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.1",
        "169.253.255.255", "172.15.255.255",
        "172.32.0.0", "192.0.1.1", "192.167.255.255", "193.0.0.1", "198.17.255.255", "198.20.0.0", "223.255.255.255",
        "2606:4700::1111", "2a00:1450::1",
        "2001:200::1", "2003::1", "::ffff:101:101", "64:ff9b::101:101", "2002:101:101::1",
    ])
    func publicAddressesAreNot(text: String) throws {
        #expect(AddressPolicy.specialRange(of: try #require(IPAddress(canonical: text))) == nil)
    }
}

@Suite struct ResponseRulesTests {
    private func judge(
        _ status: Int = 200,
        _ headers: [(String, String)],
        isConditional: Bool = false
    ) -> ResponseVerdict {
        ResponseRules.judge(
            status: status,
            headers: HTTPHeaders(headers),
            isConditional: isConditional,
            contentSizeLimit: 1_000
        )
    }

    private func code(_ verdict: ResponseVerdict) -> Refusal.Code? {
        guard case .refused(let refusal) = verdict else { return nil }
        #expect(refusal.message.hasSuffix("."))
        return refusal.code
    }

    @Test func plainContent() {
        let headers = [
            ("Content-Length", "1000"), ("Content-Type", "image/png"), ("Cache-Control", "public, max-age=60"),
        ]
        #expect(judge(headers) == .content(mediaType: "image/png", length: 1_000))
        #expect(judge([("Transfer-Encoding", "chunked")]) == .content(mediaType: "", length: nil))
        #expect(
            judge([("Content-Length", "1"), ("Content-Encoding", "Identity")]) == .content(mediaType: "", length: 1)
        )
    }

    private func judge(_ headers: [(String, String)]) -> ResponseVerdict { judge(200, headers) }

    @Test(arguments: [
        "private", "no-store", "max-age=60, Private", "private=\"Set-Cookie\"", "NO-STORE", "public ,\tno-store ",
    ])
    func cacheControl(value: String) {
        #expect(code(judge([("Content-Length", "1"), ("cache-control", value)])) == .notShareable)
    }

    @Test func cacheControlThatSharesIsAllowed() {
        for value in ["no-cache", "max-age=0, must-revalidate", "s-maxage=1", "x-private", "immutable"] {
            #expect(code(judge([("Content-Length", "1"), ("Cache-Control", value)])) == nil)
        }
    }

    @Test func varyAndCookies() {
        for value in ["Cookie", "*", "Accept-Encoding, User-Agent", "Accept-Language"] {
            #expect(code(judge([("Content-Length", "1"), ("Vary", value)])) == .notShareable)
        }
        #expect(code(judge([("Content-Length", "1"), ("Vary", "Origin"), ("Vary", "Cookie")])) == .notShareable)
        #expect(code(judge([("Content-Length", "1"), ("Vary", "accept-encoding, Origin")])) == nil)
        #expect(code(judge([("Content-Length", "1"), ("Set-Cookie", "a=b")])) == .notShareable)
        // Also where it would only lead elsewhere, or says that nothing has changed.
        #expect(code(judge(302, [("Location", "/a"), ("Set-Cookie", "a=b")])) == .notShareable)
        #expect(code(judge(304, [("Cache-Control", "private")], isConditional: true)) == .notShareable)
    }

    @Test func statuses() {
        for status in [201, 204, 206, 300, 304, 400, 401, 403, 404, 410, 500, 503] {
            #expect(code(judge(status, [("Content-Length", "1")])) == .badStatus, "\(status)")
        }
        for status in [301, 302, 303, 307, 308] {
            #expect(judge(status, [("Location", "/x")]) == .redirect("/x"))
            #expect(code(judge(status, [])) == .badStatus)
        }
        #expect(judge(304, [], isConditional: true) == .unchanged)
    }

    @Test func lengths() {
        #expect(code(judge([("Content-Length", "1001")])) == .tooLarge)
        #expect(code(judge([("Content-Length", "x")])) == .truncated)
        #expect(code(judge([])) == .truncated)
    }

    @Test func encodingsAndMediaTypes() {
        #expect(code(judge([("Content-Length", "1"), ("Content-Encoding", "gzip")])) == .encoded)
        #expect(code(judge([("Content-Length", "1"), ("Content-Encoding", "identity, br")])) == .encoded)
        let longest = String(repeating: "a", count: 256)
        #expect(judge([("Content-Length", "1"), ("Content-Type", longest)]) == .content(mediaType: longest, length: 1))
        #expect(code(judge([("Content-Length", "1"), ("Content-Type", longest + "a")])) == .notShareable)
        #expect(
            code(judge([("Content-Length", "1"), ("Content-Type", "a/b"), ("Content-Type", "c/d")])) == .notShareable
        )
    }
}

@Suite struct RedirectTargetTests {
    @Test(arguments: [
        ("https://other.example/x", "https://other.example/x"), ("/x?y", "https://site.example/x?y"),
        ("x", "https://site.example/a/x"),
        ("../x", "https://site.example/x"), ("//cdn.example/x", "https://cdn.example/x"),
        ("?q", "https://site.example/a/b?q"),
        ("/x#fragment", "https://site.example/x"), ("https://other.example", "https://other.example/"),
    ])
    func resolves(location: String, expected: String) throws {
        let base = try ContentURL("https://site.example/a/b")
        #expect(try RedirectTarget.resolve(location, from: base).text == expected)
    }

    @Test(arguments: [
        "ftp://site.example/x", "javascript:alert(1)", "https://user@site.example/", "https://SITE.example/",
        "http://0x7f.1/", "http://[::1", "file:///etc/passwd",
    ])
    func refuses(location: String) throws {
        let base = try ContentURL("https://site.example/a/b")
        let refusal = #expect(throws: Refusal.self) { try RedirectTarget.resolve(location, from: base) }
        #expect(refusal?.code == .badURL)
    }
}

@Suite struct FetchScheduleTests {
    @Test func eachKeyOnceAFewAtATimeInOrder() {
        var schedule = FetchSchedule<Int>(concurrency: 2, queueLimit: 2)
        #expect(schedule.admit(1) == .start)
        #expect(schedule.admit(1) == .underWay)
        #expect(schedule.admit(2) == .start)
        #expect(schedule.admit(3) == .wait)
        #expect(schedule.admit(3) == .underWay)
        #expect(schedule.admit(4) == .wait)
        #expect(schedule.admit(5) == .full)
        #expect(schedule.finish(1) == 3)
        #expect(schedule.finish(1) == nil)
        #expect(schedule.admit(5) == .wait)
        #expect(schedule.finish(2) == 4)
        #expect(schedule.finish(3) == 5)
        #expect(schedule.finish(4) == nil)
        #expect(schedule.finish(5) == nil)
        #expect(schedule.runningCount == 0)
        #expect(schedule.admit(1) == .start)
    }

    /// Against the obvious model, at random.
    @Test func neverRunsMoreThanItMay() {
        var generator = SystemRandomNumberGenerator()
        var schedule = FetchSchedule<Int>(concurrency: 3, queueLimit: 5)
        var running: Set<Int> = []
        for _ in 0..<10_000 {
            let key = Int.random(in: 0..<20, using: &generator)
            if Bool.random(using: &generator) {
                if schedule.admit(key) == .start { #expect(running.insert(key).inserted) }
            } else if let finished = running.randomElement(using: &generator) {
                running.remove(finished)
                if let next = schedule.finish(finished) { #expect(running.insert(next).inserted) }
            }
            #expect(running.count <= 3)
            #expect(schedule.runningCount == running.count)
            #expect(schedule.waitingCount <= 5)
            #expect(schedule.waitingCount == 0 || running.count == 3)
        }
    }
}

@Suite struct RefusalMemoryTests {
    private func key(_ number: Int, site: String = "https://site.example") throws -> ContentKey {
        ContentKey(site: try WebOrigin(site), url: try ContentURL("https://site.example/\(number)"))
    }

    @Test func forgetsAfterItsLifetime() throws {
        var memory = RefusalMemory(lifetime: 60, capacity: 10)
        let refusal = Refusal(.badStatus, "no.")
        memory.remember(refusal, of: try key(1), now: 100)
        #expect(memory.refusal(of: try key(1), now: 159) == refusal)
        #expect(memory.refusal(of: try key(1), now: 160) == nil)
        #expect(memory.refusal(of: try key(2), now: 100) == nil)
        memory.remember(refusal, of: try key(2), now: 160)
        #expect(memory.count == 1)
    }

    @Test func theOldestMakeRoom() throws {
        var memory = RefusalMemory(lifetime: 60, capacity: 3)
        for number in 0..<5 { memory.remember(Refusal(.badStatus, "\(number)."), of: try key(number), now: number) }
        #expect(memory.count == 3)
        #expect(memory.refusal(of: try key(1), now: 5) == nil)
        #expect(memory.refusal(of: try key(2), now: 5) != nil)
        // Remembered anew, it is the youngest.
        memory.remember(Refusal(.encoded, "again."), of: try key(2), now: 5)
        memory.remember(Refusal(.badStatus, "new."), of: try key(9), now: 6)
        #expect(memory.refusal(of: try key(2), now: 6)?.code == .encoded)
        #expect(memory.refusal(of: try key(3), now: 6) == nil)
        #expect(memory.count == 3)
    }

    @Test func aChangedSiteStartsAnew() throws {
        var memory = RefusalMemory(lifetime: 60, capacity: 3)
        memory.remember(Refusal(.badStatus, "no."), of: try key(1), now: 0)
        memory.remember(Refusal(.badStatus, "no."), of: try key(1, site: "https://other.example"), now: 0)
        memory.forget(site: try WebOrigin("https://site.example"))
        #expect(memory.refusal(of: try key(1), now: 1) == nil)
        #expect(memory.refusal(of: try key(1, site: "https://other.example"), now: 1) != nil)
        #expect(memory.count == 1)
    }
}

@Suite struct ValidityTests {
    @Test(arguments: [
        (0, "fresh"), (199, "fresh"), (200, "ageing"), (299, "ageing"), (300, "over"), (-1, "over"), (9_999, "over"),
    ])
    func stages(age: Int, stage: String) {
        #expect("\(Validity(checkedAt: 1_000, lifetime: 300).stage(now: 1_000 + age))" == stage)
    }
}

@Suite struct GenerationTests {
    private func content(_ text: String) throws -> FetchedContent {
        var hasher = MerkleHasher()
        hasher.update(Array(text.utf8))
        return FetchedContent(tree: try #require(hasher.finish()), mediaType: "", validators: nil)
    }

    @Test func growsOnlyWithAChange() throws {
        let first = CertifiedContent.after(nil, fetched: try content("a"), now: 1_000)
        #expect(first.generation == 1_000)
        let same = CertifiedContent.after(first, fetched: try content("a"), now: 2_000)
        #expect(same.generation == 1_000)
        #expect(same.checkedAt == 2_000)
        let changed = CertifiedContent.after(same, fetched: try content("b"), now: 3_000)
        #expect(changed.generation == 3_000)
        // Twice in a second, and with a clock set back.
        let again = CertifiedContent.after(changed, fetched: try content("c"), now: 3_000)
        #expect(again.generation == 3_001)
        #expect(CertifiedContent.after(again, fetched: try content("d"), now: 500).generation == 3_002)
    }
}
