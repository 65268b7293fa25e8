import NIOCore
import Presence
import TestSupport
import Testing

@testable import RedisClient

@Suite("RESPReader")
struct RESPReaderTests {
    /// Examples of https://redis.io/docs/latest/develop/reference/protocol-spec/, and their edges.
    static let vectors: [(text: String, reply: ReplyCopy)] = [
        ("+OK\r\n", .status("OK")),
        ("+\r\n", .status("")),
        ("-ERR unknown command 'asdf'\r\n", .error("ERR unknown command 'asdf'")),
        (":0\r\n", .integer(0)),
        (":-1\r\n", .integer(-1)),
        (":9223372036854775807\r\n", .integer(.max)),
        (":-9223372036854775808\r\n", .integer(.min)),
        ("$5\r\nhello\r\n", .bulk("hello")),
        ("$0\r\n\r\n", .bulk("")),
        ("$4\r\n\r\n\r\n\r\n", .bulk("\r\n\r\n")),
        ("$-1\r\n", .null),
        ("*0\r\n", .array([])),
        ("*-1\r\n", .null),
        ("*2\r\n$5\r\nhello\r\n$5\r\nworld\r\n", .array([.bulk("hello"), .bulk("world")])),
        ("*3\r\n$5\r\nhello\r\n$-1\r\n$5\r\nworld\r\n", .array([.bulk("hello"), .null, .bulk("world")])),
        (
            "*2\r\n*3\r\n:1\r\n:2\r\n:3\r\n*2\r\n+Hello\r\n-World\r\n",
            .array([.array([.integer(1), .integer(2), .integer(3)]), .array([.status("Hello"), .error("World")])])
        ),
        ("*3\r\n*1\r\n*0\r\n*-1\r\n:7\r\n", .array([.array([.array([])]), .null, .integer(7)])),
    ]

    @Test("Known replies", arguments: vectors.indices)
    func knownReply(_ index: Int) throws {
        let (text, reply) = Self.vectors[index]
        #expect(try replies(in: [text]) == [reply])
    }

    @Test("A reply is the same wherever the bytes are cut in two")
    func everyCut() throws {
        let all = Self.vectors.map(\.text).joined()
        let expected = Self.vectors.map(\.reply)
        let bytes = Array(all.utf8)
        for cut in 0...bytes.count {
            #expect(try replies(in: [Array(bytes[..<cut]), Array(bytes[cut...])]) == expected, "cut at \(cut)")
        }
        #expect(try replies(in: bytes.map { [$0] }) == expected)
    }

    @Test("Random replies are read back from random pieces")
    func randomReplies() throws {
        var random = SplitMix64(seed: 7)
        for round in 0..<200 {
            let expected = (0..<Int.random(in: 1...20, using: &random)).map { _ in
                ReplyCopy.random(depth: 3, using: &random)
            }
            var rest = expected.flatMap(\.encoded)[...]
            var pieces: [[UInt8]] = []
            while !rest.isEmpty {
                let piece = rest.prefix(Int.random(in: 1...200, using: &random))
                pieces.append(Array(piece))
                rest = rest.dropFirst(piece.count)
            }
            #expect(try replies(in: pieces) == expected, "round \(round)")
        }
    }

