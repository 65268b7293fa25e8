import Presence
import TrackerProtocol

/// The peers that one connection may signal to, and until when (Docs/Protocol.md §3.4).
///
/// At most `capacity` of them are kept, in the order of their last use; the one unused for longest makes room. A plain array, because it
/// is small, mostly empty, and searched only when a signal passes.
struct Introductions {
    private struct Entry {
        var address: PeerAddress
        var lastUse: Int
    }

    /// The last one is the latest used.
    private var entries: [Entry] = []

    var count: Int { entries.count }

    /// Introduces, or renews.
    mutating func introduce(_ addresses: [PeerAddress], now: Moment, capacity: Int) {
        for address in addresses { introduce(address, now: now, capacity: capacity) }
    }

    /// Introduces, or renews.
    mutating func introduce(_ address: PeerAddress, now: Moment, capacity: Int) {
        if let index = entries.lastIndex(where: { $0.address == address }) {
            // The newer address stands: the peer's node may have taken a new epoch.
            entries.remove(at: index)
        } else if entries.count >= capacity {
            entries.removeFirst()
        }
        entries.append(Entry(address: address, lastUse: now.uptimeMilliseconds))
    }

    /// Where a peer is, if the introduction to it still holds; renews it.
    mutating func use(_ peer: PeerID, now: Moment, lifetime: Int) -> PeerAddress? {
        let oldest = now.uptimeMilliseconds - lifetime * 1000
        entries.removeAll { $0.lastUse < oldest }
        guard let index = entries.lastIndex(where: { $0.address.peer == peer.rawValue }) else { return nil }
        var entry = entries.remove(at: index)
        entry.lastUse = now.uptimeMilliseconds
        entries.append(entry)
        return entry.address
    }
}
