import ContentTrust
import Foundation
import Presence
import Testing

@Suite struct JSONTests {
    private func parse(_ text: String) throws(JSONError) -> JSONValue { try JSONParser.parse(Array(text.utf8)) }

    @Test func readsEveryKindOfValue() throws {
        let text =
            #" {"a" : [null,true,false,0,-7,9007199254740991], "ü":"\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00\u0000", "e":{},"f":[ ]} "#
        let object = try #require(try parse(text).object)
        #expect(object.fields.map(\.name) == ["a", "ü", "e", "f"])
        #expect(
            object["a"]
                == .array([
                    .null, .boolean(true), .boolean(false), .integer(0), .integer(-7), .integer(9_007_199_254_740_991),
                ])
        )
        #expect(object["ü"] == .string("\"\\/\u{8}\u{c}\n\r\té😀\0"))
        #expect(object["e"] == .object([:]))
        #expect(object["f"] == .array([]))
        #expect(object["g"] == nil)
    }

    @Test(arguments: [
        "1.0", "1e3", "-0", "9007199254740992", "-9223372036854775808", "123456789012345678901234567890", "0.1E-2",
    ])
    func numbersThatAreNoIntegersKeepTheirText(text: String) throws {
        #expect(try parse(text) == .otherNumber(text))
        #expect(JSONValue.otherNumber(text).encoded == Array(text.utf8))
    }

    /// The offset is that of the first wrong byte.
    @Test(arguments: [
        ("", 0), (" ", 1), ("{", 1), ("{\"a\"}", 4), ("{\"a\":}", 5), ("{\"a\":1,}", 7), ("[1,]", 3), ("[1 2]", 3),
        ("01", 1), ("-", 1),
        ("1.", 2), ("1e", 2), ("+1", 0), (".5", 0), ("tru", 3), ("trux", 3), ("nul", 3), ("NaN", 0), ("'a'", 0),
        ("\"a", 2), ("\"\\x\"", 2),
        ("\"\\u12g4\"", 5), ("\"\\ud800\"", 2), ("\"\\udc00\"", 2), ("\"\\ud800\\u0041\"", 2), ("\"\\ud800\\n\"", 2),
        ("\"\n\"", 1),
        ("1 1", 2), ("{}x", 2), ("\u{feff}1", 0), ("{1:2}", 1), ("/**/1", 0), ("é", 0),
    ])
    func refusesWhatIsNotJSON(text: String, offset: Int) {
        let error = #expect(throws: JSONError.self) { try parse(text) }
        #expect(error?.reason == .notJSON)
        #expect(error?.offset == offset, "\(text): \(error.map { "\($0)" } ?? "")")
    }

    @Test(
        arguments: [
            [0x22, 0xFF, 0x22], [0x22, 0xC0, 0x80, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22],
            [0x22, 0xC3, 0x5C, 0x6E, 0xA9, 0x22],
        ] as [[UInt8]]
    )
    func refusesInvalidUTF8(bytes: [UInt8]) {
        let error = #expect(throws: JSONError.self) { try JSONParser.parse(bytes) }
        #expect(error?.reason == .notUTF8)
        #expect(error?.offset == 1)
    }

    @Test func refusesDuplicateFieldsAtAnyDepthAndNamesThem() {
        let error = #expect(throws: JSONError.self) { try parse(#"{"a":[{"k":{"x":1,"y":2,"x":3}}]}"#) }
        #expect(error?.reason == .duplicateField)
        #expect(error?.path == "a[0].k.x")
    }

    /// Names that Swift's == takes for equal, JSON does not; and an escape does not make a name another one.
    @Test func comparesNamesByTheirBytes() throws {
        #expect(try parse("{\"K\":1,\"\u{212A}\":2}").object?["K"] == .integer(1))
        #expect(throws: JSONError.self) { try parse(#"{"a":1,"\u0061":2}"#) }
    }

    @Test func findsDuplicatesAmongManyFields() throws {
        let fields = (0..<5_000).map { "\"f\($0)\":\($0)" }
        let object = try #require(try parse("{\(fields.joined(separator: ","))}").object)
        #expect(object["f4999"] == .integer(4_999))
        #expect(throws: JSONError.self) { try parse("{\(fields.joined(separator: ",")),\"f17\":0}") }
    }

    @Test func nestingHasItsLimit() throws {
        func nested(_ depth: Int) -> [UInt8] {
            Array(String(repeating: "[", count: depth).utf8) + Array(String(repeating: "]", count: depth).utf8)
        }
        _ = try JSONParser.parse(nested(16))
        let error = #expect(throws: JSONError.self) { try JSONParser.parse(nested(17)) }
        #expect(error?.reason == .tooDeep(limit: 16))
        #expect(error?.offset == 16)
        _ = try JSONParser.parse(nested(3), nestingLimit: 3)
        #expect(throws: JSONError.self) { try JSONParser.parse(nested(100_000)) }
        // Beside each other is not inside each other.
        _ = try JSONParser.parse(Array("[\(Array(repeating: "[]", count: 50).joined(separator: ","))]".utf8))
    }

    @Test func fieldsCanBeVisitedWithTheirBytes() throws {
        let text = Array(#"{"to":"x","data": {"type":"offer", "sdp":"\u0041"} }"#.utf8)
        var parser = JSONParser(text)
        var data: [UInt8] = []
        try parser.fields { parser, name throws(JSONError) in
            let start = parser.offset
            _ = try parser.value()
            if name == "data" { data = Array(text[start..<parser.offset]) }
        }
        try parser.end()
        #expect(data == Array(#"{"type":"offer", "sdp":"\u0041"}"#.utf8))
    }

    /// Bytes that are JSON by a grammar-blind chance, and mutations of real JSON: an error, or a value that survives writing and reading,
    /// and that Foundation reads too.
    @Test func anyBytesGiveAnErrorOrAValueThatRoundTrips() throws {
        var generator = SplitMix64(seed: 11)
        let seeds = [
            #"{"a":[1,2,{"b":"c\u00e9\n"}],"d":null,"e":true,"f":-12.5e3}"#, #"["\ud83d\ude00",[[[]]],{"":{}}]"#,
            "\"text\"", "0",
        ].map { Array($0.utf8) }
        let alphabet = Array("{}[]\",:\\u0123456789abcdeft rnl-+.E".utf8) + [0x80, 0xC3, 0xA9, 0x00, 0x1F]
        var accepted = 0
        for round in 0..<20_000 {
            var bytes: [UInt8]
            if round % 2 == 0 {
                bytes = seeds[round / 2 % seeds.count]
                for _ in 0..<Int.random(in: 0...3, using: &generator) {
                    let at = Int.random(in: 0..<bytes.count, using: &generator)
                    bytes[at] = alphabet[Int.random(in: 0..<alphabet.count, using: &generator)]
                }
            } else {
                bytes = (0..<Int.random(in: 0..<12, using: &generator)).map { _ in
                    alphabet[Int.random(in: 0..<alphabet.count, using: &generator)]
                }
            }
            guard let value = try? JSONParser.parse(bytes) else { continue }
            accepted += 1
            let written = value.encoded
            #expect(try JSONParser.parse(written) == value)
            #expect(try JSONParser.parse(written).encoded == written)
            if value != .null {
                #expect(throws: Never.self) {
                    try JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed)
                }
            }
        }
        #expect(accepted > 1_000)
    }
}
