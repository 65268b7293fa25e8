import ContentTrust
import TestSupport
import Testing

@testable import Presence

/// Searches over parts that were filled at any mixture of levels.
@Suite struct PeerSearchTests {
    private typealias Model = PresenceModel
    private static let content = Model.content(1)
    private static let nobody = PeerAddress(node: 99, peer: 99)

    /// The parts of one content, and leases by which every entry under epoch 5 is live.
    private struct Parts {
        var members: [UInt16: [PresenceMember]] = [:]
        var leases = LeaseTable(nodes: [
            1: NodeRecord(name: "one", floor: 1, epochs: [5, 5], topology: 1),
            2: NodeRecord(name: "two", floor: 1, epochs: [5], topology: 1),
        ])
        var questions = 0
        var rounds = 0

        mutating func insert(_ peers: Range<UInt64>, node: UInt64 = 1, epoch: UInt32 = 5, level: Int) {
            for peer in peers {
                let number = SwarmPart.number(of: peer, level: level)
                members[number, default: []].append(PresenceMember(node: node, epoch: epoch, peer: peer))
            }
            if level > 0 {
                members[0, default: []].append(.marker(node: node, epoch: epoch, loop: 0, level: level))
            }
        }

        /// Answers as HRANDFIELD with a positive count does: different members, in their own order. What is said to be dead is removed.
        mutating func carryOut(_ search: inout PeerSearch, using random: inout SplitMix64) {
            while !search.isComplete {
                let batch = search.next()
                #expect(!batch.isEmpty && batch.count <= PeerSearch.firstBreadth << rounds)
                rounds += 1
                for question in batch.shuffled(using: &random) {
                    questions += 1
                    let part = question.part.number
                    let all = members[part, default: []]
                    let chosen = Set(all.indices.shuffled(using: &random).prefix(question.count))
                    let answer = all.indices.filter(chosen.contains).map { all[$0] }
                    let dead = Set(search.received(answer, from: question, by: leases))
                    for member in dead {
                        #expect(leases.standing(of: member) == .dead || leases.standing(of: member) == .absent)
                    }
                    members[part]?.removeAll(where: dead.contains)
                }
            }
        }

        mutating func find(
            _ limit: Int,
            level: Int = 0,
            excluded: PeerAddress = nobody,
            using random: inout SplitMix64
        ) -> [PeerAddress] {
            let seed = random.next()
            rounds = 0
            var search = PeerSearch(content, limit: limit, excluded: excluded, level: level, random: .init(seed: seed))
            carryOut(&search, using: &random)
            return search.peers
        }
    }

    /// Any mixture of levels, of dead and of unknown entries; any level to begin at; with and without the asker among the peers.
    @Test(arguments: 1...150 as ClosedRange<UInt64>)
    func findsAsManyAsThereAre(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var parts = Parts()
        var live: Set<PeerAddress> = []
        for group in 0..<Int.random(in: 0...4, using: &random) {
            let first = UInt64(group) * 1_000
            let peers = first..<first + UInt64.random(in: 0...60, using: &random)
            let node = UInt64.random(in: 1...2, using: &random)
            parts.insert(peers, node: node, level: .random(in: 0...5, using: &random))
            live.formUnion(peers.map { PeerAddress(node: node, peer: $0) })
        }
        parts.insert(
            50_000..<50_000 + .random(in: 0...40, using: &random),
            epoch: 4,
            level: .random(in: 0...4, using: &random)
        )
        parts.insert(60_000..<60_000 + .random(in: 0...9, using: &random), node: 3, level: 0)
        // A node's epoch that the leases do not show yet: neither found nor removed.
        let ahead = 70_000..<70_000 + UInt64.random(in: 0...3, using: &random)
        parts.insert(ahead, epoch: 6, level: 0)
        parts.members = parts.members.mapValues { $0.shuffled(using: &random) }

        for _ in 0..<10 {
            let limit = [0, 1, 2, 8, 50, 400].randomElement(using: &random) ?? 1
            let asker = live.sorted { $0.peer < $1.peer }.randomElement(using: &random)
            let excluded = random.oneIn(2) ? Self.nobody : asker ?? Self.nobody
            let found = parts.find(limit, level: .random(in: 0...6, using: &random), excluded: excluded, using: &random)
            let candidates = live.subtracting([excluded])
            #expect(found.count == min(limit, candidates.count), "seed \(seed), limit \(limit)")
            #expect(Set(found).count == found.count)
            #expect(candidates.isSuperset(of: found))
            #expect(found.allSatisfy { $0.epoch == 5 })
        }
        let kept = parts.members.values.joined().filter { $0.epoch == 6 && $0.markedLevel == nil }
        #expect(Set(kept.map(\.peer)) == Set(ahead))
    }

