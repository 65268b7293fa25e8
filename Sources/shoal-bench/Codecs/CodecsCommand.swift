import ArgumentParser
import ContentTrust
import Foundation
import NIOCore
import NIOEmbedded
import NIOFoundationCompat
import NIOWebSocket
import Presence
import TrackerProtocol

/// `shoal-bench codecs`: our own message and frame codecs beside Foundation's JSON and NIO's WebSocket frames.
struct CodecsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "codecs",
        abstract: "Message and frame codecs, and the presence store in memory."
    )

    @Option(help: "Rounds of each measurement; the best one counts.")
    var rounds = 7

    @Option(help: "Operations in a round.")
    var operations = 20_000

    @Flag(help: "Print JSON instead of a table.")
    var json = false

    func run() throws {
        let results = try messages() + frames() + presence()
        guard !json else {
            print(String(decoding: try JSONEncoder().encode(results), as: UTF8.self))
            return
        }
        for result in results {
            let cost = String(format: "%9.0f ns", result.nanosecondsPerOperation)
            print(cost + "  " + result.name)
        }
    }

    // MARK: Messages

    /// The same messages as a general decoder would have them.
    private struct GeneralMessage: Decodable {
        struct Description: Decodable {
            var type: String
            var sdp: String
        }

        var action: String
        var id: Int?
        var urls: [String]?
        var certificates: [String]?
        var contents: [String]?
        var peers: Int?
        var to: String?
        var data: Description?
    }

    private func messages() throws -> [Measurement] {
        let sdp = String(repeating: "a=candidate:1 1 udp 2122260223 192.0.2.1 54321 typ host\\r\\n", count: 22)
        let certificate = String(repeating: "eyJhbGciOiJFUzI1NiJ9", count: 32)
        let cases = [
            (
                "find, 8 URLs",
                #"{"action":"find","id":7,"urls":["#
                    + (0..<8).map { #""https://site.example/images/photo-\#($0).jpg""# }.joined(separator: ",") + "]}"
            ),
            (
                "announce, 4 certificates",
                #"{"action":"announce","id":8,"certificates":["#
                    + (0..<4).map { _ in "\"\(certificate)\"" }.joined(separator: ",") + "]}"
            ),
            (
                "signal, 1.3 KB of SDP",
                #"{"action":"signal","to":"AAAAAAAAAAA","data":{"type":"offer","sdp":"\#(sdp)"}}"#
            ),
        ]
        let decoder = ClientMessageDecoder(limits: ProtocolLimits())
        let general = JSONDecoder()
        return try cases.flatMap { name, text in
            let buffer = ByteBuffer(string: text)
            return [
                try measure("decode \(name), ours", rounds: rounds, operations: operations) {
                    _ = try decoder.decode(buffer)
                },
                try measure("decode \(name), JSONDecoder", rounds: rounds, operations: operations) {
                    _ = try general.decode(GeneralMessage.self, from: buffer)
                },
            ]
        }
    }

    // MARK: Frames

    private func frames() throws -> [Measurement] {
        let payload = ByteBuffer(repeating: UInt8(ascii: "x"), count: 512)
        let frame = WebSocketFrame(fin: true, opcode: .text, maskKey: [1, 2, 3, 4], data: payload)
        let source = EmbeddedChannel(handler: WebSocketFrameEncoder())
        try source.writeOutbound(frame)
        var bytes = ByteBuffer()
        while var part = try source.readOutbound(as: ByteBuffer.self) { bytes.writeBuffer(&part) }
        _ = try source.finish()

        let ours = EmbeddedChannel(handler: DecodingHandler())
        let theirs = EmbeddedChannel(handler: ByteToMessageHandler(WebSocketFrameDecoder(maxFrameSize: 65_536)))
        defer {
            _ = try? ours.finish()
            _ = try? theirs.finish()
        }
        // Each round gets bytes of its own, as from a socket: what is unmasked in place cannot be used twice.
        return [
            try measure("read a frame of 512 bytes and unmask it, ours", rounds: rounds, operations: operations) {
                try ours.writeInbound(ByteBuffer(bytes: bytes.readableBytesView))
                _ = try ours.readInbound(as: ByteBuffer.self)
            },
            try measure("read a frame of 512 bytes and unmask it, NIOWebSocket", rounds: rounds, operations: operations)
            {
                try theirs.writeInbound(ByteBuffer(bytes: bytes.readableBytesView))
                _ = try theirs.readInbound(as: WebSocketFrame.self)?.unmaskedData
            },
        ]
    }

    /// Our decoder in a pipeline, as NIO's is.
    private final class DecodingHandler: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias InboundOut = ByteBuffer

        private var decoder = WebSocketDecoder(messageSizeLimit: 65_536, oversizeFactor: 16)

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            decoder.append(unwrapInboundIn(data))
            while case .message(let message)? = try? decoder.next() {
                context.fireChannelRead(wrapInboundOut(message.payload))
            }
        }
    }

    // MARK: Presence

    private func presence() -> [Measurement] {
        var random = SplitMix64(seed: 1)
        let contents = (0..<100).compactMap { index in
            ContentID(bytes: (0..<32).map { UInt8(truncatingIfNeeded: index &* 31 &+ $0) })
        }
        var presence = MemoryPresence()
        let peers = 100_000
        for peer in 0..<peers {
            let address = PeerAddress(node: 1, peer: UInt64(peer))
            _ = presence.perform(.add(contents[0], address), using: &random)
            _ = presence.perform(.add(contents[peer % contents.count], address), using: &random)
        }
        let stranger = PeerAddress(node: 2, peer: 0)
        return [
            measure("find 8 peers in a swarm of \(peers), in memory", rounds: rounds, operations: operations) {
                _ = presence.perform(.find(contents[0], limit: 8, excluded: stranger), using: &random)
            },
            measure("add and remove a peer in a swarm of \(peers), in memory", rounds: rounds, operations: operations) {
                _ = presence.perform(.add(contents[0], stranger), using: &random)
                _ = presence.perform(.remove(contents[0], stranger), using: &random)
            },
        ]
    }
}
