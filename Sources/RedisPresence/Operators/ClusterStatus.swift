/// A cluster as one of its nodes sees it, for operators.
public struct ClusterStatus: Codable, Equatable, Sendable {
    /// A node with at least one lease.
    public struct Node: Codable, Equatable, Sendable {
        public var name: String
        /// 16 hexadecimal digits, new at each start.
        public var id: String
        /// The lowest epoch in force (Docs/Guarantees.md).
        public var epoch: Int
        /// The shards on which it has a lease.
        public var leases: [String]
        public var connections: Int
        /// Peer–content pairs.
        public var announced: Int
        /// The epoch of the topology that it has carried out.
        public var topology: Int
        public var draining: Bool
        /// Why it cannot carry out a newer one; empty when nothing is wrong.
        public var problem: String
    }

    public struct Shard: Codable, Equatable, Sendable {
        public var name: String
        public var url: String
        public var reachable: Bool
        /// Why it is not usable; empty when it is.
        public var problem: String
        public var weight: Int
        public var nextWeight: Int
        public var leaving: Bool
        /// What it should have of all contents by its weight, 0 to 1.
        public var idealShare: Double
        /// What it has, 0 to 1; nil when it cannot be asked.
        public var share: Double?
        /// Contents, or parts of very hot ones; nil when it cannot be asked.
        public var contents: Int?
        public var memoryBytes: Int?
        /// `maxmemory`; 0 for none.
        public var memoryLimitBytes: Int?
        /// Nodes with a lease there.
        public var nodes: Int
    }

    public struct Topology: Codable, Equatable, Sendable {
        public var epoch: Int
        /// `stable`, `prepare` or `switch`.
        public var phase: String
    }

    public struct Swarms: Codable, Equatable, Sendable {
        /// Swarms of one class of sizes.
        public struct Sizes: Codable, Equatable, Sendable {
            public var atLeast: Int
            public var swarms: Int
        }

        public struct Swarm: Codable, Equatable, Sendable {
            /// The content ID in base64url.
            public var content: String
            public var peers: Int
        }

        /// Contents that were looked at: at most ``ClusterSurvey/sampleLimit`` of each shard.
        public var sampled: Int
        /// By powers of ten.
        public var sizes: [Sizes]
        /// Of the sample, the largest first.
        public var largest: [Swarm]
    }

    public var nodes: [Node]
    public var shards: [Shard]
    public var topology: Topology
    public var swarms: Swarms
}
