import ContentTrust
import NIOCore
import Testing
import TrackerProtocol

/// Well-formed messages (Docs/Protocol.md §1, §3), up to exactly their limits.
@Suite struct ClientMessageDecoderTests {
    private let decoder = ClientMessageDecoder.byDefault

    @Test func readsEachAction() throws {
        let content = try #require(ContentID(text: Sample.content))
        #expect(
            try decoder.decode(#"{"action":"announce","id":7,"certificates":["a","b"]}"#)
                == .announce(id: 7, certificates: ["a", "b"])
        )
        #expect(
            try decoder.decode(#"{"action":"find","id":8,"urls":["u"],"certificates":["c"],"peers":3}"#)
                == .find(id: 8, ClientMessage.Find(urls: ["u"], certificates: ["c"], peers: 3))
        )
        #expect(try decoder.decode(#"{"action":"leave","id":9}"#) == .leave(id: 9, contents: nil))
        #expect(
            try decoder.decode(#"{"action":"leave","id":9,"contents":["\#(Sample.content)"]}"#)
                == .leave(id: 9, contents: [content])
        )
        #expect(
            try decoder.decode(#"{"action":"signal","to":"\#(Sample.peer)","data":{"a":1}}"#)
                == .signal(to: PeerID(rawValue: 1), data: ByteBuffer(string: #"{"a":1}"#))
        )
    }

    /// `peers` is 8 by default, but never more than the operator allows.
    @Test(arguments: [(16, 8), (8, 8), (5, 5), (1, 1)])
    func wantsEightPeersUnlessTold(limit: Int, wanted: Int) throws {
        var limits = ProtocolLimits()
        limits.introductions = limit
        #expect(
            try ClientMessageDecoder(limits: limits).decode(#"{"action":"find","id":1,"urls":["u"]}"#)
                == .find(id: 1, ClientMessage.Find(urls: ["u"], certificates: [], peers: wanted))
        )
    }

    @Test func ignoresFieldsThatItDoesNotKnow() throws {
        let text = #"{"x":1,"action":"leave","y":{"action":"find","id":2},"id":1,"x":2,"Action":3,"":null,"\ud800":0}"#
        #expect(try decoder.decode(text) == .leave(id: 1, contents: nil))
    }

    @Test func readsEscapesInNamesAndTexts() throws {
        let text = #"{"\u0061ction":"\u006ceave","i\u0064":1}"#
        #expect(try decoder.decode(text) == .leave(id: 1, contents: nil))
        let escapes =
            #"{"action":"announce","id":1,"certificates":["\"\\\/\b\f\n\r\t\u0000\u00e9\u20AC\ud83d\ude00","é€😀"]}"#
        #expect(
            try decoder.decode(escapes)
                == .announce(id: 1, certificates: ["\"\\/\u{8}\u{c}\n\r\t\0é€😀", "é€😀"])
        )
    }

    @Test func takesWhiteSpaceAnywhereBetweenTokens() throws {
        let text = " \t\r\n{ \n\"action\" : \"find\" ,\t\"id\"\r:\n1 , \"urls\" : [ \"a\" , \"b\" ] } \n"
        #expect(
            try decoder.decode(text) == .find(id: 1, ClientMessage.Find(urls: ["a", "b"], certificates: [], peers: 8))
        )
    }

    /// §3.4: the tracker passes `data` on as it stands, byte for byte.
    @Test(arguments: [
        "null", "0", "-0.50E+2", #""""#, #""\u0041\/""#, "[ 1,2 ]", "{ \"b\" : 1, \"a\":2, \"a\" : 3 }", "\"é😀\"",
    ])
    func keepsDataByteForByte(data: String) throws {
        for text in [
            #"{"action":"signal","data":\#(data),"to":"\#(Sample.peer)"}"#,
            #"{"action":"signal","to":"\#(Sample.peer)","data": \#(data) }"#,
        ] {
            // Behind other bytes of the same storage, as in a buffer from a socket.
            var buffer = ByteBuffer(string: "before")
            buffer.writeString(text)
            buffer.moveReaderIndex(forwardBy: 6)
            #expect(try decoder.decode(buffer) == .signal(to: PeerID(rawValue: 1), data: ByteBuffer(string: data)))
        }
    }

    // MARK: Exactly the limit, and one more

