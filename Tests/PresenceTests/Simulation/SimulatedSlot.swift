import ContentTrust
import TestSupport

@testable import Presence

/// A placement with the cluster's numbers of its shards.
struct PlacedTopology {
    let placement: Placement
    let shards: [Int]

    var epoch: Int { placement.topology.epoch }

    init(_ topology: Topology, _ index: (String) -> Int) {
        placement = Placement(topology)
        shards = topology.shards.map { index($0.name) }
    }

    func writers(of part: SwarmPart) -> [Int] {
        let owners = placement.writers(of: part)
        return [owners.first, owners.second].compactMap { $0.map { shards[$0] } }
    }

    func reader(of part: SwarmPart) -> Int { shards[placement.reader(of: part)] }
}

/// One shard as one event loop has it.
final class SimulatedSlot {
    enum Phase { case down, waiting, filling, serving }

    let link: SimulatedLink
    var phase = Phase.waiting
    var epoch: UInt32 = 0
    /// When the epoch was granted: older ones are disowned by what was read later.
    var grantedAt = 0
    /// How often it ceased to serve.
    var disturbances = 0
    /// Changes that the shard has not confirmed.
    var unconfirmed: Set<LocalPresence.Entry> = []
    var leases: (table: LeaseTable, at: Int)?
    /// Readings of the leases before this one count for nothing.
    var neededReading = 0
    /// Answers that wait for a reading that began after they had come.
    var parked: [(reading: Int, SimulatedFind, PeerSearch.Question, [PresenceMember])] = []

    init(to shard: Int) { link = SimulatedLink(to: shard) }

    var shard: Int { link.shard }
    var takesWrites: Bool { phase == .filling || phase == .serving }
    var takesFinds: Bool { phase == .serving && leases != nil }
}

/// One pass over all entries of a loop.
final class SimulatedSweep {
    enum Purpose {
        case refill(SimulatedSlot)
        case move
    }

    let purpose: Purpose
    var entries: [LocalPresence.Entry]
    var openBarriers = 0
    var isSent = false
    var isCancelled = false

    init(_ purpose: Purpose, entries: [LocalPresence.Entry]) {
        self.purpose = purpose
        self.entries = entries
    }
}

/// A find on its way, and what the oracle knew when it began.
final class SimulatedFind {
    struct Expectation {
        var stamp: Int
        var node: SimulatedNode
        var slots: [(SimulatedSlot, disturbances: Int)]
    }

    var search: PeerSearch
    let content: ContentID
    let excluded: PeerAddress
    let limit: Int
    let began: Int
    let topology: Int
    /// Peers that must be found unless something happens to them meanwhile.
    let expected: [PeerAddress: Expectation]
    /// Where each peer was shown, and how old the leases were that it was believed by.
    var shown: [PeerAddress: (shard: Int, leasesAt: Int)] = [:]
    var isDone = false

    init(
        _ search: PeerSearch,
        content: ContentID,
        excluded: PeerAddress,
        limit: Int,
        began: Int,
        topology: Int,
        expected: [PeerAddress: Expectation]
    ) {
        self.search = search
        self.content = content
        self.excluded = excluded
        self.limit = limit
        self.began = began
        self.topology = topology
        self.expected = expected
    }
}

extension LocalPresence.Write {
    /// The part whose key is written.
    var part: SwarmPart {
        switch self {
        case .add(let part, _), .remove(let part, _), .keep(let part): part
        case .mark(let content, _), .unmark(let content, _): SwarmPart(content: content)
        }
    }

    var isRemoval: Bool {
        switch self {
        case .remove, .unmark: true
        case .add, .keep, .mark: false
        }
    }

    /// What takes it back.
    var inverse: LocalPresence.Write? {
        switch self {
        case .add(let part, let peer): .remove(part, peer: peer)
        case .mark(let content, let level): .unmark(content, level: level)
        case .keep, .remove, .unmark: nil
        }
    }
}
