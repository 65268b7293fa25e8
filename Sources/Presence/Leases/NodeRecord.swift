import ContentTrust

/// What a node says of itself on one shard, for as long as its lease there lasts: the value of the lease's key.
public struct NodeRecord: Equatable, Sendable {
    /// As operators know it.
    public var name: String
    /// The lowest epoch that is still in force anywhere: what was said to an earlier one is stale.
    public var floor: UInt32
    /// Of each event loop of the node on this shard.
    public var epochs: [UInt32]
    /// The topology that the node has carried out, in all of its event loops.
    public var topology: Int
    public var connections: Int
    /// Peer–content pairs.
    public var announced: Int
    /// Clients are being told to move to other nodes.
    public var isDraining: Bool
    /// Why the node cannot carry out the newest topology; empty when nothing is wrong.
    public var problem: String

    public init(
        name: String,
        floor: UInt32,
        epochs: [UInt32],
        topology: Int,
        connections: Int = 0,
        announced: Int = 0,
        isDraining: Bool = false,
        problem: String = ""
    ) {
        self.name = name
        self.floor = floor
        self.epochs = epochs
        self.topology = topology
        self.connections = connections
        self.announced = announced
        self.isDraining = isDraining
        self.problem = problem
    }

    /// As JSON.
    public var encoded: [UInt8] {
        JSONValue.object([
            "name": .string(name), "floor": .integer(Int(floor)),
            "epochs": .array(epochs.map { .integer(Int($0)) }), "topology": .integer(topology),
            "connections": .integer(connections), "announced": .integer(announced), "draining": .boolean(isDraining),
            "problem": .string(problem),
        ]).encoded
    }

    /// Nil when it is not the record of a node that this program understands; such a node counts as dead here.
    public init?(encoded: [UInt8]) {
        guard let object = try? JSONParser.parse(encoded).object, let name = object["name"]?.string,
            let floor = object["floor"]?.integer.flatMap(UInt32.init(exactly:)),
            let epochs = object["epochs"]?.array?.map({ $0.integer.flatMap(UInt32.init(exactly:)) }),
            !epochs.contains(nil), let topology = object["topology"]?.integer,
            let connections = object["connections"]?.integer, let announced = object["announced"]?.integer,
            let isDraining = object["draining"]?.boolean, let problem = object["problem"]?.string
        else { return nil }
        self.init(
            name: name,
            floor: floor,
            epochs: epochs.compactMap { $0 },
            topology: topology,
            connections: connections,
            announced: announced,
            isDraining: isDraining,
            problem: problem
        )
    }
}

/// The nodes with a lease on one shard, as they were read last.
public struct LeaseTable: Equatable, Sendable {
    public enum Standing: Equatable, Sendable {
        case live
        /// Its node has taken a new epoch since; the entry is a left-over.
        case dead
        /// Its node has no lease by this table. A lease is there before the first entry is, so by a table that was read after the entry
        /// this means dead.
        case absent
        /// Its epoch is newer than this table.
        case ahead
    }

    public var nodes: [UInt64: NodeRecord]

    public init(nodes: [UInt64: NodeRecord] = [:]) { self.nodes = nodes }

    /// How a member stands by this table.
    public func standing(of member: PresenceMember) -> Standing {
        guard let record = nodes[member.node] else { return .absent }
        guard member.loop < record.epochs.count else { return .dead }
        let epoch = record.epochs[member.loop]
        return member.epoch == epoch ? .live : member.epoch > epoch ? .ahead : .dead
    }

    /// Whether a newer table may say something else of a member.
    public func isOutdated(by member: PresenceMember) -> Bool {
        let standing = standing(of: member)
        return standing == .absent || standing == .ahead
    }

    /// Whether what is addressed to a node under an epoch can still be delivered there.
    public func isReachable(node: UInt64, epoch: UInt32) -> Bool {
        nodes[node].map { epoch >= $0.floor } ?? false
    }
}
