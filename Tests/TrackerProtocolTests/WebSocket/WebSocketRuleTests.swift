import NIOCore
import Testing
import TrackerProtocol

/// The rules of RFC 6455 §5 that a client's frames have to keep.
@Suite struct WebSocketRuleTests {
    private func decode(_ frames: ClientFrame...) -> Decoded {
        var decoder = WebSocketDecoder.small
        return decoder.decode(frames.bytes)
    }

    private func expectFraming(_ decoded: Decoded, _ part: String, sourceLocation: SourceLocation = #_sourceLocation) {
        guard case .framing(let reason)? = decoded.violation else {
            Issue.record("no violation but \(decoded)", sourceLocation: sourceLocation)
            return
        }
        #expect(reason.contains(part), sourceLocation: sourceLocation)
    }

    /// The examples of RFC 6455 §5.7 that a client can send.
    @Test func readsTheExamplesOfTheStandard() {
        var decoder = WebSocketDecoder(messageSizeLimit: 65_536, oversizeFactor: 16)
        let hello: [UInt8] = [0x81, 0x85, 0x37, 0xFA, 0x21, 0x3D, 0x7F, 0x9F, 0x4D, 0x51, 0x58]
        #expect(decoder.decode(hello) == Decoded(events: [.text("Hello")]))
        let pong: [UInt8] = [0x8A, 0x85, 0x37, 0xFA, 0x21, 0x3D, 0x7F, 0x9F, 0x4D, 0x51, 0x58]
        #expect(decoder.decode(pong) == Decoded(events: [.pong]))
        let ping: [UInt8] = [0x89, 0x85, 0x37, 0xFA, 0x21, 0x3D, 0x7F, 0x9F, 0x4D, 0x51, 0x58]
        #expect(decoder.decode(ping) == Decoded(events: [.ping(ByteBuffer(string: "Hello"))]))
    }

    @Test func refusesAnUnmaskedFrame() {
        var frame = ClientFrame.text("Hello")
        frame.mask = nil
        expectFraming(decode(frame), "masked")
    }

    @Test(arguments: [0x10, 0x20, 0x40, 0x70] as [UInt8])
    func refusesReservedBits(bits: UInt8) {
        expectFraming(decode(ClientFrame(firstByte: 0x81 | bits)), "reserved bit")
    }

    @Test(arguments: [3, 4, 5, 6, 7, 11, 12, 13, 14, 15] as [UInt8])
    func refusesReservedOpcodes(opcode: UInt8) {
        expectFraming(decode(ClientFrame(firstByte: 0x80 | opcode)), "opcode \(opcode)")
    }

    @Test(arguments: [0x08, 0x09, 0x0A] as [UInt8])
    func refusesAFragmentedControlFrame(opcode: UInt8) {
        expectFraming(decode(ClientFrame(firstByte: opcode)), "fragmented")
    }

    @Test(arguments: [0x88, 0x89, 0x8A] as [UInt8], [126, 65_536])
    func refusesAControlFrameOfMoreThan125Bytes(firstByte: UInt8, length: Int) {
        expectFraming(decode(ClientFrame(firstByte: firstByte, payload: ClientFrame.filling(length))), "125")
    }

    /// The long forms are refused by their form, before the length itself has come.
    @Test(arguments: [126, 127] as [UInt8])
    func refusesALongFormOfAControlFramesLengthAtOnce(form: UInt8) {
        var decoder = WebSocketDecoder.small
        expectFraming(decoder.decode([0x89, 0x80 | form]), "125")
    }

    @Test func acceptsAControlFrameOf125Bytes() {
        let payload = ClientFrame.filling(125)
        #expect(decode(.ping(payload)) == Decoded(events: [.ping(ByteBuffer(bytes: payload))]))
    }

    @Test func refusesAContinuationOfNothing() {
        expectFraming(decode(ClientFrame(firstByte: 0x80)), "continuation")
        expectFraming(decode(.text("a"), ClientFrame(firstByte: 0x00)), "continuation")
    }

    @Test(arguments: [0x81, 0x01, 0x82, 0x02] as [UInt8])
    func refusesANewMessageInsideOfAFragmentedOne(firstByte: UInt8) {
        expectFraming(decode(ClientFrame(firstByte: 0x01), ClientFrame(firstByte: firstByte)), "inside")
    }

    @Test func readsACloseWithAndWithoutItsCode() {
        #expect(decode(.close([])) == Decoded(events: [.close(code: nil)]))
        #expect(decode(.close([0x03, 0xE8])) == Decoded(events: [.close(code: 1000)]))
        #expect(decode(.close([0x03, 0xE9] + Array("bye".utf8))) == Decoded(events: [.close(code: 1001)]))
    }

    @Test func refusesACloseOfOneByte() { expectFraming(decode(.close([3])), "two bytes") }

    @Test func sumsFragmentsAndLetsControlFramesThrough() {
        var frames = ClientFrame.fragmented([Array("one ".utf8), [], Array("message".utf8)])
        frames.insert(.ping([1, 2]), at: 1)
        frames.insert(ClientFrame(firstByte: 0x8A), at: 3)
        var decoder = WebSocketDecoder.small
        #expect(
            decoder.decode(frames.bytes)
                == Decoded(events: [.ping(ByteBuffer(bytes: [1, 2])), .pong, .text("one message")])
        )
    }

    @Test func tellsBinaryFromText() {
        #expect(decode(ClientFrame(firstByte: 0x82, payload: [7])) == Decoded(events: [.binary([7])]))
    }

    /// Lengths may be written longer than they need be; RFC 6455 §5.2 forbids it to the sender, and a receiver gains nothing by refusing.
    @Test(arguments: [126, 127] as [UInt8])
    func readsALengthInALongerForm(form: UInt8) {
        var frame = ClientFrame.text("Hello")
        frame.lengthForm = form
        #expect(decode(frame) == Decoded(events: [.text("Hello")]))
    }

    /// Whoever asks again after a violation gets it again, and never what stands behind it.
    @Test func decodesNothingAfterAViolation() {
        let violating: [ClientFrame] = [
            ClientFrame(firstByte: 0x80), .close([3]), ClientFrame(firstByte: 0x83),
            ClientFrame(firstByte: 0x81, statedLength: 1 << 40),
        ]
        for frame in violating {
            var decoder = WebSocketDecoder.small
            let first = decoder.decode(frame.bytes)
            #expect(first.violation != nil)
            #expect(decoder.decode(ClientFrame.text("more").bytes) == Decoded(violation: first.violation))
        }
    }
}
