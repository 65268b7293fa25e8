import NIOCore
import Testing
import TrackerProtocol

/// Messages at and over the size limit (Docs/Protocol.md §2.7), and what a decoder keeps in memory.
@Suite struct WebSocketSizeTests {
    private static let limit = 1_000
    private static let hopeless = 16_000

    private func decode(_ frames: [ClientFrame]) -> Decoded {
        var decoder = WebSocketDecoder.small
        return decoder.decode(frames.bytes)
    }

    @Test func acceptsAMessageAsLongAsTheLimit() {
        let filling = ClientFrame.filling(Self.limit)
        #expect(decode([.text(size: Self.limit)]) == Decoded(events: [.text(filling)]))
        let fragments = [Array(filling[..<400]), Array(filling[400..<401]), Array(filling[401...])]
        #expect(decode(ClientFrame.fragmented(fragments)) == Decoded(events: [.text(filling)]))
    }

    @Test func discardsAMessageOneByteOverTheLimitAndGoesOn() {
        let frames: [ClientFrame] = [.text(size: Self.limit + 1), .text("next")]
        #expect(decode(frames) == Decoded(events: [.oversize(got: Self.limit + 1), .text("next")]))
    }

    /// Told once, at the fragment that crosses the limit; the rest of the message is discarded, and control frames inside of it are not.
    @Test func discardsAFragmentedMessageOverTheLimit() {
        var frames = ClientFrame.fragmented([
            ClientFrame.filling(600), ClientFrame.filling(401), ClientFrame.filling(300), [],
        ])
        frames.insert(.ping([9]), at: 2)
        frames.append(.text("next"))
        #expect(
            decode(frames) == Decoded(events: [.oversize(got: 1_001), .ping(ByteBuffer(bytes: [9])), .text("next")])
        )
    }

    @Test func discardsAcrossChunks() throws {
        var random = SystemRandomNumberGenerator()
        let bytes = ([.text(size: 5_000), .text("next"), .text(size: 15_999)] + [ClientFrame.text("last")]).bytes
        for chunks in chunkings(of: bytes, using: &random) {
            var decoder = WebSocketDecoder.small
            #expect(
                decoder.decode(chunks: chunks)
                    == Decoded(events: [.oversize(got: 5_000), .text("next"), .oversize(got: 15_999), .text("last")])
            )
        }
    }

    @Test func givesUpBeyondSixteenTimesTheLimit() {
        #expect(
            decode([.text(size: Self.hopeless), .text("next")])
                == Decoded(events: [.oversize(got: Self.hopeless), .text("next")])
        )
        #expect(decode([.text(size: Self.hopeless + 1)]) == Decoded(violation: .hopelesslyLong))
    }

    @Test func sumsFragmentsTowardsSixteenTimesTheLimit() {
        let fragments = [[UInt8]](repeating: ClientFrame.filling(800), count: 20)
        #expect(
            decode(ClientFrame.fragmented(fragments) + [.text("next")])
                == Decoded(events: [.oversize(got: 1_600), .text("next")])
        )
        #expect(
            decode(ClientFrame.fragmented(fragments + [[1]]))
                == Decoded(events: [.oversize(got: 1_600)], violation: .hopelesslyLong)
        )
    }

    /// Lengths are announced long before their bytes; none may overflow a sum or be waited for.
    @Test(arguments: [UInt64(Int.max), UInt64(Int.max) - 1, 1 << 62, 1 << 32, 16_001])
    func refusesAnAnnouncedLengthThatIsHopeless(length: UInt64) {
        let alone = ClientFrame(firstByte: 0x81, statedLength: length)
        #expect(decode([alone]) == Decoded(violation: .hopelesslyLong))
        let continued = ClientFrame(firstByte: 0x80, statedLength: length)
        #expect(
            decode([ClientFrame(firstByte: 0x01, payload: [1]), continued]) == Decoded(violation: .hopelesslyLong)
        )
    }

    @Test(arguments: [UInt64(1) << 63, .max])
    func refusesALengthWithItsHighestBitSet(length: UInt64) {
        let decoded = decode([ClientFrame(firstByte: 0x81, statedLength: length)])
        #expect(decoded == Decoded(violation: .framing("the highest bit of a length is set")))
    }

    @Test func holdsNoStorageWhileIdle() {
        var decoder = WebSocketDecoder.small
        let idle = decoder.storage
        for frames: [ClientFrame] in [
            [.text("a message")], [.text(size: Self.limit)], [.text(size: 5_000)], [.ping([1])],
            ClientFrame.fragmented([[1], [2]]),
        ] {
            _ = decoder.decode(chunks: frames.bytes.map { [$0] })
            #expect(decoder.storage == idle)
        }
    }

    /// A client that always leaves the beginning of its next frame in the buffer must not make the buffer grow.
    @Test func holdsNoMoreThanTheUnreadPartOfAnUnalignedStream() {
        var decoder = WebSocketDecoder.small
        let frame = ClientFrame.text(size: 900).bytes
        var stream = Array(frame.prefix(1))
        for _ in 0..<1_000 {
            stream += frame.dropFirst() + frame.prefix(1)
            #expect(decoder.decode(stream).events.count == 1)
            stream = []
        }
        #expect(decoder.storage <= 8_192)
    }

    @Test func holdsNothingOfWhatItDiscards() {
        var decoder = WebSocketDecoder.small
        let bytes = ClientFrame.text(size: Self.hopeless).bytes
        _ = decoder.decode(Array(bytes.prefix(100)))
        for start in stride(from: 100, to: bytes.count - 100, by: 100) {
            _ = decoder.decode(Array(bytes[start..<(start + 100)]))
            #expect(decoder.storage <= 256)
        }
    }

    /// A message in single bytes must not be copied as a whole for each of them. Counted in moves of its storage, since time depends on
    /// the machine; growing by doubling moves it some ten times.
    @Test func appendsFragmentsInPlace() {
        var decoder = WebSocketDecoder(messageSizeLimit: 65_536, oversizeFactor: 16)
        let bytes = ClientFrame.filling(4_096)
        var moves = 0
        var address: UnsafeRawPointer?
        for frame in ClientFrame.fragmented(bytes.map { [$0] }).dropLast() {
            #expect(decoder.decode(frame.bytes) == Decoded())
            let next = decoder.partialStorage
            if next != address { moves += 1 }
            address = next
        }
        #expect(moves < 32)
        let last = ClientFrame(firstByte: 0x80, payload: bytes.suffix(1))
        #expect(decoder.decode(last.bytes) == Decoded(events: [.text(bytes)]))
    }
}
