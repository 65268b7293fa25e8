import ContentTrust
import Presence
import Testing
import TestSupport

@Suite struct WebAddressTests {
    @Test(arguments: [
        "http://site.example", "https://site.example", "https://site.example:8443", "http://localhost:8080",
        "http://127.0.0.1:8080",
        "http://[::1]:8080", "https://xn--bcher-kva.example", "https://[2001:db8::1]", "https://a_b.example",
        "https://site.example.",
        "http://[::ffff:7f00:1]", "https://1.example", "https://0xg.example", "http://a:1", "http://a:65535",
        "http://a:443", "https://a:80",
    ])
    func originsThatBrowsersSend(text: String) throws {
        let origin = try WebOrigin(text)
        #expect(origin.text == text)
        #expect(try ContentURL(text + "/").origin == origin)
    }

    @Test(arguments: [
        "", "null", "*", "site.example", "//site.example", "ftp://site.example", "file://", "HTTPS://site.example",
        "https://Site.example",
        "https://site.example/", "https://site.example:443", "http://site.example:80", "https://site.example:",
        "https://site.example:0",
        "https://site.example:08", "https://site.example:65536", "https://site.example:+1", "https://site.example:1:2",
        "https://u@site.example",
        "https://u:p@site.example", "https://", "https://.", "https://.example", "https://a..b",
        "https://site.example..", "https://bücher.example",
        "https://site example", "https://site%2eexample", "https://site.example?", "https://site.example#",
        "https://site\\example", "https://a|b",
        "http://127.1", "http://0177.0.0.1", "http://0x7f.0.0.1", "http://2130706433", "http://127.0.0.1.",
        "http://127.0.0.256", "http://0x7f000001",
        "http://1.2.3", "http://1.2.3.4.5", "http://foo.0x", "http://[::1", "http://[::1]x", "http://[0::1]",
        "http://[::0001]", "http://[::FFFF]",
        "http://[::1%25eth0]", "http://[::127.0.0.1]", "http://[1:2:3:4:5:6:7]", "http://[1::2::3]", "http://[:::]",
        "http://[]", "http://::1",
        "http://\(String(repeating: "a", count: 64)).example", "http://\(String(repeating: "a.", count: 127))example",
        "http://a\tb", "http://a\n", " http://a",
    ])
    func originsThatAreRefused(text: String) {
        let error = #expect(throws: WebAddressError.self, "\(text)") { try WebOrigin(text) }
        #expect(error?.description.isEmpty == false)
    }

    @Test(arguments: [
        "https://site.example/", "https://site.example/a/b.mp4", "https://site.example/?",
        "https://site.example/a?b=c&d=%27", "http://[::1]:8080/x",
        "https://site.example/a//b", "https://site.example/...", "https://site.example/a..b/.c",
        "https://site.example/%41%7e", "https://site.example/x;y=1,2'(!)*",
        "https://site.example/a?b/../c", "https://site.example/%2e%2e%2e", "https://site.example/a@b:c",
        "https://site.example/%2ee",
    ])
    func urlsAsBrowsersSerializeThem(text: String) throws {
        #expect(try ContentURL(text).text == text)
    }

    @Test(arguments: [
        "", "/a", "https://site.example", "https://site.example?x", "https://site.example#x", "https://site.example/#",
        "https://site.example/a#b",
        "https://site.example/a b", "https://site.example/é", "https://site.example/a\\b", "https://site.example\\a",
        "https://site.example/.",
        "https://site.example/..", "https://site.example/a/./b", "https://site.example/a/../b",
        "https://site.example/%2e", "https://site.example/%2E%2e/a",
        "https://site.example/.%2e", "https://site.example/a/%2e.", "https://site.example/%zz",
        "https://site.example/%", "https://site.example/%4",
        "https://site.example/a|b", "https://site.example/<", "https://site.example/\"", "https://site.example/`",
        "https://site.example/{}",
        "https://site.example/^", "https://site.example/[]", "https://site.example/?'", "https://site.example/?\"",
        "https://u:p@site.example/",
        "https://@site.example/", "HTTPS://site.example/", "https://SITE.example/", "https:/site.example/",
        "https:///site.example/", "https://site.example:443/",
        "javascript:alert(1)", "data:text/plain,x", "blob:https://site.example/x", "file:///etc/passwd",
        "https://site.example/\u{0}", "https://site.example/\u{7f}",
        "\thttps://site.example/", "https://site.example/\n", "http://127.1/", "http://[::ffff:127.0.0.1]/",
    ])
    func urlsThatAreRefused(text: String) {
        let error = #expect(throws: WebAddressError.self, "\(text)") { try ContentURL(text) }
        #expect(error?.description.isEmpty == false)
    }

    @Test func urlLengthLimit() throws {
        let prefix = "https://site.example/"
        let longest = prefix + String(repeating: "a", count: 2_048 - prefix.utf8.count)
        #expect(try ContentURL(longest).text.utf8.count == 2_048)
        #expect(throws: WebAddressError.self) { try ContentURL(longest + "a") }
    }

    /// Each address has one text: the one of RFC 5952 §4 and the URL standard.
    @Test(
        arguments: [
            ("::", [0, 0, 0, 0, 0, 0, 0, 0]), ("::1", [0, 0, 0, 0, 0, 0, 0, 1]), ("1::", [1, 0, 0, 0, 0, 0, 0, 0]),
            ("2001:db8::1:0:0:1", [0x2001, 0xdb8, 0, 0, 1, 0, 0, 1]),
            ("2001:db8:0:1:1:1:1:1", [0x2001, 0xdb8, 0, 1, 1, 1, 1, 1]),
            ("1:0:0:2::3", [1, 0, 0, 2, 0, 0, 0, 3]),
            ("fe80::abcd:ef01:2345:6789", [0xfe80, 0, 0, 0, 0xabcd, 0xef01, 0x2345, 0x6789]),
        ] as [(String, [UInt16])]
    )
    func ipv6Texts(text: String, groups: [UInt16]) {
        let address = IPAddress.v6(groups.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xFF)] })
        #expect(address.text == text)
        #expect(IPAddress(canonical: text) == address)
    }

    @Test func addressesRoundTrip() {
        var generator = SplitMix64(seed: 5)
        for round in 0..<2_000 {
            let bytes = generator.bytes(round % 2 == 0 ? 4 : 16).map { $0 < 160 ? 0 : $0 }
            let address = IPAddress(bytes: bytes)
            #expect(address.flatMap { IPAddress(canonical: $0.text) } == address)
        }
    }

    @Test func anyBytesGiveAnErrorOrAnAddressThatRoundTrips() throws {
        var generator = SplitMix64(seed: 13)
        let alphabet = Array("aZ0.9:/?#[]@%2e-_xf\\ '\u{e9}").map(String.init)
        var accepted = 0
        for round in 0..<20_000 {
            let tail = (0..<Int.random(in: 0..<14, using: &generator)).map { _ in
                alphabet.randomElement(using: &generator) ?? ""
            }
            let text = (round % 3 == 0 ? "" : round % 3 == 1 ? "http://" : "https://a/") + tail.joined()
            if let url = try? ContentURL(text) {
                accepted += 1
                #expect(url.text == text)
                #expect(text.hasPrefix(url.origin.text))
            }
            if let origin = try? WebOrigin(text) {
                accepted += 1
                #expect(origin.text == text)
            }
        }
        #expect(accepted > 500)
    }
}