    private func expect(
        _ text: String,
        isAccepted: Bool,
        code: ProtocolError.Code,
        limit: Int?,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let rejection = decoder.rejection(text)
        #expect((rejection == nil) == isAccepted, sourceLocation: sourceLocation)
        #expect(rejection?.error.code == (isAccepted ? nil : code), sourceLocation: sourceLocation)
        #expect(rejection?.error.limit == (isAccepted ? nil : limit), sourceLocation: sourceLocation)
    }

    @Test(arguments: [(0, false), (1, true), (32, true), (33, false)])
    func takesOneTo32CertificatesToAnnounce(count: Int, isAccepted: Bool) {
        let text = #"{"action":"announce","id":1,"certificates":\#(Sample.array(count, of: "\"a\""))}"#
        expect(text, isAccepted: isAccepted, code: .tooMany, limit: 32)
    }

    @Test(arguments: ["urls", "certificates"], [(1, true), (32, true), (33, false)])
    func takesUpTo32EntriesToFind(field: String, bound: (count: Int, isAccepted: Bool)) {
        let text = #"{"action":"find","id":1,"\#(field)":\#(Sample.array(bound.count, of: "\"a\""))}"#
        expect(text, isAccepted: bound.isAccepted, code: .tooMany, limit: 32)
    }

    @Test func takes32OfBothTogether() {
        let entries = Sample.array(32, of: "\"a\"")
        expect(
            #"{"action":"find","id":1,"urls":\#(entries),"certificates":\#(entries)}"#,
            isAccepted: true,
            code: .tooMany,
            limit: 32
        )
    }

    @Test(arguments: [(0, false), (1, true), (256, true), (257, false)])
    func takesOneTo256ContentsToLeave(count: Int, isAccepted: Bool) {
        let entries = Sample.array(count, of: "\"\(Sample.content)\"")
        expect(
            #"{"action":"leave","id":1,"contents":\#(entries)}"#,
            isAccepted: isAccepted,
            code: .tooMany,
            limit: 256
        )
    }

    @Test(arguments: [(2_048, true), (2_049, false)])
    func takesTextsOf2048Bytes(size: Int, isAccepted: Bool) {
        let texts = [Sample.quoted(size), "\"" + String(repeating: "\\u0061", count: size) + "\""]
        for text in texts {
            expect(
                #"{"action":"announce","id":1,"certificates":[\#(text)]}"#,
                isAccepted: isAccepted,
                code: .tooLong,
                limit: 2_048
            )
            expect(
                #"{"action":"find","id":1,"urls":["a",\#(text)]}"#,
                isAccepted: isAccepted,
                code: .tooLong,
                limit: 2_048
            )
        }
    }

    /// Bytes, not characters.
    @Test func measuresTextsInBytes() {
        expect(
            #"{"action":"find","id":1,"urls":[\#(Sample.quoted(1_025, "é"))]}"#,
            isAccepted: false,
            code: .tooLong,
            limit: 2_048
        )
    }

    @Test(arguments: [(16_384, true), (16_385, false)])
    func takesDataOf16KiB(size: Int, isAccepted: Bool) {
        expect(
            #"{"action":"signal","to":"\#(Sample.peer)","data":  \#(Sample.quoted(size - 2))  }"#,
            isAccepted: isAccepted,
            code: .tooLong,
            limit: 16_384
        )
    }

    @Test(arguments: [("0", true), ("16", true), ("17", false)])
    func takesUpToTheIntroductionLimit(peers: String, isAccepted: Bool) {
        expect(
            #"{"action":"find","id":1,"urls":["a"],"peers":\#(peers)}"#,
            isAccepted: isAccepted,
            code: .badValue,
            limit: 16
        )
    }

    @Test(arguments: [("0", true), ("9007199254740991", true), ("9007199254740992", false)])
    func takesIntegersUpTo53Bits(id: String, isAccepted: Bool) {
        expect(
            #"{"action":"leave","id":\#(id)}"#,
            isAccepted: isAccepted,
            code: .badValue,
            limit: 9_007_199_254_740_991
        )
    }

    /// The message itself is the first level.
    @Test(arguments: [(15, true), (16, false)], [("[", "]"), (#"{"a":"#, "}")])
    func takesNestingOf16(bound: (levels: Int, isAccepted: Bool), brackets: (open: String, close: String)) {
        let nested =
            String(repeating: brackets.open, count: bound.levels) + (brackets.open == "[" ? "" : "1")
            + String(repeating: brackets.close, count: bound.levels)
        let text = #"{"action":"signal","to":"\#(Sample.peer)","data":\#(nested)}"#
        expect(text, isAccepted: bound.isAccepted, code: .tooDeep, limit: 16)
    }
}
