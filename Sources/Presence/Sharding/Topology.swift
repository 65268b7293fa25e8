import ContentTrust

/// The shards of a cluster, and how far a change of them has come: a versioned document that the shards themselves keep.
///
/// A change takes three steps, each a new epoch, and each is taken when every node has carried out the one before:
/// 1. **prepare**: nodes write to the owners by the old and by the new weights, and read by the old ones;
/// 2. **switch**: they write to both, and read by the new ones;
/// 3. **stable** again: they write and read by the new ones, and take back what they wrote to former owners.
/// Nodes differ by at most one step, so whatever one reads, all have written.
public struct Topology: Equatable, Sendable {
    /// The version of the document's format that this program reads and writes.
    public static let format = 1
    public static let shardLimit = 64
    public static let nameLimit = 32
    public static let weightRange = 0...100

    public enum Phase: String, Sendable {
        case stable, prepare
        case switching = "switch"
    }

    public struct Shard: Equatable, Sendable {
        /// Decides what the shard owns; an address may change, a name may not.
        public let name: String
        /// `redis://` or `rediss://`.
        public let url: String
        /// In force; 0 owns nothing.
        public let weight: Int
        /// After the change that is under way; equal to ``weight`` when there is none.
        public let nextWeight: Int
        /// Goes with the change that is under way.
        public let isLeaving: Bool
    }

    /// Grows with each step.
    public let epoch: Int
    public let phase: Phase
    /// In the order of their names.
    public let shards: [Shard]

    private init(epoch: Int, phase: Phase, shards: [Shard]) {
        self.epoch = epoch
        self.phase = phase
        self.shards = shards.sorted { $0.name < $1.name }
    }

    /// The first topology of a cluster, all shards alike.
    public init(initial shards: [(name: String, url: String)]) throws(TopologyError) {
        let shards = shards.map { Shard(name: $0.name, url: $0.url, weight: 1, nextWeight: 1, isLeaving: false) }
        self.init(epoch: 1, phase: .stable, shards: shards)
        try check()
    }

    // MARK: Changes

    /// The first step of adding a shard.
    public func adding(_ name: String, url: String, weight: Int = 1) throws(TopologyError) -> Topology {
        if let known = shards.first(where: { $0.name == name }) {
            throw TopologyError("There is a shard \(name) already, at \(known.url); choose another name.")
        }
        guard weight > 0 else { throw TopologyError("A new shard needs a weight of 1 to 100, not \(weight).") }
        let added = Shard(name: name, url: url, weight: 0, nextWeight: weight, isLeaving: false)
        return try preparing(shards + [added])
    }

    /// The first step of moving everything off a shard, which stays connected.
    public func draining(_ name: String) throws(TopologyError) -> Topology {
        try changing(name) { Shard(name: $0.name, url: $0.url, weight: $0.weight, nextWeight: 0, isLeaving: false) }
    }

    /// The first step of removing a shard.
    public func removing(_ name: String) throws(TopologyError) -> Topology {
        try changing(name) { Shard(name: $0.name, url: $0.url, weight: $0.weight, nextWeight: 0, isLeaving: true) }
    }

    /// The next step of the change that is under way; nil when there is none.
    public var advanced: Topology? {
        switch phase {
        case .stable: return nil
        case .prepare: return Topology(epoch: epoch + 1, phase: .switching, shards: shards)
        case .switching:
            let next = shards.filter { !$0.isLeaving }.map {
                Shard(name: $0.name, url: $0.url, weight: $0.nextWeight, nextWeight: $0.nextWeight, isLeaving: false)
            }
            return Topology(epoch: epoch + 1, phase: .stable, shards: next)
        }
    }

    /// Back to how it was, as long as nobody reads by the new weights; nil otherwise.
    public var abandoned: Topology? {
        guard phase == .prepare else { return nil }
        let former = shards.filter { $0.weight > 0 || $0.nextWeight == 0 }.map {
            Shard(name: $0.name, url: $0.url, weight: $0.weight, nextWeight: $0.weight, isLeaving: false)
        }
        return Topology(epoch: epoch + 1, phase: .stable, shards: former)
    }

    private func changing(_ name: String, _ change: (Shard) -> Shard) throws(TopologyError) -> Topology {
        guard let shard = shards.first(where: { $0.name == name }) else {
            let names = shards.map(\.name).joined(separator: ", ")
            throw TopologyError("There is no shard \(name); the shards are \(names).")
        }
        guard shards.contains(where: { $0.name != name && $0.weight > 0 }) else {
            throw TopologyError("\(name) is the last shard that holds anything; add another one first.")
        }
        return try preparing(shards.filter { $0.name != name } + [change(shard)])
    }

