import NIOCore
import Testing
import TrackerProtocol

/// Every class of malformed message (Docs/Protocol.md §5) gets its code, its field, its limit and what came.
@Suite struct MalformedMessageTests {
    struct Malformed: CustomTestStringConvertible, Sendable {
        var text: String
        var code: ProtocolError.Code
        var field: String?
        var limit: Int?
        var got: ProtocolError.Got?
        var id: Int?

        init(
            _ text: String,
            _ code: ProtocolError.Code,
            field: String? = nil,
            limit: Int? = nil,
            got: ProtocolError.Got? = nil,
            id: Int? = nil
        ) {
            self.text = text
            self.code = code
            self.field = field
            self.limit = limit
            self.got = got
            self.id = id
        }

        var testDescription: String { "\(code.rawValue): \(text.prefix(80))" }
    }

    private static let peer = Sample.peer
    private static let largest = 9_007_199_254_740_991

    static let notJSON: [Malformed] = [
        ("", 0), (" ", 1), ("{", 1), ("{\"action\"", 9), ("{\"a\":1", 6), ("{\"a\":1,}", 7), ("{\"a\" 1}", 5),
        ("{a:1}", 1), ("{'a':1}", 1), ("{\"a\":tru}", 8), ("{\"a\":nul", 8), ("{\"a\":01}", 6), ("{\"a\":1.}", 7),
        ("{\"a\":1e}", 7), ("{\"a\":-}", 6), ("{\"a\":+1}", 5), ("{\"a\":.5}", 5), ("{\"a\":0x1}", 6),
        ("{\"a\":NaN}", 5), ("{\"a\":[1,]}", 8), ("{\"a\":[1 2]}", 8), ("{\"a\":\"\\x\"}", 7),
        ("{\"a\":\"\\u12\"}", 10), ("{\"a\":\"\\u123g\"}", 11), ("{\"a\":\"\n\"}", 6), ("{\"a\":\"", 6),
        ("{\"a\":\"\\", 7), ("{\"a\":1}x", 7), ("{\"a\":1}{}", 7), ("\u{FEFF}{}", 0), ("{\"a\":1]", 6), ("/**/{}", 0),
        ("{\"a\":\u{A0}1}", 5), ("undefined", 0),
    ].map { Malformed($0.0, .notJSON, got: .integer($0.1)) }

    static let notObjects = ["[]", "1", "-1.5", "\"announce\"", "null", "true", " false "].map {
        Malformed($0, .notObject)
    }

