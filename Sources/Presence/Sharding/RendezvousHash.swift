import ContentTrust
import Foundation

/// Weighted rendezvous hashing (Thaler and Ravishankar, 1998; weights as in draft-ietf-bess-weighted-hrw): each key belongs to the shard
/// that scores highest for it, so that a shard that comes or goes moves only its own share of the keys.
///
/// A ring (ketama) was rejected: with 160 points a shard it is 9.6 % uneven where this is 0.6 %, and it needs a table. Jump hashing was
/// rejected: it can only remove the last shard.
struct RendezvousHash: Sendable {
    private struct Candidate {
        var index: Int
        var seed: UInt64
        var weight: Double
    }

    private let candidates: [Candidate]
    /// With equal weights the largest hash wins as the largest score would, without a logarithm.
    private let isUniform: Bool

    /// - Parameter shards: names and weights; the names decide, not the order. A weight of 0 owns nothing.
    init(_ shards: [(name: String, weight: Int)]) {
        candidates = shards.enumerated().compactMap { index, shard in
            guard shard.weight > 0 else { return nil }
            return Candidate(index: index, seed: Self.seed(of: shard.name), weight: Double(shard.weight))
        }
        isUniform = Set(candidates.map(\.weight)).count <= 1
    }

    /// What a shard's name contributes to its score for a key.
    static func seed(of name: String) -> UInt64 {
        SHA256.hash(Array(name.utf8)).prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    }

    /// The index of a key's shard among those given; nil when no shard has any weight. The key's bits are random.
    func owner(of key: UInt64) -> Int? {
        var best: (index: Int, score: Double)?
        var largest: (index: Int, hash: UInt64)?
        for candidate in candidates {
            let hash = scrambled(key ^ candidate.seed)
            if isUniform {
                if largest.map({ hash > $0.hash }) ?? true { largest = (candidate.index, hash) }
            } else {
                // The 52 highest bits as a number in (0, 1), so that its logarithm is finite and not 0. With 53 bits the half would be
                // rounded away, and the largest hash would become 1.
                let unit = (Double(hash >> 12) + 0.5) * 0x1p-52
                let score = -candidate.weight / log(unit)
                if best.map({ score > $0.score }) ?? true { best = (candidate.index, score) }
            }
        }
        return isUniform ? largest?.index : best?.index
    }
}

/// A bijection in which every bit of the input changes about half of the output's: SplitMix64's last step.
func scrambled(_ bits: UInt64) -> UInt64 {
    var bits = bits
    bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
    bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
    return bits ^ (bits >> 31)
}
