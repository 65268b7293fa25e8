import TrackerProtocol

/// How a node that is about to end leads its clients away (Docs/Protocol.md §4.8).
public struct Drain: Equatable, Sendable {
    /// Milliseconds over which the clients' moves are spread, so that they do not all arrive elsewhere at once.
    public var spread: Int
    /// When the node closes those that are still there, in ``Moment/uptimeMilliseconds``.
    public var deadline: Int

    public init(spread: Int, deadline: Int) {
        self.spread = spread
        self.deadline = deadline
    }

    /// When one client is to move, in milliseconds from now: each moment of the spread is as likely as any other. Of one that came late
    /// only those before the deadline: it is not told to stay for longer than the node does.
    func delay(now: Moment, using random: inout some RandomNumberGenerator) -> Int {
        Int.random(in: 0...max(0, min(spread, deadline - now.uptimeMilliseconds)), using: &random)
    }
}

/// The way out of a node: first its clients are led away, then the remaining ones are closed.
extension TrackerCore {
    /// What becomes of a peer that connects.
    enum Phase {
        case serving
        /// It is served, and told to move.
        case draining(Drain)
        /// It is closed.
        case ended
    }

    /// Tells every peer to move, also those that connect from now on; all of them are served meanwhile.
    public mutating func drain(
        _ drain: Drain,
        now: Moment,
        using random: inout some RandomNumberGenerator,
        actions: inout [TrackerAction]
    ) {
        phase = .draining(drain)
        // In order, so that the same random numbers give the same delays.
        for peer in connections.keys.sorted() { move(peer, drain, now: now, using: &random, actions: &actions) }
    }

    /// Closes every peer, also those that connect from now on.
    public mutating func end(actions: inout [TrackerAction]) {
        phase = .ended
        for peer in connections.keys.sorted() { close(peer, .goingAway, Self.endReason, actions: &actions) }
    }

    static let endReason = "the node is shutting down"

    mutating func move(
        _ peer: PeerID,
        _ drain: Drain,
        now: Moment,
        using random: inout some RandomNumberGenerator,
        actions: inout [TrackerAction]
    ) {
        tally.moves += 1
        actions.append(.send(.move(delay: drain.delay(now: now, using: &random)), to: peer))
    }
}
