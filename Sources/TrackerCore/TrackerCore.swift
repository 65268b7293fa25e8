import ContentTrust
import NIOCore
import Presence
import TrackerProtocol

/// What a tracker node decides, for the connections of one event loop: announce, find, leave, signal, and their limits.
///
/// A value type without IO: something that happened goes in with its time, and what is to be done is appended to `actions`.
/// It is confined to its loop by whoever owns it.
public struct TrackerCore {
    /// The cluster-wide number of the node.
    public let node: UInt64
    /// The epoch from which on what is addressed to this node counts (``NodeLease/floor``).
    public private(set) var epoch: UInt32 = 0
    public let limits: ProtocolLimits
    /// `stun:` URLs for `welcome`.
    private let ice: [String]
    private let decoder: ClientMessageDecoder
    var verdicts: CertificateVerdicts
    var connections: [PeerID: Connection] = [:]
    var phase = Phase.serving
    var tally = TrackerCounters()

    /// - Parameters:
    ///   - node: the cluster-wide number of the node.
    ///   - judge: judges the certificates that clients present.
    ///   - ice: `stun:` URLs that clients are told.
    public init(node: UInt64, limits: ProtocolLimits, judge: any CertificateJudging, ice: [String] = []) {
        self.node = node
        self.limits = limits
        self.ice = ice
        verdicts = CertificateVerdicts(judge: judge)
        decoder = ClientMessageDecoder(limits: limits)
    }

    public var connectionCount: Int { connections.count }

    /// Peer–content pairs of the connections of this core.
    public var announcedCount: Int { connections.values.reduce(0) { $0 + $1.announced.count } }

    public var counters: TrackerCounters {
        var counters = tally
        counters.certificatesVerified += verdicts.verifications
        return counters
    }

    // MARK: Connections

    /// A peer has connected. `peer` is new and known to nobody.
    public mutating func connected(
        _ peer: PeerID,
        site: WebOrigin,
        now: Moment,
        using random: inout some RandomNumberGenerator,
        actions: inout [TrackerAction]
    ) {
        connections[peer] = Connection(site: site, limits: limits, now: now)
        actions.append(.send(.welcome(peer: peer, limits: limits, ice: ice), to: peer))
        switch phase {
        case .serving: break
        case .draining(let drain): move(peer, drain, now: now, using: &random, actions: &actions)
        case .ended: close(peer, .goingAway, Self.endReason, actions: &actions)
        }
    }

    /// A peer's connection has ended; its presence ends with it. Of an unknown peer: nothing.
    public mutating func disconnected(_ peer: PeerID, actions: inout [TrackerAction]) {
        guard let connection = connections.removeValue(forKey: peer), !connection.announced.isEmpty else { return }
        actions.append(.presence(connection.announced.map { .remove($0, address(of: peer)) }, nil))
    }

    /// Closes what is silent, pings what may be. To be called every second or so.
    ///
    /// The connections are visited in no particular order; what happens to one does not depend on another.
    public mutating func tick(now: Moment, actions: inout [TrackerAction]) {
        var idle: [PeerID] = []
        for index in connections.indices {
            let silence = now.uptimeMilliseconds - connections.values[index].lastHeard
            if silence > limits.idleTimeout * 1000 {
                idle.append(connections.keys[index])
            } else if silence >= limits.pingInterval * 1000,
                now.uptimeMilliseconds - connections.values[index].lastPinged >= limits.pingInterval * 1000
            {
                connections.values[index].lastPinged = now.uptimeMilliseconds
                actions.append(.ping(connections.keys[index]))
            }
        }
        for peer in idle {
            tally.closedIdle += 1
            close(peer, .goingAway, "nothing was heard for \(limits.idleTimeout) s", actions: &actions)
        }
    }

    /// Ends a peer's connection, for a reason that it is told. Of an unknown peer: nothing.
    public mutating func close(
        _ peer: PeerID,
        _ code: WebSocketCloseCode,
        _ reason: String,
        actions: inout [TrackerAction]
    ) {
        guard connections[peer] != nil else { return }
        disconnected(peer, actions: &actions)
        actions.append(.close(peer, code, reason: reason))
    }

