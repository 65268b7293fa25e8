import ContentTrust
import Foundation
import NIOCore
import Testing
import TrackerProtocol

/// Messages to clients (Docs/Protocol.md §4, §5), read back by Foundation's parser.
@Suite struct TrackerMessageEncoderTests {
    private static let peer = PeerID(rawValue: 1)
    /// Quotes, a backslash, every control character, and characters of two to four bytes.
    private static let difficult =
        "\"\\/" + String(String.UnicodeScalarView((0..<0x20).compactMap(Unicode.Scalar.init))) + "\u{7F}é€\u{2028}🐟"

    private func content(_ byte: UInt8) throws -> ContentID {
        try #require(ContentID(bytes: [UInt8](repeating: byte, count: 32)))
    }

    /// The object as Foundation reads it; NSDictionary compares deeply.
    private func object(_ message: TrackerMessage) throws -> NSDictionary {
        var buffer = ByteBuffer()
        message.encode(into: &buffer)
        let object = try JSONSerialization.jsonObject(with: Data(buffer.readableBytesView))
        return try #require(object as? NSDictionary)
    }

    @Test func writesWelcome() throws {
        var limits = ProtocolLimits()
        limits.messageSize = 1_024
        let message = TrackerMessage.welcome(peer: Self.peer, limits: limits, ice: ["stun:a", "turn:\"b\""])
        #expect(
            try object(message) == [
                "action": "welcome", "peer": "AAAAAAAAAAE", "ice": ["stun:a", "turn:\"b\""],
                "limits": [
                    "message-size-limit": 1_024, "message-rate-limit": 50, "message-burst-limit": 200,
                    "connection-limit": 10_000, "send-queue-limit": 1_048_576,
                    "announce-limit": 4_096, "introduction-limit": 16, "introduction-memory": 256,
                    "introduction-lifetime": 120, "idle-timeout": 75, "ping-interval": 30,
                ],
            ]
        )
        #expect(try object(.welcome(peer: Self.peer, limits: limits, ice: []))["ice"] as? [String] == [])
    }

    @Test func writesMove() throws {
        #expect(try object(.move(delay: 9_999)) == ["action": "move", "delay": 9_999])
    }

    @Test func writesAnnounced() throws {
        let error = ProtocolError(
            .tooMuchAnnounced,
            Self.difficult,
            field: "certificates[1]",
            limit: 3,
            got: .integer(4)
        )
        let message = TrackerMessage.announced(id: 5, results: [.success(try content(1)), .failure(error)])
        #expect(
            try object(message) == [
                "action": "announced", "id": 5,
                "results": [
                    ["content": try content(1).text],
                    [
                        "code": "too-much-announced", "message": Self.difficult, "field": "certificates[1]", "limit": 3,
                        "got": 4,
                    ],
                ],
            ]
        )
        #expect(try object(.announced(id: 0, results: [])) == ["action": "announced", "id": 0, "results": [Any]()])
    }

    @Test func writesFound() throws {
        let content = try content(2)
        let certificate = IssuedCertificate(text: "a.b.c", layer: "bGF5ZXI")
        let results: [TrackerMessage.FindResult] = [
            .certified(content: content, certificate: certificate, peers: [Self.peer, PeerID(rawValue: .max)]),
            .certified(content: content, certificate: IssuedCertificate(text: "a.b.c", layer: ""), peers: []),
            .certified(content: content, certificate: nil, peers: []),
            .pending(retry: 2),
            .degraded(content: content, certificate: certificate, retry: 3),
            .degraded(content: content, certificate: nil, retry: 4),
            .refused(ProtocolError(.notCertifiable, "no", got: .text(Self.difficult))),
        ]
        #expect(
            try object(.found(id: 9_007_199_254_740_991, results: results)) == [
                "action": "found", "id": 9_007_199_254_740_991,
                "results": [
                    [
                        "content": content.text, "certificate": "a.b.c", "layer": "bGF5ZXI",
                        "peers": ["AAAAAAAAAAE", "__________8"],
                    ],
                    ["content": content.text, "certificate": "a.b.c", "peers": [Any]()],
                    ["content": content.text, "peers": [Any]()],
                    ["status": "pending", "retry": 2],
                    [
                        "status": "degraded", "content": content.text, "certificate": "a.b.c", "layer": "bGF5ZXI",
                        "retry": 3,
                    ],
                    ["status": "degraded", "content": content.text, "retry": 4],
                    ["code": "not-certifiable", "message": "no", "got": Self.difficult],
                ] as [[String: Any]],
            ]
        )
    }

    @Test func writesLeftGoneAndSignal() throws {
        #expect(try object(.left(id: 1, count: 2)) == ["action": "left", "id": 1, "count": 2])
        #expect(try object(.gone(peer: Self.peer)) == ["action": "gone", "peer": "AAAAAAAAAAE"])
        let data = #" {"sdp":"v=0\r\n","n":[1.50,null]} "#
        var buffer = ByteBuffer()
        TrackerMessage.signal(from: Self.peer, data: ByteBuffer(string: data)).encode(into: &buffer)
        #expect(String(buffer: buffer) == #"{"action":"signal","from":"AAAAAAAAAAE","data":\#(data)}"#)
    }

    @Test(arguments: ProtocolError.Code.allCases)
    func writesEveryError(code: ProtocolError.Code) throws {
        let bare = ProtocolError(code, Self.difficult)
        #expect(
            try object(.error(RejectedMessage(error: bare)))
                == ["action": "error", "code": code.rawValue, "message": Self.difficult]
        )
        let full = ProtocolError(code, "m", field: Self.difficult, limit: 0, got: .text(""))
        #expect(
            try object(.error(RejectedMessage(error: full, id: 0)))
                == [
                    "action": "error", "id": 0, "code": code.rawValue, "message": "m", "field": Self.difficult,
                    "limit": 0,
                    "got": "",
                ]
        )
    }

    /// The codes of the table in §5 and no others.
    @Test func hasTheCodesOfTheProtocol() {
        #expect(
            Set(ProtocolError.Code.allCases.map(\.rawValue)) == [
                "not-utf8", "binary-message", "message-too-long", "not-json", "too-deep", "not-object", "missing-field",
                "duplicate-field", "wrong-type", "too-many", "too-long", "bad-value", "unknown-action", "too-fast",
                "not-introduced", "too-much-announced", "bad-certificate", "unknown-key", "certificate-expired",
                "wrong-audience", "not-certifiable", "unavailable",
            ]
        )
    }

    /// A message is written behind what a buffer holds already, as behind the room for a frame's header.
    @Test func writesBehindWhatIsThere() {
        var buffer = ByteBuffer(string: "before")
        TrackerMessage.left(id: 1, count: 0).encode(into: &buffer)
        #expect(String(buffer: buffer) == #"before{"action":"left","id":1,"count":0}"#)
    }

    @Test func writesPeerIDsAsTheyAreRead() throws {
        for raw in [0, 1, .max, 0x0123_4567_89AB_CDEF] as [UInt64] {
            let peer = PeerID(rawValue: raw)
            #expect(peer.text.utf8.count == PeerID.textLength)
            #expect(PeerID(text: peer.text.utf8) == peer)
            #expect(peer.bytes == (0..<8).map { UInt8(truncatingIfNeeded: raw >> (56 - 8 * $0)) })
        }
    }
}
