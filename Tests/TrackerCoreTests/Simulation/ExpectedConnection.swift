import ContentTrust
import Presence
import TrackerProtocol

@testable import TrackerCore

/// What a connection's state must be by the protocol, kept in the plainest way beside the core's own.
struct ExpectedConnection {
    /// One entry of a find, and what must come back for it.
    enum Entry: Equatable {
        case content(Int, isURL: Bool)
        case pending
        case refused(ProtocolError.Code)
    }

    struct Find {
        var entries: [Entry]
        var wanted: Int

        /// The contents that the store must be asked for.
        var contents: [ContentID] {
            wanted == 0
                ? []
                : entries.compactMap { if case .content(let number, _) = $0 { Sample.content(number) } else { nil } }
        }
    }

    let address: PeerAddress
    /// The index of its node.
    let node: Int
    var announced: Set<ContentID> = []
    var finds: [Int: Find] = [:]
    var lastHeard: Int
    /// In the order of their last use.
    private var introductions: [(address: PeerAddress, lastUse: Int)] = []

    init(address: PeerAddress, node: Int, now: Moment) {
        self.address = address
        self.node = node
        lastHeard = now.uptimeMilliseconds
    }

    var introduced: [PeerAddress] { introductions.map(\.address) }

    mutating func introduce(_ peer: PeerAddress, now: Moment, limits: ProtocolLimits) {
        introductions.removeAll { $0.address == peer }
        introductions.append((peer, now.uptimeMilliseconds))
        if introductions.count > limits.introductionMemory { introductions.removeFirst() }
    }

    /// Whether a signal to a peer must pass now; it then renews the introduction.
    mutating func maySignal(_ peer: PeerID, now: Moment, limits: ProtocolLimits) -> Bool {
        let known = introductions.last { $0.address.peer == peer.rawValue }
        guard let known, now.uptimeMilliseconds - known.lastUse <= limits.introductionLifetime * 1000 else {
            return false
        }
        introduce(known.address, now: now, limits: limits)
        return true
    }
}
