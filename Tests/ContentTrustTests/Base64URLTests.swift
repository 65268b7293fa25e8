import ContentTrust
import Foundation
import Presence
import TestSupport
import Testing

@Suite struct Base64URLTests {
    @Test func agreesWithFoundation() {
        var generator = SplitMix64(seed: 1)
        for length in 0..<200 {
            let bytes = generator.bytes(length)
            let expected = Data(bytes).base64EncodedString().replacingOccurrences(of: "+", with: "-")
                .replacingOccurrences(of: "/", with: "_").replacingOccurrences(of: "=", with: "")
            #expect(Base64URL.encode(bytes) == expected)
            #expect(Base64URL.decode(expected) == bytes)
            #expect(Base64URL.encodedLength(length) == expected.utf8.count)
        }
    }

    /// Every text of up to three characters over a telling alphabet: refused, or exactly what encoding writes.
    @Test func aTextIsRefusedOrIsTheOnlyTextOfItsBytes() {
        let characters = Array("AB_-zZ09+/= \n.\u{e9}")
        var texts = [""]
        for _ in 0..<3 { texts += texts.flatMap { text in characters.map { text + String($0) } } }
        for text in texts {
            guard let bytes = Base64URL.decode(text) else { continue }
            #expect(Base64URL.encode(bytes) == text)
        }
    }

    @Test(arguments: ["A", "AAAAA", "AA==", "AB", "AAB", "A A", "AA+A", "AA/A", "AAA=", "AA\n"])
    func refuses(text: String) { #expect(Base64URL.decode(text) == nil) }

    /// A number is what its 8 bytes are, and every other text is refused as it is for bytes.
    @Test func integersAgreeWithBytes() {
        var generator = SplitMix64(seed: 2)
        for _ in 0..<1_000 {
            let bytes = generator.bytes(8)
            let number = bytes.reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            var text = Array(Base64URL.encode(bytes).utf8)
            #expect(Base64URL.decodeInteger(text) == number)
            text[Int(generator.bytes(1)[0]) % text.count] = generator.bytes(1)[0]
            let decoded = Base64URL.decode(text).map { $0.reduce(UInt64(0)) { $0 << 8 | UInt64($1) } }
            #expect(Base64URL.decodeInteger(text) == decoded)
        }
        for text in ["", "AAAAAAAAAA", "AAAAAAAAAAAA", "AAAAAAAAAAB"] {
            #expect(Base64URL.decodeInteger(Array(text.utf8)) == nil)
        }
    }
}
