import Foundation
import TestSupport
import Testing

@testable import Presence

/// Who owns a key: even shares, weights honoured, and nothing moved that need not move. Seeds are fixed, so the figures are too.
@Suite struct RendezvousHashTests {
    private typealias Shards = [(name: String, weight: Int)]

    private static let eight: Shards = (0..<8).map { ("shard-\($0)", 1) }
    private static let keys: [UInt64] = {
        var random = SplitMix64(seed: 5)
        return (0..<100_000).map { _ in random.next() }
    }()

    private func owners(_ shards: Shards, of keys: some Sequence<UInt64> = Self.keys) -> [String] {
        let hash = RendezvousHash(shards)
        return keys.map { key in hash.owner(of: key).map { shards[$0].name } ?? "nobody" }
    }

    private func counts(_ owners: [String]) -> [String: Int] { owners.reduce(into: [:]) { $0[$1, default: 0] += 1 } }

    /// 100,000 keys on 8 shards: the standard deviation of a shard's share is 0.84 %.
    @Test func spreadsKeysEvenly() {
        let counts = counts(owners(Self.eight))
        #expect(counts.count == 8)
        for count in counts.values { #expect(abs(Double(count) / 12_500 - 1) < 0.03) }
    }

    /// Pearson's chi-square against the shares that the weights ask for; the bound is its 99.9 % point with 4 degrees of freedom.
    @Test func honoursWeights() {
        let shards: Shards = [("a", 1), ("b", 2), ("c", 3), ("d", 0), ("e", 10), ("f", 4)]
        let counts = counts(owners(shards))
        #expect(counts["d"] == nil)
        let statistic = shards.filter { $0.weight > 0 }.reduce(0) { sum, shard in
            let expected = Double(shard.weight) / 20 * Double(Self.keys.count)
            let difference = Double(counts[shard.name, default: 0]) - expected
            return sum + difference * difference / expected
        }
        #expect(statistic < 18.5)
    }

    @Test(arguments: [1, 3])
    func movesOnlyTheNewShardsShareWhenOneIsAdded(weight: Int) {
        let before = owners(Self.eight)
        let after = owners(Self.eight + [("new", weight)])
        let moved = zip(before, after).filter { $0 != $1 }
        #expect(moved.allSatisfy { $0.1 == "new" })
        let share = Double(weight) / Double(8 + weight)
        #expect(abs(Double(moved.count) / Double(Self.keys.count) / share - 1) < 0.03)
    }

    @Test(arguments: 0..<8)
    func movesOnlyTheKeysOfAShardThatGoes(index: Int) {
        let gone = Self.eight[index].name
        let keys = Self.keys.prefix(20_000)
        let before = owners(Self.eight, of: keys)
        let rest = Self.eight.filter { $0.name != gone }
        for (former, next) in zip(before, owners(rest, of: keys)) where former != gone { #expect(former == next) }
        // A weight of 0 is as good as gone.
        let drained = Self.eight.map { ($0.name, $0.name == gone ? 0 : 1) }
        #expect(owners(drained, of: keys) == owners(rest, of: keys))
    }

    @Test func doesNotCareAboutTheOrder() {
        var random = SplitMix64(seed: 9)
        let weighted: Shards = [("a", 1), ("b", 2), ("c", 3), ("d", 100)]
        for shards in [Self.eight, weighted] {
            let keys = Self.keys.prefix(5_000)
            for _ in 0..<4 { #expect(owners(shards.shuffled(using: &random), of: keys) == owners(shards, of: keys)) }
        }
    }

    /// The short cut for equal weights chooses what the scores would: a hair's difference in weights changes nothing else.
    @Test func takesTheShortCutToTheSameShard() {
        let keys = Self.keys.prefix(20_000)
        let equal = owners(Self.eight, of: keys)
        let nearlyEqual = Self.eight.map { ($0.name, 1_000_000_000) } + [("small", 1)]
        for (a, b) in zip(equal, owners(nearlyEqual, of: keys)) where b != "small" { #expect(a == b) }
    }

    @Test func knowsNoOwnerWithoutWeights() {
        #expect(RendezvousHash([]).owner(of: 1) == nil)
        #expect(RendezvousHash([("a", 0), ("b", 0)]).owner(of: 1) == nil)
    }

    /// The largest hash there is has the largest score; a number rounded up to 1 would have none.
    @Test func letsTheLargestHashWin() {
        let shards: Shards = [("a", 2), ("b", 1)]
        for (index, shard) in shards.enumerated() {
            let key = unscrambled(.max) ^ RendezvousHash.seed(of: shard.name)
            #expect(RendezvousHash(shards).owner(of: key) == index)
        }
    }

    /// Undoes ``scrambled(_:)``, which shows on the way that it is a bijection.
    private func unscrambled(_ bits: UInt64) -> UInt64 {
        func inverse(_ odd: UInt64) -> UInt64 { (0..<6).reduce(odd) { guess, _ in guess &* (2 &- odd &* guess) } }
        func unshifted(_ bits: UInt64, _ shift: UInt64) -> UInt64 {
            (0..<3).reduce(bits) { guess, _ in bits ^ (guess >> shift) }
        }
        var bits = unshifted(bits, 31)
        bits = unshifted(bits &* inverse(0x94D0_49BB_1331_11EB), 27)
        return unshifted(bits &* inverse(0xBF58_476D_1CE4_E5B9), 30)
    }

    @Test func scramblesReversibly() {
        for key in Self.keys.prefix(1_000) { #expect(unscrambled(scrambled(key)) == key) }
    }
}