    @Test("What is larger than a feed comes whole, and its memory is given back")
    func large() throws {
        let long = ReplyCopy.bulk((0..<1_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) })
        let many = ReplyCopy.array((0..<50_000).map { .integer($0) })
        #expect(try replies(in: [long.encoded + many.encoded + ReplyCopy.null.encoded]) == [long, many, .null])
        var arena = RESPArena(limits: RESPLimits())
        for value in 0..<50_000 { _ = arena.append(.integer, integer: value) }
        arena.clear()
        #expect(arena.values.capacity <= RESPArena.keptValues)
    }

    @Test("Elements are lent one by one and by their place")
    func elements() throws {
        try withReply("*4\r\n:1\r\n*2\r\n:2\r\n*1\r\n:3\r\n$1\r\n4\r\n$-1\r\n") { reply in
            #expect(reply.elementCount == 4)
            #expect(reply.withElement(0) { $0.integer } == 1)
            #expect(reply.withElement(1) { $0.elementCount } == 2)
            #expect(reply.withElement(1) { $0.withElement(1) { $0.withElement(0) { $0.integer } } } == 3)
            #expect(reply.withElement(2) { $0.buffer } == ByteBuffer(string: "4"))
            #expect(reply.withElement(2) { $0.withBytes { Array($0) } } == [UInt8(ascii: "4")])
            #expect(reply.withElement(3) { $0.kind } == .null)
            #expect(reply.withElement(4) { $0.kind } == nil)
            #expect(reply.withElement(-1) { $0.kind } == nil)
            #expect(reply.string == nil && reply.bytes == nil && reply.buffer == nil && reply.integer == nil)
        }
    }

    @Test(
        "What is not RESP2 ends the reading for good",
        arguments: [
            "HTTP/1.1 400 Bad Request\r\n", "!5\r\nhello\r\n", ":12a\r\n", ":9223372036854775808\r\n", "$-2\r\n",
            "$five\r\n", "*-2\r\n", "*2147483648\r\n", "%1\r\n+a\r\n:1\r\n",
        ]
    )
    func malformed(_ text: String) {
        var reader = RESPReader()
        let error = #expect(throws: RESPViolation.self) { try reader.read(ByteBuffer(string: text)) { _ in } }
        guard let error, case .malformed(let reason) = error else {
            Issue.record("\(text) gave \(String(describing: error))")
            return
        }
        #expect(!reason.isEmpty)
        var replies = 0
        #expect(throws: error) { try reader.read(ByteBuffer(string: "+OK\r\n")) { _ in replies += 1 } }
        #expect(replies == 0)
    }

    @Test("Strings up to the limit of bytes, and none above")
    func byteLimit() throws {
        let limits = RESPLimits(bytes: 20_000)
        let accepted = ReplyCopy.bulk([UInt8](repeating: 1, count: 20_000))
        #expect(try replies(in: [accepted.encoded], limits: limits) == [accepted])
        #expect(try replies(in: [accepted.encoded + accepted.encoded], limits: limits) == [accepted, accepted])
        let refused = ReplyCopy.bulk([UInt8](repeating: 1, count: 20_001))
        let violation = RESPViolation.tooManyBytes(limit: 20_000)
        #expect(throws: violation) { try replies(in: [refused.encoded], limits: limits) }
        let halves = ReplyCopy.array([
            .bulk([UInt8](repeating: 1, count: 10_000)), .status(String(repeating: "a", count: 10_001)),
        ])
        #expect(throws: violation) { try replies(in: [halves.encoded], limits: limits) }
    }

    @Test(
        "A string or a line that never ends is given up at the limit, not when memory ends",
        arguments: ["$9000000000000\r\n", "+"]
    )
    func endless(_ start: String) throws {
        var reader = RESPReader(limits: RESPLimits(bytes: 100_000))
        try reader.read(ByteBuffer(string: start)) { _ in }
        let piece = ByteBuffer(repeating: UInt8(ascii: "a"), count: 1_000)
        var fed = 0
        #expect(throws: RESPViolation.tooManyBytes(limit: 100_000)) {
            while fed < 1_000_000 {
                try reader.read(piece) { _ in }
                fed += piece.readableBytes
            }
        }
        #expect(fed <= 100_000 + RESPReader.feedSize)
    }

    @Test("An array may announce as many values as the limit, together with the arrays in it")
    func valueLimit() throws {
        let limits = RESPLimits(values: 100)
        let accepted = ReplyCopy.array((0..<98).map { .integer($0) } + [.array([.null]), .null])
        #expect(throws: RESPViolation.tooManyValues(101, limit: 100)) {
            try replies(in: [accepted.encoded], limits: limits)
        }
        let exact = ReplyCopy.array((0..<98).map { .integer($0) } + [.array([.null])])
        #expect(try replies(in: [exact.encoded, exact.encoded], limits: limits) == [exact, exact])
        // At once, before anything is reserved for them.
        #expect(throws: RESPViolation.tooManyValues(2_000_000_000, limit: 100)) {
            try replies(in: ["*2000000000\r\n"], limits: limits)
        }
    }

    @Test("Arrays as deep as the limit, and no deeper", arguments: [0, 1, 4, RESPLimits.deepest])
    func depthLimit(_ depth: Int) throws {
        func nested(_ depth: Int) -> ReplyCopy { depth == 0 ? .integer(1) : .array([nested(depth - 1)]) }
        let limits = RESPLimits(depth: depth)
        #expect(try replies(in: [nested(depth).encoded], limits: limits) == [nested(depth)])
        #expect(throws: RESPViolation.tooDeep(limit: depth)) {
            try replies(in: [nested(depth + 1).encoded], limits: limits)
        }
        #expect(RESPLimits(depth: 100).depth == RESPLimits.deepest)
    }

    @Test("Damaged streams give replies or an error, and nothing else")
    func damaged() throws {
        var random = SplitMix64(seed: 11)
        var violations = 0
        for _ in 0..<3_000 {
            var bytes = (0..<3).flatMap { _ in ReplyCopy.random(depth: 3, using: &random).encoded }
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                bytes[Int.random(in: bytes.indices, using: &random)] =
                    "$*:+-0123456789\r\n".utf8.randomElement(using: &random) ?? 0
            }
            do {
                _ = try replies(in: bytes.map { [$0] }, limits: RESPLimits(bytes: 10_000, values: 1_000))
            } catch {
                #expect(error is RESPViolation)
                violations += 1
            }
        }
        #expect(violations > 500)
    }

    // MARK: Helpers

    private func replies(in pieces: [String], limits: RESPLimits = RESPLimits()) throws -> [ReplyCopy] {
        try replies(in: pieces.map { Array($0.utf8) }, limits: limits)
    }

    private func replies(in pieces: [[UInt8]], limits: RESPLimits = RESPLimits()) throws -> [ReplyCopy] {
        var reader = RESPReader(limits: limits)
        var replies: [ReplyCopy] = []
        for piece in pieces { try reader.read(ByteBuffer(bytes: piece)) { replies.append(ReplyCopy($0)) } }
        return replies
    }
}