    /// The node was fenced: signals that are addressed to an epoch before this one are stale and no longer delivered.
    public mutating func fenced(_ epoch: UInt32) { self.epoch = max(self.epoch, epoch) }

    func address(of peer: PeerID) -> PeerAddress { PeerAddress(node: node, epoch: epoch, peer: peer.rawValue) }

    // MARK: What a client sends

    /// Something has arrived from a peer.
    public mutating func received(
        _ event: WebSocketDecoder.Event,
        from peer: PeerID,
        now: Moment,
        actions: inout [TrackerAction]
    ) {
        guard let index = connections.index(forKey: peer) else { return }
        connections.values[index].lastHeard = now.uptimeMilliseconds
        // Answered at any rate (RFC 6455 §5.5.1): it ends the load that a rate guards against.
        if case .close = event { return close(peer, .normal, "", actions: &actions) }
        guard admit(peer, now: now, actions: &actions) else { return }
        switch event {
        case .message(let message) where message.isText:
            carryOut(message.payload, from: peer, now: now, actions: &actions)
        case .message:
            reject(
                RejectedMessage(error: ProtocolError(.binaryMessage, "Messages are text; a binary one came.")),
                peer,
                &actions
            )
        case .oversize(let got):
            let error = ProtocolError(
                .messageTooLong,
                "A message is at most \(limits.messageSize) bytes.",
                limit: limits.messageSize,
                got: .integer(got)
            )
            reject(RejectedMessage(error: error), peer, &actions)
        case .ping(let payload):
            actions.append(.pong(payload, to: peer))
        case .pong, .close:
            break
        }
    }

    /// What a client sends cannot be taken apart any more.
    public mutating func received(
        _ violation: WebSocketDecoder.Violation,
        from peer: PeerID,
        actions: inout [TrackerAction]
    ) {
        guard connections[peer] != nil else { return }
        tally.protocolErrors += 1
        switch violation {
        case .framing(let reason): close(peer, .protocolError, reason, actions: &actions)
        case .hopelesslyLong:
            close(peer, .messageTooBig, "a message is at most \(limits.messageSize) bytes", actions: &actions)
        }
    }

    /// Whether a message may be carried out now (§2.6).
    private mutating func admit(_ peer: PeerID, now: Moment, actions: inout [TrackerAction]) -> Bool {
        guard let index = connections.index(forKey: peer) else { return false }
        if connections.values[index].rate.take(now: now) {
            tally.messages += 1
            return true
        }
        tally.tooFast += 1
        guard connections.values[index].patience.take(now: now) else {
            tally.closedFlooding += 1
            close(peer, .policyViolation, "far over \(limits.messageRate) messages a second", actions: &actions)
            return false
        }
        if let last = connections.values[index].lastTooFast, now.uptimeMilliseconds - last < 1000 { return false }
        connections.values[index].lastTooFast = now.uptimeMilliseconds
        let error = ProtocolError(
            .tooFast,
            "At most \(limits.messageRate) messages a second; this one was not carried out.",
            limit: limits.messageRate
        )
        actions.append(.send(.error(RejectedMessage(error: error)), to: peer))
        return false
    }

    mutating func reject(_ rejected: RejectedMessage, _ peer: PeerID, _ actions: inout [TrackerAction]) {
        tally.protocolErrors += 1
        actions.append(.send(.error(rejected), to: peer))
    }

    private mutating func carryOut(
        _ payload: ByteBuffer,
        from peer: PeerID,
        now: Moment,
        actions: inout [TrackerAction]
    ) {
        let message: ClientMessage
        do throws(RejectedMessage) {
            message = try decoder.decode(payload)
        } catch {
            return reject(error, peer, &actions)
        }
        switch message {
        case .announce(let id, let certificates):
            announce(certificates, id: id, peer, now: now, actions: &actions)
        case .find(let id, let find):
            self.find(find, id: id, peer, now: now, actions: &actions)
        case .leave(let id, let contents):
            leave(contents, id: id, peer, actions: &actions)
        case .signal(let target, let data):
            signal(data, to: target, from: peer, now: now, actions: &actions)
        }
    }
}
