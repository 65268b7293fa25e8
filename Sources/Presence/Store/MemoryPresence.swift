import ContentTrust
import Synchronization

/// Presence in memory, as a value: the whole of what the embedded store decides.
public struct MemoryPresence: Sendable {
    private var swarms: [ContentID: Swarm] = [:]

    public init() {}

    /// Contents that somebody has.
    public var contentCount: Int { swarms.count }

    /// Carries out one command.
    public mutating func perform(_ command: PresenceCommand, using random: inout some RandomNumberGenerator)
        -> PresenceReply
    {
        switch command {
        case .add(let content, let peer):
            swarms[content, default: Swarm()].insert(peer)
            return .done
        case .remove(let content, let peer):
            guard let index = swarms.index(forKey: content) else { return .done }
            swarms.values[index].remove(peer)
            if swarms.values[index].isEmpty { swarms.remove(at: index) }
            return .done
        case .find(let content, let limit, let excluded):
            return .peers(swarms[content]?.sample(limit, excluding: excluded, using: &random) ?? [])
        }
    }
}

/// The embedded store of a single node: presence in the memory of this process, for any number of event loops.
///
/// Replies before `perform` returns, on the caller's thread.
public final class MemoryPresenceStore: PresenceStore {
    private struct State {
        var presence = MemoryPresence()
        var random = SplitMix64(seed: .random(in: .min ... .max))
    }

    // One lock for the node: a batch holds it for a fraction of a microsecond a command, and a node has few event loops.
    private let state = Mutex(State())

    public let node: UInt64

    /// - Parameter node: the node's number.
    public init(node: UInt64 = .random(in: .min ... .max)) { self.node = node }

    public func perform(_ batch: [PresenceCommand], reply: @escaping @Sendable ([PresenceReply]) -> Void) {
        let replies = state.withLock { state in
            batch.map { state.presence.perform($0, using: &state.random) }
        }
        reply(replies)
    }

    /// Contents that somebody has.
    public var contentCount: Int { state.withLock { $0.presence.contentCount } }
}
