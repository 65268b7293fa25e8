import NIOCore
import Presence
import TestSupport
import Testing
import TrackerProtocol

/// Bytes from anybody: the decoder takes them or refuses them, and never traps or waits for more than its limit.
@Suite struct WebSocketFuzzTests {
    @Test(arguments: 1...8 as ClosedRange<UInt64>)
    func survivesRandomBytes(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        for _ in 0..<2_000 {
            var decoder = WebSocketDecoder(messageSizeLimit: 64, oversizeFactor: 4)
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                let decoded = decoder.decode(random.bytes(Int.random(in: 0...40, using: &random)))
                if decoded.violation != nil { break }
            }
        }
    }

    /// Valid frames with a few bytes changed reach deeper than noise does.
    @Test(arguments: 1...8 as ClosedRange<UInt64>)
    func survivesChangedFrames(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var violations = 0
        var messages = 0
        for _ in 0..<400 {
            let frames: [ClientFrame] =
                [.text(size: .random(in: 0...400, using: &random)), .ping(random.bytes(3)), .close([3, 232])]
                + ClientFrame.fragmented([[1], random.bytes(.random(in: 0...200, using: &random)), [2]])
            var bytes = frames.shuffled(using: &random).bytes
            for _ in 0..<Int.random(in: 0...3, using: &random) {
                bytes[Int.random(in: bytes.indices, using: &random)] = .random(in: 0...255, using: &random)
            }
            var decoder = WebSocketDecoder(messageSizeLimit: 300, oversizeFactor: 4)
            let decoded = decoder.decode(chunks: chunks(of: bytes, upTo: 17, using: &random))
            #expect(decoder.storage <= 4_096)
            if decoded.violation != nil { violations += 1 }
            for case .message(let message) in decoded.events {
                messages += 1
                #expect(message.payload.readableBytes <= 300)
            }
        }
        // Both sides of the decoder were reached.
        #expect(violations > 20)
        #expect(messages > 80)
    }
}
