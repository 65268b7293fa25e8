import CoreMetrics
import NIOCore
import Presence
import RedisClient
import TrackerCore

/// What other nodes send to this one.
extension LeaseKeeper {
    func receivedPack(_ pack: ByteBuffer) {
        // A process that was stopped reads what was sent to it meanwhile, possibly before its clock has told it so.
        checkLease()
        guard lease.isHeld(now: now) else { return }
        guard let (kind, signals) = SignalPack.read(pack, receiver: node) else {
            return counters.unreadablePacks.increment()
        }
        if case .deliver = kind, let sender = signals.first?.from.node { readLeasesOfStranger(sender) }
        for signal in signals {
            switch kind {
            case .deliver: handlers.onSignal(signal)
            case .undeliverable: handlers.onUndeliverable(signal)
            }
        }
    }

    /// The answer to a signal of a node that has just come must not be held back because its lease was not read yet.
    func readLeasesOfStranger(_ sender: UInt64) {
        for shard in shards where shard.leases?.nodes[sender] == nil { readAnew(shard) }
    }
}
