import Presence
import RedisPresence
import Synchronization
import TrackerCore

/// Takes signals to the loop of their target, which the first byte of its peer ID names, or to the target's node.
final class SignalRouter: Sendable {
    private let node: UInt64
    private let cluster: RedisPresence?
    private let workers = Mutex<[WorkerReference]>([])

    /// - Parameter cluster: the way to other nodes; nil when there are none.
    init(node: UInt64, cluster: RedisPresence?) {
        self.node = node
        self.cluster = cluster
    }

    /// Workers are added in the order of their indices.
    func add(_ worker: WorkerReference) { workers.withLock { $0.append(worker) } }

    /// Towards a signal's target. On the loop of its sender, or for a peer of this node on any thread.
    func deliver(_ signal: PeerSignal) {
        if signal.to.node == node {
            worker(of: signal.to)?.perform { $0.deliver(signal) }
        } else if let cluster {
            cluster.relay(signal)
        } else {
            bounce(signal)
        }
    }

    /// Back to a signal's sender, because its target is gone. On a loop of this node.
    func bounce(_ signal: PeerSignal) {
        if signal.from.node == node {
            worker(of: signal.from)?.perform { $0.undeliverable(signal) }
        } else {
            cluster?.bounce(signal)
        }
    }

    private func worker(of address: PeerAddress) -> WorkerReference? {
        let index = Int(address.peer >> 56)
        return workers.withLock { index < $0.count ? $0[index] : nil }
    }
}
