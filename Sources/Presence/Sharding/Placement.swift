/// Where the parts of swarms belong under one topology: who is written to and who is read.
public struct Placement: Sendable {
    /// The shards that one part is written to: one, or during a change two.
    public struct Owners: Equatable, Sendable {
        /// Indices into the topology's shards.
        public let first: Int
        public let second: Int?

        public func contains(_ shard: Int) -> Bool { first == shard || second == shard }
    }

    public let topology: Topology
    private let current: RendezvousHash
    /// Nil when no change is under way.
    private let next: RendezvousHash?
    private let seeds: [UInt64]

    public init(_ topology: Topology) {
        self.topology = topology
        current = RendezvousHash(topology.shards.map { ($0.name, $0.weight) })
        seeds = topology.shards.map { RendezvousHash.seed(of: $0.name) }
        next = topology.phase == .stable ? nil : RendezvousHash(topology.shards.map { ($0.name, $0.nextWeight) })
    }

    /// The shards that know of a part.
    public func writers(of part: SwarmPart) -> Owners {
        let key = part.placementKey
        // A checked topology has a shard with weight under both.
        let first = current.owner(of: key) ?? 0
        guard let second = next?.owner(of: key), second != first else { return Owners(first: first, second: nil) }
        return Owners(first: first, second: second)
    }

    /// The shard that is asked about a part.
    public func reader(of part: SwarmPart) -> Int {
        let hash = topology.phase == .switching ? next ?? current : current
        return hash.owner(of: part.placementKey) ?? 0
    }

    /// The shards in the order in which they are preferred for something of a node, by their indices.
    ///
    /// Names decide, so that nodes whose topologies differ agree on the order of the shards that both know.
    public func preference(of node: UInt64) -> [Int] {
        let key = scrambled(node)
        return seeds.enumerated().map { ($0.offset, scrambled(key ^ $0.element)) }.sorted { $0.1 > $1.1 }.map(\.0)
    }
}
