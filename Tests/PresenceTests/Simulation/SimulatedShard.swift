import ContentTrust
import TestSupport

@testable import Presence

/// A shard as Redis is one: keys that go when they are empty, leases that run out, and no idea of what any of it means.
struct SimulatedShard {
    enum Command {
        case add(SwarmPart, PresenceMember)
        case remove(SwarmPart, [PresenceMember])
        case keep(SwarmPart)
        case sample(SwarmPart, Int)
        case renew(UInt64, NodeRecord, mustExist: Bool)
        case readLeases
        case barrier
    }

    enum Reply {
        case done
        case missing
        case members([PresenceMember])
        /// With the time at which they were true, and the topology that the shard had then.
        case leases(LeaseTable, at: Int, Topology)
    }

    struct Key {
        private(set) var members: [PresenceMember] = []
        private var places: [PresenceMember: Int] = [:]
        var isKept = false

        mutating func insert(_ member: PresenceMember) {
            guard places[member] == nil else { return }
            places[member] = members.count
            members.append(member)
        }

        mutating func remove(_ member: PresenceMember) {
            guard let place = places.removeValue(forKey: member) else { return }
            let last = members.removeLast()
            guard place < members.count else { return }
            members[place] = last
            places[last] = place
        }
    }

    let name: String
    private(set) var keys: [SwarmPart: Key] = [:]
    private var records: [UInt64: (record: NodeRecord, expires: Int)] = [:]
    var isUp = true

    init(name: String) { self.name = name }

    /// As after a restart, or FLUSHALL.
    mutating func forget() { self = SimulatedShard(name: name) }

    func leases(now: Int) -> LeaseTable {
        LeaseTable(nodes: records.filter { $0.value.expires > now }.mapValues(\.record))
    }

    mutating func carryOut(
        _ command: Command,
        now: Int,
        topology: Topology,
        using random: inout SplitMix64
    ) -> Reply {
        switch command {
        case .add(let part, let member): keys[part, default: Key()].insert(member)
        case .remove(let part, let members):
            for member in members { keys[part]?.remove(member) }
            if keys[part]?.members.isEmpty == true { keys[part] = nil }
        case .keep(let part): keys[part]?.isKept = true
        case .sample(let part, let count):
            return .members(sample(keys[part]?.members ?? [], count, using: &random))
        case .renew(let node, let record, let mustExist):
            if mustExist, records[node].map({ $0.expires <= now }) ?? true { return .missing }
            records[node] = (record, now + NodeLease.duration)
        case .readLeases: return .leases(leases(now: now), at: now, topology)
        case .barrier: break
        }
        return .done
    }

    /// As HRANDFIELD with a positive count: different members in their own order.
    private func sample(
        _ members: [PresenceMember],
        _ count: Int,
        using random: inout SplitMix64
    ) -> [PresenceMember] {
        guard count < members.count else { return members }
        var wanted = count
        // Selection sampling (Knuth, The Art of Computer Programming 3.4.2, algorithm S).
        return members.enumerated().filter { index, _ in
            guard Int.random(in: 0..<members.count - index, using: &random) < wanted else { return false }
            wanted -= 1
            return true
        }.map(\.element)
    }
}

/// A connection: commands in order, answers in order, and both lost when it breaks.
final class SimulatedLink {
    /// What an answer means to the node.
    enum Token {
        case nothing
        case write(LocalPresence.Entry)
        case renewed(sentAt: Int, epochs: [UInt32])
        case leases(reading: Int)
        case find(SimulatedFind, PeerSearch.Question)
        case barrier(SimulatedSweep)
    }

    let shard: Int
    private(set) var isUp = true
    private(set) var requests: [(SimulatedShard.Command, Token)] = []
    var replies: [(SimulatedShard.Reply, Token)] = []
    /// Nothing passes in one direction until then.
    var requestsStalledUntil = 0
    var repliesStalledUntil = 0

    init(to shard: Int) { self.shard = shard }

    var isIdle: Bool { requests.isEmpty && replies.isEmpty }

    func send(_ command: SimulatedShard.Command, _ token: Token = .nothing) {
        if isUp { requests.append((command, token)) }
    }

    /// The first commands on their way.
    func take(_ count: Int) -> ArraySlice<(SimulatedShard.Command, Token)> {
        let taken = requests.prefix(count)
        requests.removeFirst(taken.count)
        return taken
    }

    /// Gives what no answer comes to any more.
    @discardableResult
    func breakDown() -> [Token] {
        let lost = replies.map(\.1) + requests.map(\.1)
        isUp = false
        requests = []
        replies = []
        return lost
    }

    func comeUp() { isUp = true }
}
