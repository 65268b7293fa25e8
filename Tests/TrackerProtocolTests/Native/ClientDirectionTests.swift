import ContentTrust
import Foundation
import NIOCore
import Presence
import TestSupport
import Testing
import TrackerProtocol

/// The messages as a client writes and reads them, against the tracker's own reader and writer and Foundation's.
@Suite struct ClientDirectionTests {
    private static let content = ContentID(bytes: (0..<32).map { $0 &* 7 })
    private static let error = ProtocolError(
        .tooLong,
        "\u{1F41F} \"quoted\" \\ \u{1}",
        field: "urls[3]",
        limit: 7,
        got: .text("é")
    )

    private static var clientMessages: [ClientMessage] {
        get throws {
            let content = try #require(content)
            return [
                .announce(id: 0, certificates: ["a.b.c"]),
                .announce(id: 9_007_199_254_740_991, certificates: ["a.b.c", "\"\n\u{1F41F}"]),
                .find(id: 1, .init(urls: ["https://a.example/b"], certificates: [], peers: 0)),
                .find(id: 2, .init(urls: [], certificates: ["x.y.z"], peers: 16)),
                .find(id: 3, .init(urls: ["https://a.example/b"], certificates: ["x.y.z", ""], peers: 8)),
                .leave(id: 4, contents: nil),
                .leave(id: 5, contents: [content, content]),
                .signal(to: PeerID(rawValue: .max), data: ByteBuffer(string: #"{"a":[1,"\u00e9"]}"#)),
            ]
        }
    }

    @Test func trackersReadWhatClientsWrite() throws {
        for message in try Self.clientMessages {
            var buffer = ByteBuffer()
            message.encode(into: &buffer)
            #expect(try ClientMessageDecoder.byDefault.decode(buffer) == message)
        }
    }

    private static var trackerMessages: [TrackerMessage] {
        get throws {
            let content = try #require(content)
            var limits = ProtocolLimits()
            limits.messageSize = 1_024
            limits.connections = 12
            limits.pingInterval = 3
            let issued = IssuedCertificate(text: "a.b.c", layer: "bGF5ZXI")
            return [
                .welcome(peer: PeerID(rawValue: 1), limits: limits, ice: []),
                .welcome(peer: PeerID(rawValue: 2), limits: ProtocolLimits(), ice: ["stun:a", "stun:\"b\""]),
                .announced(id: 1, results: []),
                .announced(id: 2, results: [.success(content), .failure(error), .success(content)]),
                .found(
                    id: 3,
                    results: [
                        .certified(content: content, certificate: nil, peers: []),
                        .certified(content: content, certificate: issued, peers: [PeerID(rawValue: .max)]),
                        .certified(
                            content: content,
                            certificate: IssuedCertificate(text: "a", layer: ""),
                            peers: (0..<64).map { PeerID(rawValue: $0) }
                        ),
                        .pending(retry: 0), .degraded(content: content, certificate: nil, retry: 3),
                        .degraded(content: content, certificate: issued, retry: 4), .refused(error),
                    ]
                ),
                .left(id: 4, count: 7), .signal(from: PeerID(rawValue: 5), data: ByteBuffer(string: "[1, {}]")),
                .gone(peer: PeerID(rawValue: 6)), .error(RejectedMessage(error: error)),
                .error(RejectedMessage(error: ProtocolError(.notJSON, "no", got: .integer(3)), id: 9)),
                .move(delay: 2_500),
            ]
        }
    }

    @Test func clientsReadWhatTrackersWrite() throws {
        for message in try Self.trackerMessages {
            var buffer = ByteBuffer()
            message.encode(into: &buffer)
            #expect(try TrackerMessage.decode(buffer) == message)
        }
    }

    /// Another writer orders, escapes and spaces differently, and newer trackers say more.
    @Test func clientsReadWhatOthersWrite() throws {
        for message in try Self.trackerMessages {
            if case .signal = message { continue }
            var buffer = ByteBuffer()
            message.encode(into: &buffer)
            let parsed = try JSONSerialization.jsonObject(with: Data(buffer.readableBytesView))
            var object = try #require(parsed as? [String: Any])
            object["newer"] = [["deep": NSNull()], true]
            let rewritten = try JSONSerialization.data(withJSONObject: object, options: [.prettyPrinted, .sortedKeys])
            #expect(try TrackerMessage.decode(ByteBuffer(bytes: rewritten)) == message)
        }
    }

    @Test func unknownActionsAreNotErrors() throws {
        #expect(try TrackerMessage.decode(ByteBuffer(string: #"{"action":"tomorrow","peer":1}"#)) == nil)
    }

    @Test(arguments: [
        "", "[]", "{", #"{"action":1}"#, "{}", #"{"action":"gone"}"#, #"{"action":"gone","peer":"AAAAAAAAAA"}"#,
        #"{"action":"gone","peer":"AAAAAAAAAAE","peer":"AAAAAAAAAAE"}"#, #"{"action":"left","id":-1,"count":0}"#,
        #"{"action":"left","id":1.5,"count":0}"#, #"{"action":"left","id":1}"#,
        #"{"action":"found","id":1,"results":[1]}"#, #"{"action":"found","id":1,"results":[{}]}"#,
        #"{"action":"found","id":1,"results":[{"status":"new","content":"x"}]}"#,
        #"{"action":"announced","id":1,"results":[{"code":"unheard-of","message":"m"}]}"#,
        #"{"action":"announced","id":1,"results":{}}"#, #"{"action":"signal","from":"AAAAAAAAAAE"}"#,
    ])
    func badMessagesAreRefused(text: String) {
        #expect(throws: TrackerMessage.Malformed.self) { try TrackerMessage.decode(ByteBuffer(string: text)) }
    }

    /// Any damage is an error or another message, never a trap.
    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    func damagedMessagesDoNoHarm(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        var refused = 0
        for message in try Self.trackerMessages {
            var buffer = ByteBuffer()
            message.encode(into: &buffer)
            for _ in 0..<50 {
                var bytes = Array(buffer: buffer)
                bytes[Int.random(in: bytes.indices, using: &random)] = UInt8.random(in: 0...255, using: &random)
                if random.oneIn(2) { bytes.removeLast(Int.random(in: 0...bytes.count, using: &random)) }
                do { _ = try TrackerMessage.decode(ByteBuffer(bytes: bytes)) } catch { refused += 1 }
            }
        }
        #expect(refused > 100)
    }
}
