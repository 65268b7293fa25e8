import NIOCore
import Presence
import TestSupport
import Testing
import TrackerCore

@testable import RedisPresence

/// The packs in which signals travel between nodes, byte by byte and at their limits.
@Suite struct SignalPackTests {
    private static let receiver: UInt64 = 0x0102_0304_0506_0708
    private static let sender: UInt64 = 0x1112_1314_1516_1718

    private func signal(_ number: UInt64, _ data: String, epoch: UInt32 = 9) -> PeerSignal {
        PeerSignal(
            from: PeerAddress(node: Self.sender, epoch: 7, peer: number),
            to: PeerAddress(node: Self.receiver, epoch: epoch, peer: number + 100),
            data: ByteBuffer(string: data)
        )
    }

    private func pack(_ kind: SignalPack.Kind, _ signals: [PeerSignal]) -> ByteBuffer {
        var buffer = ByteBuffer()
        SignalPack.write(kind, signals, sender: (Self.sender, 7), into: &buffer)
        return buffer
    }

    @Test func hasTheDocumentedLayout() {
        let expected: [UInt8] =
            [1, 1] + [0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18] + [0, 0, 0, 7] + [0, 1]
            + [0, 0, 0, 9] + [0, 0, 0, 0, 0, 0, 0, 105] + [0, 0, 0, 0, 0, 0, 0, 5] + [0, 0, 0, 2] + Array("{}".utf8)
        #expect(Array(pack(.deliver, [signal(5, "{}")]).readableBytesView) == expected)
    }

    @Test(arguments: 0..<50 as Range<UInt64>)
    func isReadAsItWasWritten(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let signals = (0..<Int.random(in: 0...40, using: &random)).map { number in
            signal(
                UInt64(number),
                String(repeating: "x", count: .random(in: 0...500, using: &random)),
                epoch: .random(in: 0...3, using: &random)
            )
        }
        let written = pack(.deliver, signals)
        #expect(written.readableBytes == SignalPack.size(of: signals, .deliver))
        let (kind, read) = try #require(SignalPack.read(written, receiver: Self.receiver))
        #expect(kind == .deliver)
        #expect(read.map(\.data) == signals.map(\.data))
        #expect(read.map(\.from) == signals.map(\.from) && read.map(\.from.epoch) == signals.map(\.from.epoch))
        #expect(read.map(\.to) == signals.map(\.to) && read.map(\.to.epoch) == signals.map(\.to.epoch))
    }

    /// The node of the target says so to the node of the sender, and the sender gets its own addresses back.
    @Test func bringsAnUndeliverableSignalBackToItsSender() throws {
        let lost = signal(5, "long data that nobody needs any more")
        var buffer = ByteBuffer()
        SignalPack.write(.undeliverable, [lost], sender: (Self.receiver, 9), into: &buffer)
        #expect(buffer.readableBytes == SignalPack.size(of: [lost], .undeliverable))
        let (kind, read) = try #require(SignalPack.read(buffer, receiver: Self.sender))
        #expect(kind == .undeliverable)
        #expect(read.map(\.from) == [lost.from] && read.map(\.to) == [lost.to])
    }

    @Test func refusesWhateverIsCutLongerOrOfAnotherFormat() {
        let whole = pack(.deliver, [signal(1, "{}"), signal(2, "[1,2]")])
        for length in 0..<whole.readableBytes {
            #expect(whole.getSlice(at: 0, length: length).flatMap { SignalPack.read($0, receiver: 1) } == nil)
        }
        var longer = whole
        longer.writeInteger(UInt8(0))
        #expect(SignalPack.read(longer, receiver: 1) == nil)
        for (index, byte) in [(0, 2), (1, 0), (1, 3)] as [(Int, UInt8)] {
            var other = whole
            other.setInteger(byte, at: index)
            #expect(SignalPack.read(other, receiver: 1) == nil)
        }
    }

    @Test func survivesRandomBytes() {
        var random = SplitMix64(seed: 3)
        for _ in 0..<5_000 {
            var bytes = random.bytes(.random(in: 0...80, using: &random))
            if bytes.count > 1 { bytes[0...1] = [1, 1] }
            if let (_, signals) = SignalPack.read(ByteBuffer(bytes: bytes), receiver: 1) {
                #expect(SignalPack.size(of: signals, .deliver) == bytes.count)
            }
        }
    }

    /// All signals of a turn to one node go together, up to the limit, in their order.
    @Test func fillsParcelsUpToTheLimit() {
        var outbox = Outbox()
        let data = String(repeating: "x", count: 16_384)
        let isFirst = (0..<9).map { outbox.add(signal($0, data), .deliver) }
        #expect(isFirst == [true] + Array(repeating: false, count: 8))
        let parcels = outbox.parcels()
        #expect(parcels.map(\.signals.count) == [3, 3, 3])
        #expect(parcels.flatMap(\.signals).map(\.from.peer) == Array(0..<9))
        #expect(parcels.allSatisfy { SignalPack.size(of: $0.signals, .deliver) <= SignalPack.sizeLimit + 16 })
        #expect(outbox.parcels().isEmpty)
    }
}
