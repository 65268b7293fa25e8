import NIOCore
import Presence
import Synchronization
import TrackerCore

/// One event loop's presence as others hold it: they can only hand it work for its own loop.
struct LoopReference: Sendable {
    let eventLoop: any EventLoop
    private let loop: NIOLoopBound<LoopPresence>

    /// To be made on the event loop.
    init(_ loop: LoopPresence) {
        eventLoop = loop.eventLoop
        self.loop = NIOLoopBound(loop, eventLoop: loop.eventLoop)
    }

    /// Does the work at once when called on the loop, otherwise soon; in the order of the calls from any one thread.
    func perform(_ work: @escaping @Sendable (LoopPresence) -> Void) {
        if eventLoop.inEventLoop { work(loop.value) } else { eventLoop.execute { work(loop.value) } }
    }
}

/// The node's keeper as its event loops hold it.
final class LeaseKeeperReference: Sendable {
    private let eventLoop: any EventLoop
    private let shared: SharedLease
    /// Set once, before any loop works.
    private let keeper = Mutex<NIOLoopBound<LeaseKeeper>?>(nil)

    init(eventLoop: any EventLoop, shared: SharedLease) {
        self.eventLoop = eventLoop
        self.shared = shared
    }

    func set(_ keeper: LeaseKeeper) {
        let bound = NIOLoopBound(keeper, eventLoop: eventLoop)
        self.keeper.withLock { $0 = bound }
    }

    /// Whether the node may speak for its peers now. From any thread.
    func isHeld(now: Int) -> Bool { now < shared.heldUntil.load(ordering: .acquiring) }

    func reconnected(loop: Int, shard: String) { perform { $0.reconnected(loop: loop, shard: shard) } }
    func readLeases(shard: String, loop: Int, request: Int) {
        perform { $0.readLeases(shard: shard, loop: loop, request: request) }
    }
    func settled(loop: Int, topology: Int) { perform { $0.settled(loop: loop, topology: topology) } }

    /// Asks the keeper something, from anywhere.
    func ask<Answer: Sendable>(_ question: @escaping @Sendable (LeaseKeeper) throws -> Answer) -> EventLoopFuture<
        Answer
    > {
        guard let keeper = keeper.withLock({ $0 }) else { return eventLoop.makeFailedFuture(ClusterError.notStarted) }
        return eventLoop.submit { try question(keeper.value) }
    }

    private func perform(_ work: @escaping @Sendable (LeaseKeeper) -> Void) {
        guard let keeper = keeper.withLock({ $0 }) else { return }
        // Never at once, also on the keeper's own loop: a keeper in the middle of something must not be called back into.
        eventLoop.execute { work(keeper.value) }
    }
}

/// What every event loop may read of the node's leases without a hop.
final class SharedLease: Sendable {
    /// Milliseconds of the uptime clock until which a lease is in force if nothing more is confirmed.
    let heldUntil = Atomic<Int>(.min)
    /// Peer–content pairs of all loops.
    let announced = Atomic<Int>(0)
    private let connections: @Sendable () -> Int

    init(connections: @escaping @Sendable () -> Int) { self.connections = connections }

    func counts() -> (connections: Int, announced: Int) { (connections(), announced.load(ordering: .relaxed)) }
}

/// What a node does about news of its membership. Called on the keeper's event loop.
public struct ClusterHandlers: Sendable {
    /// A signal came for a peer of this node.
    public var onSignal: @Sendable (PeerSignal) -> Void
    /// A signal of a peer of this node did not arrive.
    public var onUndeliverable: @Sendable (PeerSignal) -> Void
    /// Signals to an epoch before this one are stale from now on. Called before any signal that came later.
    public var onFenced: @Sendable (UInt32) -> Void

    public init(
        onSignal: @escaping @Sendable (PeerSignal) -> Void,
        onUndeliverable: @escaping @Sendable (PeerSignal) -> Void,
        onFenced: @escaping @Sendable (UInt32) -> Void
    ) {
        self.onSignal = onSignal
        self.onUndeliverable = onUndeliverable
        self.onFenced = onFenced
    }
}

/// Why a node cannot take part in its cluster, or a change of it is refused. For a person.
public enum ClusterError: Error, Equatable, CustomStringConvertible {
    case notStarted
    /// The shards and the node contradict each other.
    case unusable(String)
    /// A change was asked for that cannot be made now.
    case refused(String)

    public var description: String {
        switch self {
        case .notStarted: "The node has not joined its cluster yet; try again when /readyz says ready."
        case .unusable(let reason), .refused(let reason): reason
        }
    }
}
