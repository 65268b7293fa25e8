import ContentTrust
import Presence
import Testing

/// What the embedded store promises beyond ``PresenceConformance``: exact uniformity, and its cost.
@Suite struct MemoryPresenceTests {
    private typealias Model = PresenceModel
    private static let nobody = PeerAddress(node: 99, peer: 99)

    private func presence(peers: Int) -> MemoryPresence {
        var random = SplitMix64(seed: 1)
        var presence = MemoryPresence()
        for number in 0..<peers {
            _ = presence.perform(.add(Model.content(0), Model.peer(number)), using: &random)
        }
        return presence
    }

    /// Pearson's chi-square statistic of counts that should be equal.
    private func chiSquare(_ counts: [Int]) -> Double {
        let mean = Double(counts.reduce(0, +)) / Double(counts.count)
        return counts.reduce(0) { $0 + (Double($1) - mean) * (Double($1) - mean) / mean }
    }

    /// Every set of two of six peers, without and with an excluded one in any place. The seed is fixed, so the statistic is too; the bounds
    /// are the 99.9 % points of chi-square with 14 and 9 degrees of freedom.
    @Test func choosesEachSetEquallyOften() {
        var random = SplitMix64(seed: 7)
        var presence = presence(peers: 6)
        for excluded in [Self.nobody] + (0..<6).map(Model.peer) {
            var counts: [Set<PeerAddress>: Int] = [:]
            for _ in 0..<6_000 {
                let reply = presence.perform(.find(Model.content(0), limit: 2, excluded: excluded), using: &random)
                guard case .peers(let peers) = reply else { continue }
                counts[Set(peers), default: 0] += 1
            }
            #expect(counts.count == (excluded == Self.nobody ? 15 : 10))
            #expect(chiSquare(Array(counts.values)) < (excluded == Self.nobody ? 36.1 : 27.9))
        }
    }

    @Test(arguments: [1, 5, 19, 39])
    func choosesEachPeerEquallyOften(limit: Int) {
        var random = SplitMix64(seed: UInt64(limit))
        var presence = presence(peers: 40)
        var counts: [PeerAddress: Int] = [:]
        for _ in 0..<4_000 {
            let reply = presence.perform(.find(Model.content(0), limit: limit, excluded: Self.nobody), using: &random)
            guard case .peers(let peers) = reply else { continue }
            for peer in peers { counts[peer, default: 0] += 1 }
        }
        #expect(counts.count == 40)
        // 99.9 % of chi-square with 39 degrees of freedom; drawing without replacement only makes the statistic smaller.
        #expect(chiSquare(Array(counts.values)) < 72.1)
    }

    /// A find costs O(limit) however large the swarm is; counted in random numbers.
    @Test func drawsAsManyNumbersAsPeersAreWanted() {
        struct Counting: RandomNumberGenerator {
            var inner = SplitMix64(seed: 3)
            var drawn = 0
            mutating func next() -> UInt64 {
                drawn += 1
                return inner.next()
            }
        }
        var presence = presence(peers: 50_000)
        for limit in [0, 1, 8, 64] {
            var random = Counting()
            _ = presence.perform(.find(Model.content(0), limit: limit, excluded: Self.nobody), using: &random)
            #expect(random.drawn == limit)
        }
    }

    @Test func countsContentsThatSomebodyHas() {
        var random = SplitMix64(seed: 1)
        var presence = presence(peers: 2)
        #expect(presence.contentCount == 1)
        _ = presence.perform(.add(Model.content(1), Model.peer(0)), using: &random)
        #expect(presence.contentCount == 2)
        for content in 0..<3 {
            for peer in 0..<2 {
                _ = presence.perform(.remove(Model.content(content), Model.peer(peer)), using: &random)
            }
        }
        #expect(presence.contentCount == 0)
    }
}
