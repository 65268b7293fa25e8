import CoreMetrics
import NIOCore
import Presence
import RedisClient
import TrackerCore

/// Signals on their way to one node, in one publish.
final class SignalParcel {
    let kind: SignalPack.Kind
    let node: UInt64
    let signals: [PeerSignal]
    /// Shards that answered that nobody listens there.
    var tried: Set<String> = []

    init(_ kind: SignalPack.Kind, to node: UInt64, _ signals: [PeerSignal]) {
        self.kind = kind
        self.node = node
        self.signals = signals
    }
}

/// What a loop has to tell other nodes at the end of its turn.
struct Outbox {
    struct Address: Hashable {
        var node: UInt64
        var kind: SignalPack.Kind
    }

    private(set) var signals: [Address: [PeerSignal]] = [:]

    /// True for the first signal since the box was emptied.
    mutating func add(_ signal: PeerSignal, _ kind: SignalPack.Kind) -> Bool {
        let isFirst = signals.isEmpty
        let node = kind == .deliver ? signal.to.node : signal.from.node
        signals[Address(node: node, kind: kind), default: []].append(signal)
        return isFirst
    }

    /// Empties the box into parcels within the size of a pack.
    mutating func parcels() -> [SignalParcel] {
        defer { signals = [:] }
        return signals.flatMap { address, signals in
            var parcels: [SignalParcel] = []
            var pack: [PeerSignal] = []
            var size = 0
            for signal in signals {
                let more = SignalPack.size(of: signal, address.kind)
                if !pack.isEmpty, size + more > SignalPack.sizeLimit {
                    parcels.append(SignalParcel(address.kind, to: address.node, pack))
                    pack = []
                    size = 0
                }
                pack.append(signal)
                size += more
            }
            return parcels + [SignalParcel(address.kind, to: address.node, pack)]
        }
    }
}

/// Signals to peers of other nodes.
extension LoopPresence {
    /// Takes a signal to its target's node, with all others for that node of this turn of the loop.
    func relay(_ signal: PeerSignal) { post(signal, .deliver) }

    /// Tells a sender's node that its signal did not arrive.
    func bounce(_ signal: PeerSignal) { post(signal, .undeliverable) }

    private func post(_ signal: PeerSignal, _ kind: SignalPack.Kind) {
        guard outbox.add(signal, kind) else { return }
        eventLoop.assumeIsolated().execute { [weak self] in
            guard let self else { return }
            for parcel in self.outbox.parcels() { self.publish(parcel) }
        }
    }

    private func publish(_ parcel: SignalParcel) {
        guard keeper.isHeld(now: now), let slot = slot(for: parcel), let link = slot.link else { return giveUp(parcel) }
        let size = SignalPack.size(of: parcel.signals, parcel.kind)
        let error = link.send(.publish(parcel)) { writer in
            writer.command("PUBLISH", arguments: 2)
            writer.argument(PresenceKey.inbox(parcel.node))
            writer.argument(count: size) { buffer in
                SignalPack.write(parcel.kind, parcel.signals, sender: (node, floor), into: &buffer)
            }
        }
        if error != nil { giveUp(parcel) }
    }

    /// The first shard, in the order that all nodes have for the target, on which the target is alive under the epochs that are meant.
    private func slot(for parcel: SignalParcel) -> ShardSlot? {
        guard let placement else { return nil }
        let epoch = parcel.signals.map { parcel.kind == .deliver ? $0.to.epoch : $0.from.epoch }.max() ?? 0
        return placement.preference(of: parcel.node).lazy.map { self.slots[$0] }.first { slot in
            slot.phase != .down && !parcel.tried.contains(slot.shard.name)
                && slot.leases?.isReachable(node: parcel.node, epoch: epoch) == true
        }
    }

    /// A publish was answered by the number of its receivers. A node may miss its subscription on one shard for a moment.
    func published(_ parcel: SignalParcel, receivers: Int, _ slot: ShardSlot) {
        guard receivers == 0 else { return counters.relayed.increment(by: parcel.signals.count) }
        parcel.tried.insert(slot.shard.name)
        publish(parcel)
    }

    private func giveUp(_ parcel: SignalParcel) {
        guard parcel.kind == .deliver else { return }
        for signal in parcel.signals { onUndeliverable?(signal) }
    }
}