    /// Of parts of the same size, each peer about as often as any other. Defect found: of what was asked for beyond the limit the last
    /// entries were cut off, and never found, because a shard's answer has the order of its hash.
    @Test(arguments: [9, 10, 30], [0, 3])
    func findsEachPeerAboutAsOften(peers: UInt64, level: Int) {
        var random = SplitMix64(seed: peers)
        var parts = Parts()
        for number in 0..<UInt16(1 << level) {
            let numbers = (0..<UInt64.max).lazy.filter { SwarmPart.number(of: $0, level: level) == number }
            parts.members[number] = numbers.prefix(Int(peers)).map { PresenceMember(node: 1, epoch: 5, peer: $0) }
        }
        let count = Int(peers) << level
        var counts: [PeerAddress: Int] = [:]
        let searches = 60 * count
        for _ in 0..<searches {
            for peer in parts.find(8, level: level, using: &random) { counts[peer, default: 0] += 1 }
        }
        #expect(counts.count == count)
        let mean = Double(searches * 8) / Double(count)
        for found in counts.values { #expect((mean * 0.75...mean * 1.25).contains(Double(found))) }
    }

    /// One question suffices where a part has enough, wherever the search begins; O(limit) whatever the swarm's size.
    @Test func asksOnceWhereThereAreEnough() {
        var random = SplitMix64(seed: 1)
        var parts = Parts()
        parts.insert(0..<4_000, level: 6)
        for level in [0, 6] {
            for _ in 0..<50 {
                parts.questions = 0
                #expect(parts.find(8, level: level, using: &random).count == 8)
                #expect(parts.questions == 1)
            }
        }
    }

    /// A content that is not hot costs one question, even when nobody has it.
    @Test func asksOnceAboutASmallContent() {
        var random = SplitMix64(seed: 1)
        for peers in [0, 1, 7, 9] as [UInt64] {
            var parts = Parts()
            parts.insert(0..<peers, level: 0)
            #expect(parts.find(8, using: &random).count == min(8, Int(peers)))
            #expect(parts.questions == 1)
        }
    }

    /// Markers of a large cluster must not hide the peers of part 0, nor those of the others.
    @Test(arguments: [1, 8, 30])
    func looksPastMarkers(limit: Int) {
        var random = SplitMix64(seed: 1)
        var parts = Parts()
        parts.leases.nodes = [:]
        for node in 100..<220 as Range<UInt64> {
            parts.leases.nodes[node] = NodeRecord(name: "n", floor: 1, epochs: [5], topology: 1)
            parts.members[0, default: []].append(.marker(node: node, epoch: 5, loop: 0, level: 2))
        }
        parts.members[0, default: []].append(PresenceMember(node: 100, epoch: 5, peer: 1))
        for number in 1..<4 as Range<UInt16> {
            parts.members[number] = [PresenceMember(node: 100, epoch: 5, peer: UInt64(number) << 8)]
        }
        for level in 0...2 {
            #expect(parts.find(limit, level: level, using: &random).count == min(limit, 4))
        }
    }

    /// Defect found: a search for one peer asked for 45 members in all, and a part of 64 has more dead ones when a large node dies.
    @Test(arguments: [1, 2, 8])
    func looksPastTheDead(limit: Int) {
        for seed in 0..<40 as Range<UInt64> {
            var random = SplitMix64(seed: seed)
            var parts = Parts()
            parts.insert(0..<150, epoch: 4, level: 0)
            parts.insert(1_000..<1_002, level: 0)
            #expect(parts.find(limit, using: &random).count == min(limit, 2))
        }
    }

    /// However many dead there are, a search ends, and each leaves fewer of them behind.
    @Test func givesUpAfterSomeRepeats() {
        var random = SplitMix64(seed: 1)
        var parts = Parts()
        parts.insert(0..<5_000, epoch: 4, level: 0)
        parts.insert(50_000..<50_001, level: 0)
        _ = parts.find(1, using: &random)
        #expect(parts.questions <= PeerSearch.repeatLimit)
        #expect(parts.members[0, default: []].count < 5_001)
        var searches = 1
        while parts.find(1, using: &random).isEmpty, searches < 200 { searches += 1 }
        #expect(searches < 200)
    }

    @Test(arguments: [0, -1, Int.min])
    func asksNothingWhenNobodyIsWanted(limit: Int) {
        var search = PeerSearch(Self.content, limit: limit, excluded: Self.nobody, level: 5, random: .init(seed: 1))
        #expect(search.isComplete)
        #expect(search.next().isEmpty)
        #expect(search.peers.isEmpty)
    }

    @Test func endsWithWhatItHasWhenAPartFails() throws {
        var parts = Parts()
        parts.insert(0..<3, level: 0)
        parts.insert(100..<120, level: 3)
        var search = PeerSearch(Self.content, limit: 50, excluded: Self.nobody, level: 0, random: .init(seed: 1))
        let first = try #require(search.next().first)
        _ = search.received(parts.members[0, default: []], from: first, by: parts.leases)
        let others = search.next()
        #expect(others.count == 7)
        #expect(search.next().isEmpty)
        search.failed()
        #expect(search.isComplete)
        let known = search.peers.count
        #expect(known >= 3)
        // Defect found: an answer that came after the failure left the search open for ever.
        for question in others {
            _ = search.received(parts.members[question.part.number, default: []], from: question, by: parts.leases)
            #expect(search.isComplete)
            #expect(search.next().isEmpty)
        }
        #expect(search.peers.count > known)
    }

    /// A content that was as hot as can be, and that few have now: every part is asked once, in few rounds.
    @Test func findsTheLastPeersOfAHotContent() {
        var random = SplitMix64(seed: 1)
        var parts = Parts()
        parts.insert(0..<5, level: SwarmPart.levelLimit)
        for level in [0, 3, 10] {
            parts.questions = 0
            #expect(parts.find(8, level: level, using: &random).count == 5)
            #expect(parts.questions == 1_024)
            #expect(parts.rounds <= 10)
        }
    }

    /// A peer that two parts show, because its entry was moved, is one peer.
    @Test func showsAPeerOnce() {
        var random = SplitMix64(seed: 1)
        var parts = Parts()
        parts.insert(0..<5, level: 0)
        parts.insert(0..<5, level: 2)
        #expect(parts.find(20, using: &random).count == 5)
    }
}
