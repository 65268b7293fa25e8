import ContentTrust

/// What the peers of one event loop have, and in which part of each swarm they were put: the truth that shards are an index of.
///
/// A value; it says what is to be written, and never forgets what was, so that everything can be written again.
public struct LocalPresence: Sendable {
    /// One peer–content pair.
    public struct Entry: Hashable, Sendable {
        public let content: ContentID
        public let peer: UInt64
    }

    /// What one entry means to the shards.
    public enum Write: Equatable, Sendable {
        case add(SwarmPart, peer: UInt64)
        case remove(SwarmPart, peer: UInt64)
        /// The first peer of this loop in a content: its keys get their time to live.
        case keep(SwarmPart)
        /// Part 0 says that there are parts up to a level. Its key gets its time to live, as by `keep`: this loop may have no peer there.
        case mark(ContentID, level: Int)
        case unmark(ContentID, level: Int)
    }

    private struct Swarm {
        var count: Int32 = 0
        /// Peers outside of part 0.
        var spread: Int32 = 0
        /// The level of this loop's marker in part 0; 0 for none.
        var marked: UInt8 = 0
    }

    private var levels: [Entry: UInt8] = [:]
    private var swarms: [ContentID: Swarm] = [:]
    /// How many event loops the cluster has that presumably hold as much as this one: a load balancer spreads peers evenly.
    public var loopsInCluster = 1

    public init() {}

    /// Peer–content pairs.
    public var count: Int { levels.count }

    /// A peer has a content. Nothing is to be written when that was known.
    public mutating func add(_ content: ContentID, _ peer: UInt64) -> [Write] {
        let entry = Entry(content: content, peer: peer)
        guard levels[entry] == nil else { return [] }
        var swarm = swarms[content] ?? Swarm()
        swarm.count += 1
        let level = SwarmPart.level(population: Int(swarm.count) * loopsInCluster)
        let part = SwarmPart(content: content, number: SwarmPart.number(of: peer, level: level))
        var writes: [Write] = [.add(part, peer: peer)]
        // Parts above 0 are kept by every add of their own: nobody counts who was first in them.
        if swarm.count == 1 || part.number > 0 { writes.append(.keep(part)) }
        if part.number > 0 {
            swarm.spread += 1
            if level > swarm.marked {
                // The new one first: in between, a search would see no marker, and a key with nothing else would be gone.
                writes.append(.mark(content, level: level))
                if swarm.marked > 0 { writes.append(.unmark(content, level: Int(swarm.marked))) }
                swarm.marked = UInt8(level)
            }
        }
        levels[entry] = UInt8(level)
        swarms[content] = swarm
        return writes
    }

    /// A peer no longer has a content. Nothing is to be written when it never had.
    public mutating func remove(_ content: ContentID, _ peer: UInt64) -> [Write] {
        guard let level = levels.removeValue(forKey: Entry(content: content, peer: peer)), var swarm = swarms[content]
        else { return [] }
        let part = SwarmPart(content: content, number: SwarmPart.number(of: peer, level: Int(level)))
        var writes: [Write] = [.remove(part, peer: peer)]
        swarm.count -= 1
        if part.number > 0 {
            swarm.spread -= 1
            if swarm.spread == 0 {
                writes.append(.unmark(content, level: Int(swarm.marked)))
                swarm.marked = 0
            }
        }
        swarms[content] = swarm.count > 0 ? swarm : nil
        return writes
    }

    /// Everything, to be gone through in pieces with ``writes(for:)``.
    public var entries: [Entry] { Array(levels.keys) }

    /// What writes an entry again; nothing when it is gone.
    public func writes(for entry: Entry) -> [Write] {
        guard let level = levels[entry], let swarm = swarms[entry.content] else { return [] }
        let number = SwarmPart.number(of: entry.peer, level: Int(level))
        let part = SwarmPart(content: entry.content, number: number)
        var writes: [Write] = [.add(part, peer: entry.peer), .keep(part)]
        if number > 0, swarm.marked > 0 { writes.append(.mark(entry.content, level: Int(swarm.marked))) }
        return writes
    }

    /// The level at which a search for a content begins: what this loop would write at.
    public func level(of content: ContentID) -> Int {
        guard let swarm = swarms[content] else { return 0 }
        return SwarmPart.level(population: Int(swarm.count) * loopsInCluster)
    }
}
