import NIOCore
import Presence
import TrackerProtocol

/// Signals between introduced peers (Docs/Protocol.md §3.4).
extension TrackerCore {
    mutating func signal(
        _ data: ByteBuffer,
        to target: PeerID,
        from peer: PeerID,
        now: Moment,
        actions: inout [TrackerAction]
    ) {
        let lifetime = limits.introductionLifetime
        let address = connections[peer]?.introductions.use(target, now: now, lifetime: lifetime)
        guard var address else {
            let error = ProtocolError(
                .notIntroduced,
                "This connection was not introduced to that peer, or too long ago.",
                field: "to",
                got: .text(target.text)
            )
            return reject(RejectedMessage(error: error), peer, &actions)
        }
        // A peer of this very node is there or it is not; epochs are for what other nodes believe.
        if address.node == node { address.epoch = epoch }
        tally.signals += 1
        actions.append(.relay(PeerSignal(from: self.address(of: peer), to: address, data: data)))
    }

    /// A signal has come for a peer of this core. False when that peer is gone, or the signal was meant for an epoch that is over; the
    /// sender's core is then to be told.
    public mutating func deliver(_ signal: PeerSignal, now: Moment, actions: inout [TrackerAction]) -> Bool {
        let target = PeerID(rawValue: signal.to.peer)
        guard signal.to.node == node, connections[target] != nil else { return false }
        guard signal.to.epoch >= epoch else {
            tally.staleSignals += 1
            return false
        }
        let capacity = limits.introductionMemory
        connections[target]?.introductions.introduce(signal.from, now: now, capacity: capacity)
        actions.append(.send(.signal(from: PeerID(rawValue: signal.from.peer), data: signal.data), to: target))
        return true
    }

    /// A signal from a peer of this core could not be delivered.
    public mutating func undeliverable(_ signal: PeerSignal, actions: inout [TrackerAction]) {
        let sender = PeerID(rawValue: signal.from.peer)
        guard connections[sender] != nil else { return }
        tally.undeliverableSignals += 1
        actions.append(.send(.gone(peer: PeerID(rawValue: signal.to.peer)), to: sender))
    }
}