    static let missing: [Malformed] = [
        Malformed("{}", .missingField, field: "action"),
        Malformed(#"{"id":5}"#, .missingField, field: "action", id: 5),
        Malformed(#"{"action":"announce","certificates":["a"]}"#, .missingField, field: "id"),
        Malformed(#"{"action":"announce","id":1}"#, .missingField, field: "certificates", id: 1),
        Malformed(#"{"action":"find","urls":["a"]}"#, .missingField, field: "id"),
        Malformed(#"{"action":"find","id":2}"#, .missingField, field: "urls", id: 2),
        Malformed(#"{"action":"find","id":2,"urls":[],"certificates":[]}"#, .missingField, field: "urls", id: 2),
        Malformed(#"{"action":"leave"}"#, .missingField, field: "id"),
        Malformed(#"{"action":"signal","data":1}"#, .missingField, field: "to"),
        Malformed(#"{"action":"signal","to":"\#(peer)"}"#, .missingField, field: "data"),
    ]

    static let duplicates: [Malformed] = [
        Malformed(#"{"action":"leave","id":1,"action":"leave"}"#, .duplicateField, field: "action"),
        Malformed(#"{"action":"leave","id":1,"id":1}"#, .duplicateField, field: "id"),
        Malformed(#"{"action":"leave","id":1,"i\u0064":1}"#, .duplicateField, field: "id"),
        Malformed(#"{"action":"signal","to":"\#(peer)","data":1,"data":null}"#, .duplicateField, field: "data"),
        // A field that this action does not use is known all the same.
        Malformed(#"{"action":"leave","id":1,"urls":[],"urls":[]}"#, .duplicateField, field: "urls"),
    ]

    static let wrongTypes: [Malformed] =
        [("1", "number"), ("null", "null"), ("true", "boolean"), ("[]", "array"), ("{}", "object")].map {
            Malformed(#"{"id":3,"action":\#($0.0)}"#, .wrongType, field: "action", got: .text($0.1), id: 3)
        }
        + [("\"1\"", "text"), ("null", "null"), ("false", "boolean"), ("[1]", "array"), ("{}", "object")].map {
            Malformed(#"{"action":"leave","id":\#($0.0)}"#, .wrongType, field: "id", got: .text($0.1))
        }
        + [("\"a\"", "text"), ("null", "null"), ("1", "number"), ("{}", "object")].flatMap { value, type in
            [
                Malformed(
                    #"{"action":"announce","id":1,"certificates":\#(value)}"#,
                    .wrongType,
                    field: "certificates",
                    got: .text(type),
                    id: 1
                ),
                Malformed(
                    #"{"action":"find","id":1,"urls":\#(value)}"#,
                    .wrongType,
                    field: "urls",
                    got: .text(type),
                    id: 1
                ),
                Malformed(
                    #"{"action":"leave","id":1,"contents":\#(value)}"#,
                    .wrongType,
                    field: "contents",
                    got: .text(type),
                    id: 1
                ),
            ]
        }
        + [
            Malformed(
                #"{"action":"announce","id":1,"certificates":["a","b",7]}"#,
                .wrongType,
                field: "certificates[2]",
                got: .text("number"),
                id: 1
            ),
            Malformed(
                #"{"action":"find","id":1,"urls":[["a"]]}"#,
                .wrongType,
                field: "urls[0]",
                got: .text("array"),
                id: 1
            ),
            Malformed(
                #"{"action":"leave","id":1,"contents":[null]}"#,
                .wrongType,
                field: "contents[0]",
                got: .text("null"),
                id: 1
            ),
            Malformed(
                #"{"action":"find","id":1,"urls":["a"],"peers":"8"}"#,
                .wrongType,
                field: "peers",
                got: .text("text"),
                id: 1
            ),
            Malformed(#"{"action":"signal","to":1,"data":1}"#, .wrongType, field: "to", got: .text("number")),
        ]

    static let badIntegers: [Malformed] =
        ["-0", "-1", "1.0", "1e3", "1E0", "0.5", "9007199254740992", "9223372036854775808", "1e999"].map {
            Malformed(#"{"action":"leave","id":\#($0)}"#, .badValue, field: "id", limit: largest, got: .text($0))
        }
        + ["17", "-1", "1.5"].map {
            Malformed(
                #"{"action":"find","id":6,"urls":["a"],"peers":\#($0)}"#,
                .badValue,
                field: "peers",
                limit: 16,
                got: .text($0),
                id: 6
            )
        }

    static let badValues: [Malformed] =
        ["", "AAAAAAAAAA", "AAAAAAAAAAEA", "AAAAAAAAAAB", "AAAAAAAAA+E", "AAAAAAAAA E", "AAAAAAAAA=="].map {
            Malformed(#"{"action":"signal","to":"\#($0)","data":1}"#, .badValue, field: "to", got: .text($0))
        }
        + [
            "", String(repeating: "A", count: 42), String(repeating: "A", count: 44),
            String(repeating: "A", count: 42) + "B",
        ]
        .map {
            Malformed(
                #"{"action":"leave","id":1,"contents":["\#(Sample.content)","\#($0)"]}"#,
                .badValue,
                field: "contents[1]",
                got: .text($0),
                id: 1
            )
        }
        + [#"\ud800"#, #"\udc00\ud800"#, #"\ud800\u0041"#, #"\ud83dx"#, #"\ud83d\n"#].flatMap {
            [
                Malformed(#"{"id":4,"action":"\#($0)"}"#, .badValue, field: "action", id: 4),
                Malformed(#"{"action":"find","id":4,"urls":["\#($0)"]}"#, .badValue, field: "urls[0]", id: 4),
            ]
        }

    static let unknownActions: [Malformed] = ["", "Announce", "announce ", "welcome", "añnounce"].map {
        Malformed(#"{"action":"\#($0)","id":12}"#, .unknownAction, field: "action", got: .text($0), id: 12)
    }

    static let counts: [Malformed] = [
        Malformed(
            #"{"action":"announce","id":1,"certificates":[]}"#,
            .tooMany,
            field: "certificates",
            limit: 32,
            got: .integer(0),
            id: 1
        ),
        Malformed(
            #"{"action":"find","id":1,"urls":\#(Sample.array(40, of: "\"a\""))}"#,
            .tooMany,
            field: "urls",
            limit: 32,
            got: .integer(40),
            id: 1
        ),
        Malformed(
            #"{"action":"leave","id":1,"contents":[]}"#,
            .tooMany,
            field: "contents",
            limit: 256,
            got: .integer(0),
            id: 1
        ),
    ]

    static let lengths: [Malformed] = [
        Malformed(
            #"{"action":"announce","id":1,"certificates":["a",\#(Sample.quoted(3_000))]}"#,
            .tooLong,
            field: "certificates[1]",
            limit: 2_048,
            got: .integer(3_000),
            id: 1
        ),
        Malformed(
            #"{"action":"signal","to":"\#(peer)","data":\#(Sample.quoted(20_000))}"#,
            .tooLong,
            field: "data",
            limit: 16_384,
            got: .integer(20_002)
        ),
    ]

    static let depths: [Malformed] = ["[", #"{"a":"#].flatMap { open in
        [17, 20_000].map { Malformed(String(repeating: open, count: $0), .tooDeep, limit: 16) }
    }

    static let all: [Malformed] = [
        notJSON, notObjects, missing, duplicates, wrongTypes, badIntegers, badValues, unknownActions, counts, lengths,
        depths,
    ].flatMap { $0 }

    @Test(arguments: all)
    func isRejectedWithItsReason(_ malformed: Malformed) throws {
        let rejection = try #require(ClientMessageDecoder.byDefault.rejection(malformed.text))
        #expect(rejection.error.code == malformed.code)
        #expect(rejection.error.field == malformed.field)
        #expect(rejection.error.limit == malformed.limit)
        #expect(rejection.error.got == malformed.got)
        #expect(rejection.id == malformed.id)
        #expect(!rejection.error.message.isEmpty)
    }

    /// RFC 3629: overlong forms, surrogates, beyond U+10FFFF, lone and missing continuation bytes; at both ends of the 8-byte steps.
    @Test(
        arguments: [
            [0x80], [0xBF], [0xC0, 0x80], [0xC1, 0xBF], [0xC2], [0xC2, 0x41], [0xE0, 0x80, 0x80], [0xE0, 0x9F, 0xBF],
            [0xE1, 0x80], [0xE1, 0x80, 0x41], [0xED, 0xA0, 0x80], [0xED, 0xBF, 0xBF], [0xF0, 0x80, 0x80, 0x80],
            [0xF0, 0x8F, 0xBF, 0xBF], [0xF1, 0x80, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80],
            [0xF8, 0x88, 0x80, 0x80, 0x80], [0xFE], [0xFF],
        ] as [[UInt8]]
    )
    func refusesInvalidUTF8(sequence: [UInt8]) {
        for padding in 0..<10 {
            for end in [[], Array("\"}".utf8)] {
                let start = Array((#"{"action":"leave","id":1,"x":""# + String(repeating: "a", count: padding)).utf8)
                let rejection = ClientMessageDecoder.byDefault.rejection(start + sequence + end)
                #expect(rejection == RejectedMessage(error: ProtocolError(.notUTF8, "The message is not UTF-8.")))
            }
        }
    }

    @Test(
        arguments: [
            [0x7F], [0xC2, 0x80], [0xDF, 0xBF], [0xE0, 0xA0, 0x80], [0xED, 0x9F, 0xBF], [0xEE, 0x80, 0x80],
            [0xEF, 0xBF, 0xBF], [0xF0, 0x90, 0x80, 0x80], [0xF4, 0x8F, 0xBF, 0xBF],
        ] as [[UInt8]]
    )
    func acceptsTheBoundsOfUTF8(sequence: [UInt8]) {
        for padding in 0..<10 {
            let start = Array((#"{"action":"leave","id":1,"x":""# + String(repeating: "a", count: padding)).utf8)
            #expect(ClientMessageDecoder.byDefault.rejection(start + sequence + Array("\"}".utf8)) == nil)
        }
    }

    /// RFC 8259 §7, in every place of the 8-byte steps in which texts are read.
    @Test(arguments: 0..<0x20 as Range<UInt8>)
    func refusesEveryControlCharacterInAText(character: UInt8) {
        let start = Array(#"{"action":"leave","id":1,"x":""#.utf8)
        for place in 0..<20 {
            var text = [UInt8](repeating: UInt8(ascii: "a"), count: 20)
            text[place] = character
            let rejection = ClientMessageDecoder.byDefault.rejection(start + text + Array("\"}".utf8))
            #expect(rejection?.error.code == .notJSON)
            #expect(rejection?.error.got == .integer(start.count + place))
        }
    }

    /// §5: `got` is cut to 64 characters, however many code points a reader would see as one.
    @Test(arguments: [String(repeating: "a", count: 1_000), "e" + String(repeating: "\u{301}", count: 10_000)])
    func repeatsAtMost64CharactersOfWhatCame(action: String) throws {
        let rejection = try #require(ClientMessageDecoder.byDefault.rejection(#"{"action":"\#(action)"}"#))
        guard case .text(let got) = rejection.error.got else {
            Issue.record("\(rejection) repeats nothing")
            return
        }
        #expect(got.unicodeScalars.count == 64)
        #expect(action.unicodeScalars.starts(with: got.unicodeScalars))
    }
}