    private func preparing(_ next: [Shard]) throws(TopologyError) -> Topology {
        guard phase == .stable else {
            throw TopologyError("Another change is under way (epoch \(epoch), \(phase.rawValue)); it has to end first.")
        }
        let topology = Topology(epoch: epoch + 1, phase: .prepare, shards: next)
        try topology.check()
        return topology
    }

    private func check() throws(TopologyError) {
        guard epoch > 0 else { throw TopologyError("The epoch of a topology is 1 or more, not \(epoch).") }
        guard (1...Self.shardLimit).contains(shards.count) else {
            throw TopologyError("A cluster has 1 to \(Self.shardLimit) shards, not \(shards.count).")
        }
        for shard in shards {
            guard (1...Self.nameLimit).contains(shard.name.utf8.count), shard.name.utf8.allSatisfy(isNameByte) else {
                throw TopologyError(
                    "A shard's name is 1 to \(Self.nameLimit) of a-z, 0-9 and hyphen, not \"\(shard.name)\"."
                )
            }
            for weight in [shard.weight, shard.nextWeight] where !Self.weightRange.contains(weight) {
                throw TopologyError("The weight of shard \(shard.name) is \(weight), not 0 to 100.")
            }
            guard phase != .stable || (shard.weight == shard.nextWeight && !shard.isLeaving) else {
                throw TopologyError("The shard \(shard.name) is changing, but the topology's phase is stable.")
            }
            guard !shard.isLeaving || shard.nextWeight == 0 else {
                throw TopologyError("The shard \(shard.name) is leaving, but its next weight is \(shard.nextWeight).")
            }
        }
        for (a, b) in zip(shards, shards.dropFirst()) where a.name == b.name {
            throw TopologyError("Two shards have the name \(a.name).")
        }
        for (index, shard) in shards.enumerated() {
            if let twin = shards[..<index].first(where: { $0.url == shard.url }) {
                throw TopologyError("The shards \(twin.name) and \(shard.name) have the same address.")
            }
        }
        guard shards.contains(where: { $0.weight > 0 }), shards.contains(where: { $0.nextWeight > 0 }) else {
            throw TopologyError("No shard has a weight above 0.")
        }
    }
}

private func isNameByte(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
        || byte == UInt8(ascii: "-")
}

/// Why a topology cannot be used or changed. For a person.
public struct TopologyError: Error, Equatable, CustomStringConvertible {
    public let description: String

    init(_ description: String) { self.description = description }
}

// MARK: The document

extension Topology {
    /// The document's bytes; one topology has one document.
    public var document: [UInt8] {
        JSONValue.object([
            "format": .integer(Self.format), "epoch": .integer(epoch), "phase": .string(phase.rawValue),
            "shards": .array(
                shards.map { shard in
                    .object([
                        "name": .string(shard.name), "url": .string(shard.url), "weight": .integer(shard.weight),
                        "nextWeight": .integer(shard.nextWeight), "leaving": .boolean(shard.isLeaving),
                    ])
                }
            ),
        ]).encoded
    }

    /// Reads a document.
    public init(document: [UInt8]) throws(TopologyError) {
        let value: JSONValue
        do throws(JSONError) {
            value = try JSONParser.parse(document)
        } catch {
            throw TopologyError("The topology document is \(error).")
        }
        guard let object = value.object, let format = object["format"]?.integer else {
            throw TopologyError("The topology document has no format number.")
        }
        guard format == Self.format else {
            throw TopologyError(
                "The topology document has format \(format); this program knows \(Self.format). Run the version that wrote it."
            )
        }
        guard let epoch = object["epoch"]?.integer, let phase = object["phase"]?.string.flatMap(Phase.init),
            let shards = object["shards"]?.array
        else {
            throw TopologyError("The topology document lacks epoch, phase or shards.")
        }
        var read: [Shard] = []
        for (index, shard) in shards.enumerated() {
            guard let name = shard.object?["name"]?.string, let url = shard.object?["url"]?.string,
                let weight = shard.object?["weight"]?.integer, let next = shard.object?["nextWeight"]?.integer,
                let isLeaving = shard.object?["leaving"]?.boolean
            else {
                throw TopologyError("shards[\(index)] of the topology document lacks a field.")
            }
            read.append(Shard(name: name, url: url, weight: weight, nextWeight: next, isLeaving: isLeaving))
        }
        self.init(epoch: epoch, phase: phase, shards: read)
        try check()
    }
}
