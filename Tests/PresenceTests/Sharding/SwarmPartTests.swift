import ContentTrust
import TestSupport
import Testing

@testable import Presence

@Suite struct SwarmPartTests {
    /// A level is the lowest whose parts have 64 peers or fewer, but never above 10.
    @Test(arguments: [
        (0, 0), (1, 0), (64, 0), (65, 1), (128, 1), (129, 2), (256, 2), (257, 3), (32_768, 9), (32_769, 10),
        (65_536, 10), (65_537, 10), (100_000_000, 10), (Int.max, 10),
    ])
    func choosesTheLevel(population: Int, level: Int) {
        #expect(SwarmPart.level(population: population) == level)
    }

    /// A peer's part at a level is its part at any lower one, or that one's twin: growing splits each part in two.
    @Test func splitsPartsInTwo() {
        var random = SplitMix64(seed: 3)
        for _ in 0..<500 {
            let peer = random.next()
            #expect(SwarmPart.number(of: peer, level: 0) == 0)
            for level in 1...SwarmPart.levelLimit {
                let number = SwarmPart.number(of: peer, level: level)
                #expect(number < 1 << level)
                #expect(number & (1 << (level - 1) - 1) == SwarmPart.number(of: peer, level: level - 1))
            }
        }
    }

    /// Peer numbers are not random in their first byte; parts must be even all the same.
    @Test func fillsPartsEvenly() {
        var counts = [Int](repeating: 0, count: 16)
        for number in 0..<16_000 as Range<UInt64> {
            counts[Int(SwarmPart.number(of: (number % 2) << 56 | number, level: 4))] += 1
        }
        for count in counts { #expect((850...1_150).contains(count)) }
    }

    @Test func placesPartZeroByTheContentItself() throws {
        let content = try #require(ContentID(bytes: Array(0x01...0x20 as ClosedRange<UInt8>)))
        #expect(SwarmPart(content: content).placementKey == 0x0102_0304_0506_0708)
        let keys = (0..<1_024 as Range<UInt16>).map { SwarmPart(content: content, number: $0).placementKey }
        #expect(Set(keys).count == 1_024)
    }
}
