import NIOCore
import NIOEmbedded
import NIOWebSocket
import Presence
import TestSupport
import Testing
import TrackerProtocol

/// The codec beside NIOWebSocket's, an independent implementation of RFC 6455.
@Suite struct WebSocketDifferentialTests {
    /// Messages, cut into frames at random with control frames in between, and what a decoder must make of them.
    private struct Conversation {
        var frames: [WebSocketFrame] = []
        var events: [WebSocketDecoder.Event] = []

        private let isMasked: Bool

        /// - Parameter isMasked: whether a client sends it.
        init(isMasked: Bool = true, using random: inout SplitMix64) {
            self.isMasked = isMasked
            for _ in 0..<Int.random(in: 1...6, using: &random) { addMessage(using: &random) }
            if random.oneIn(3) {
                add(.connectionClose, [0x03, 0xE8] + random.bytes(.random(in: 0...123, using: &random)), &random)
                events.append(.close(code: 1000))
            }
        }

        private mutating func add(
            _ opcode: NIOWebSocket.WebSocketOpcode,
            _ payload: [UInt8],
            isFinal: Bool = true,
            _ random: inout SplitMix64
        ) {
            frames.append(
                WebSocketFrame(
                    fin: isFinal,
                    opcode: opcode,
                    maskKey: isMasked ? .random(using: &random) : nil,
                    data: ByteBuffer(bytes: payload)
                )
            )
        }

        private mutating func addMessage(using random: inout SplitMix64) {
            let sizes = [0, 1, 7, 8, 9, 125, 126, 127, 128, 999, 65_535, 65_536]
            let exact = sizes.randomElement(using: &random) ?? 0
            let payload = random.bytes(random.oneIn(2) ? exact : Int.random(in: 0...3_000, using: &random))
            let isText = random.oneIn(2)
            var rest = payload[...]
            var isFirst = true
            while isFirst || !rest.isEmpty {
                addControlFrames(using: &random)
                let fragment =
                    random.oneIn(2) ? rest : rest.prefix(Int.random(in: 0...max(1, rest.count), using: &random))
                rest = rest.dropFirst(fragment.count)
                let opcode: NIOWebSocket.WebSocketOpcode = !isFirst ? .continuation : isText ? .text : .binary
                add(opcode, Array(fragment), isFinal: rest.isEmpty, &random)
                isFirst = false
            }
            events.append(isText ? .text(payload) : .binary(payload))
        }

        private mutating func addControlFrames(using random: inout SplitMix64) {
            while random.oneIn(4) {
                let payload = random.bytes(Int.random(in: 0...125, using: &random))
                let isPing = random.oneIn(2)
                add(isPing ? .ping : .pong, payload, &random)
                events.append(isPing ? .ping(ByteBuffer(bytes: payload)) : .pong)
            }
        }

        /// The byte stream, written by NIO.
        var bytes: [UInt8] {
            get throws {
                let channel = EmbeddedChannel(handler: WebSocketFrameEncoder())
                for frame in frames { try channel.writeOutbound(frame) }
                var stream = ByteBuffer()
                while var part = try channel.readOutbound(as: ByteBuffer.self) { stream.writeBuffer(&part) }
                _ = try channel.finish()
                return Array(buffer: stream)
            }
        }
    }

    @Test(arguments: 1...40 as ClosedRange<UInt64>)
    func readsWhatNIOWritesHoweverItIsChunked(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let conversation = Conversation(using: &random)
        for chunks in chunkings(of: try conversation.bytes, using: &random) {
            var decoder = WebSocketDecoder(messageSizeLimit: 65_536, oversizeFactor: 16)
            #expect(decoder.decode(chunks: chunks) == Decoded(events: conversation.events))
        }
    }

    @Test(arguments: 41...60 as ClosedRange<UInt64>)
    func readsOnTheClientsSideWhatNIOWrites(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let conversation = Conversation(isMasked: false, using: &random)
        for chunks in chunkings(of: try conversation.bytes, using: &random) {
            var decoder = WebSocketDecoder(role: .client, messageSizeLimit: 65_536, oversizeFactor: 16)
            #expect(decoder.decode(chunks: chunks) == Decoded(events: conversation.events))
        }
    }

