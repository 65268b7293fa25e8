import ContentTrust

/// Where a peer is: the node that holds its connection, and its ID there.
///
/// Two addresses are equal when they name the same peer. The epoch says by which of the node's epochs it was found, for whoever has to
/// recognise what a node said before it was fenced; it is no part of a peer's identity, because a peer outlives a change of epoch.
public struct PeerAddress: Hashable, Sendable {
    /// The node's number, unique within the cluster and new at each start.
    public var node: UInt64
    /// The epoch of the node's presence (``NodeLease``); 0 where nobody has asked a shard yet.
    public var epoch: UInt32
    /// The peer ID's 8 bytes (Docs/Protocol.md), as the node chose them. The first one is the index of the event loop that serves it.
    public var peer: UInt64

    public init(node: UInt64, epoch: UInt32 = 0, peer: UInt64) {
        self.node = node
        self.epoch = epoch
        self.peer = peer
    }

    public static func == (a: Self, b: Self) -> Bool { a.node == b.node && a.peer == b.peer }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(node)
        hasher.combine(peer)
    }
}

/// What a store is asked to do about one content. What is added and removed are peers of the store's own node; their epoch is the store's
/// to know.
public enum PresenceCommand: Equatable, Sendable {
    /// The peer has the content from now on. Said again, it changes nothing.
    case add(ContentID, PeerAddress)
    /// The peer no longer has it. Of a peer that never had it, it changes nothing.
    case remove(ContentID, PeerAddress)
    /// Asks for at most `limit` different peers that have the content, `excluded` never among them.
    case find(ContentID, limit: Int, excluded: PeerAddress)
}

/// A store's answer to one command.
public enum PresenceReply: Equatable, Sendable {
    /// To `add` and `remove`.
    case done
    /// To `find`: in an order that says nothing.
    case peers([PeerAddress])
    /// The store could not do it in time; asking again makes sense after so many seconds. What could not be added or removed the store
    /// makes good by itself as soon as it can.
    case unavailable(retry: Int)
}

/// The index of who has what.
///
/// Presence is soft state: the truth is what each node knows about its own connections, and a store may lose everything without harm.
///
/// What every implementation owes beyond the signatures, and `PresenceConformance` in the tests holds it to:
/// - Commands of one batch take effect in their order; so do batches of one caller. A find sees everything before it, and may see what
///   came after it.
/// - `reply` is called exactly once, with one reply for each command, in order; on any thread, possibly before `perform` returns.
/// - A `find` gives `min(limit, peers there)` different peers, chosen so that each peer is about as likely as any other. It costs
///   O(limit) or O(log peers + limit), never O(peers).
/// - A `find` whose reply comes after an `add` or `remove` of the same content was replied to sees its effect.
/// - What no peer has takes no memory.
public protocol PresenceStore: Sendable {
    /// The number of the node whose peers this store holds.
    var node: UInt64 { get }

    /// Carries out a batch.
    func perform(_ batch: [PresenceCommand], reply: @escaping @Sendable ([PresenceReply]) -> Void)
}
