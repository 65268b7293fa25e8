import TestSupport
import Testing

@testable import Presence

/// The 20 bytes of an entry, against vectors written by hand.
@Suite struct PresenceMemberTests {
    private static let vectors: [(PresenceMember, [UInt8])] = [
        (
            PresenceMember(node: 0x0102_0304_0506_0708, epoch: 0x090A_0B0C, peer: 0x0D0E_0F10_1112_1314),
            [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20]
        ),
        (PresenceMember(node: 0, epoch: 0, peer: 0), [UInt8](repeating: 0, count: 20)),
        (PresenceMember(node: .max, epoch: .max, peer: .max), [UInt8](repeating: 0xFF, count: 20)),
        (
            PresenceMember.marker(node: 1, epoch: 2, loop: 3, level: 10),
            [0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2, 0xFF, 0, 0, 0, 0, 0, 3, 10]
        ),
    ]

    @Test(arguments: vectors.indices)
    func hasTheseBytes(index: Int) {
        let (member, bytes) = Self.vectors[index]
        #expect(member.withBytes { Array($0) } == bytes)
        #expect(bytes.withUnsafeBytes { PresenceMember(bytes: $0) } == member)
    }

    @Test(arguments: [0, 1, 19, 21, 40])
    func takesTwentyBytesOnly(count: Int) {
        let bytes = [UInt8](repeating: 7, count: count)
        #expect(bytes.withUnsafeBytes { PresenceMember(bytes: $0) } == nil)
    }

    /// Redis' replies lie anywhere in a buffer.
    @Test func readsFromAnyAddress() {
        var random = SplitMix64(seed: 1)
        for offset in 0..<16 {
            let bytes = random.bytes(40)
            let member = bytes.withUnsafeBytes { PresenceMember(bytes: .init(rebasing: $0[offset..<offset + 20])) }
            #expect(member?.withBytes { Array($0) } == Array(bytes[offset..<offset + 20]))
        }
    }

    @Test func tellsMarkersFromPeers() {
        for loop in [0, 1, 127, 254] {
            let peer = PresenceMember(node: 1, epoch: 1, peer: UInt64(loop) << 56 | 0xFFFF_FFFF_FFFF_FFFF >> 8)
            #expect(peer.markedLevel == nil)
            #expect(peer.loop == loop)
            for level in 1...SwarmPart.levelLimit {
                let marker = PresenceMember.marker(node: 1, epoch: 1, loop: loop, level: level)
                #expect(marker.markedLevel == level)
                #expect(marker.loop == loop)
            }
        }
    }

    /// What a broken program wrote must not make a search ask more parts than there can be.
    @Test func boundsAMarkedLevel() {
        #expect(PresenceMember(node: 1, epoch: 1, peer: 0xFF00_0000_0000_00FF).markedLevel == SwarmPart.levelLimit)
        #expect(PresenceMember(node: 1, epoch: 1, peer: .max).markedLevel == SwarmPart.levelLimit)
    }
}