    /// RFC 6455 §5.1: a masked frame from a server ends the connection, as does an unmasked one from a client.
    @Test(arguments: [(WebSocketRole.server, false), (.client, true)])
    func refusesTheMaskingOfTheWrongSide(role: WebSocketRole, isMasked: Bool) {
        var decoder = WebSocketDecoder(role: role, messageSizeLimit: 1_000, oversizeFactor: 16)
        var frame = ClientFrame.text("hello")
        if !isMasked { frame.mask = nil }
        guard case .framing? = decoder.decode(frame.bytes).violation else {
            Issue.record("the frame was accepted")
            return
        }
    }

    /// Writes frames with the codec and reads them with NIO's decoder.
    private func readByNIO(_ buffers: [ByteBuffer]) throws -> [WebSocketFrame] {
        let channel = EmbeddedChannel(handler: ByteToMessageHandler(WebSocketFrameDecoder(maxFrameSize: 1 << 20)))
        for buffer in buffers { try channel.writeInbound(buffer) }
        var frames: [WebSocketFrame] = []
        while let frame = try channel.readInbound(as: WebSocketFrame.self) { frames.append(frame) }
        _ = try channel.finish()
        return frames
    }

    private static let opcodes: [(ours: TrackerProtocol.WebSocketOpcode, nio: NIOWebSocket.WebSocketOpcode)] = [
        (.continuation, .continuation), (.text, .text), (.binary, .binary), (.ping, .ping), (.pong, .pong),
        (.close, .connectionClose),
    ]

    @Test(arguments: [0, 1, 124, 125, 126, 127, 128, 255, 256, 65_534, 65_535, 65_536, 65_537, 200_000])
    func writesWhatNIOReads(size: Int) throws {
        for (ours, nio) in Self.opcodes where size <= 125 || !ours.isControlFrame {
            let payload = ClientFrame.filling(size)
            let allocator = ByteBufferAllocator()
            // Two in a row: the end of the first is where the second begins.
            let written = [16, 100_000].map { capacity in
                WebSocketEncoder.frame(ours, allocator: allocator, capacity: capacity) { $0.writeBytes(payload) }
            }
            let frames = try readByNIO(written)
            #expect(frames.count == 2)
            for frame in frames {
                #expect(frame.opcode == nio)
                #expect(frame.fin)
                #expect(frame.maskKey == nil)
                #expect(frame.reservedBits.isEmpty)
                #expect(Array(buffer: frame.data) == payload)
            }
        }
    }

    @Test(arguments: [0, 1, 7, 8, 9, 124, 125, 126, 127, 65_535, 65_536, 200_000])
    func masksAsNIOUnmasks(size: Int) throws {
        let payload = ClientFrame.filling(size)
        let masks: [UInt32] = [0, 0x37FA_213D, .max]
        let written = masks.map { mask in
            WebSocketEncoder.frame(.text, mask: mask, allocator: ByteBufferAllocator()) { $0.writeBytes(payload) }
        }
        let frames = try readByNIO(written)
        #expect(
            frames.map(\.maskKey)
                == masks.map { mask in
                    WebSocketMaskingKey((0..<4).map { UInt8(truncatingIfNeeded: mask >> (24 - 8 * $0)) })
                }
        )
        for frame in frames { #expect(Array(buffer: frame.unmaskedData) == payload) }
    }

    /// A close frame holds the code and as much of the reason as a control frame has room for, cut between characters.
    @Test(arguments: [
        ("", ""), ("going away", "going away"),
        (String(repeating: "a", count: 123), String(repeating: "a", count: 123)),
        (String(repeating: "a", count: 124), String(repeating: "a", count: 123)),
        (String(repeating: "a", count: 122) + "é", String(repeating: "a", count: 122)),
        (String(repeating: "🐟", count: 40), String(repeating: "🐟", count: 30)),
    ])
    func writesCloseFrames(reason: String, kept: String) throws {
        let frame = WebSocketEncoder.close(.goingAway, reason: reason, allocator: ByteBufferAllocator())
        let read = try #require(try readByNIO([frame]).first)
        #expect(read.opcode == .connectionClose)
        var data = read.data
        #expect(data.readInteger(as: UInt16.self) == 1001)
        #expect(String(buffer: data) == kept)
    }
}

extension TrackerProtocol.WebSocketOpcode {
    fileprivate var isControlFrame: Bool { [.close, .ping, .pong].contains(self) }
}
