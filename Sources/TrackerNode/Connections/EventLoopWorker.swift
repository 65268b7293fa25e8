import ContentTrust
import Foundation
import NIOCore
import Presence
import TrackerCore
import TrackerProtocol

/// The part of a node that lives on one event loop: its connections, and the core that decides for them.
///
/// Confined to its event loop and therefore not `Sendable`; others reach it through ``WorkerReference``. Nothing here takes a lock or
/// starts a task. What it decides is carried out in ``run(_:)``; writes are flushed together by ``flush()``.
final class EventLoopWorker {
    /// From a close frame to the end of a connection whose client does not end it itself.
    static let closeTimeout = TimeAmount.seconds(5)

    let eventLoop: any EventLoop
    let limits: ProtocolLimits
    private let index: UInt8
    private let environment: WorkerEnvironment
    private var core: TrackerCore
    private var channels: [PeerID: any Channel] = [:]
    private var unflushed: [any Channel] = []
    private var random = SystemRandomNumberGenerator()

    init(index: UInt8, eventLoop: any EventLoop, core: TrackerCore, environment: WorkerEnvironment) {
        self.index = index
        self.eventLoop = eventLoop
        self.core = core
        self.environment = environment
        limits = core.limits
    }

    var connectionCount: Int { core.connectionCount }
    var announcedCount: Int { core.announcedCount }
    var counters: TrackerCounters { core.counters }

    // MARK: Events of connections

    /// Gives a channel a peer ID that no connection has had: the worker's index, so that any loop finds the way, and 56 random bits.
    func connect(_ channel: any Channel, site: WebOrigin) -> PeerID {
        let peer = PeerID(rawValue: UInt64(index) << 56 | random.next() >> 8)
        channels[peer] = channel
        environment.connections.add()
        decide { core, actions in
            core.connected(peer, site: site, now: .now, using: &random, actions: &actions)
        }
        return peer
    }

    func received(_ event: WebSocketDecoder.Event, from peer: PeerID) {
        decide { core, actions in core.received(event, from: peer, now: .now, actions: &actions) }
    }

    func received(_ violation: WebSocketDecoder.Violation, from peer: PeerID) {
        decide { core, actions in core.received(violation, from: peer, actions: &actions) }
    }

    func disconnected(_ peer: PeerID) {
        guard channels.removeValue(forKey: peer) != nil else { return }
        decide { core, actions in core.disconnected(peer, actions: &actions) }
        environment.connections.remove()
    }

    func close(_ peer: PeerID, _ code: WebSocketCloseCode, _ reason: String) {
        decide { core, actions in core.close(peer, code, reason, actions: &actions) }
        flush()
    }

    /// Leads everybody away, because the node is about to end.
    func drain(_ drain: Drain) {
        decide { core, actions in core.drain(drain, now: .now, using: &random, actions: &actions) }
        flush()
    }

    /// Closes everybody, because the node ends. The store has been given the end of their presence when this returns.
    func end() {
        decide { core, actions in core.end(actions: &actions) }
        flush()
    }

    func tick() {
        decide { core, actions in core.tick(now: .now, actions: &actions) }
        flush()
    }

    func fenced(_ epoch: UInt32) { core.fenced(epoch) }

    /// A signal from anywhere, for a peer of this loop.
    func deliver(_ signal: PeerSignal) {
        var isDelivered = false
        decide { core, actions in isDelivered = core.deliver(signal, now: .now, actions: &actions) }
        flush()
        if !isDelivered { environment.router.bounce(signal) }
    }

    /// A signal from a peer of this loop came back.
    func undeliverable(_ signal: PeerSignal) {
        decide { core, actions in core.undeliverable(signal, actions: &actions) }
        flush()
    }

    // MARK: Actions

    private func decide(_ decision: (inout TrackerCore, inout [TrackerAction]) -> Void) {
        var actions: [TrackerAction] = []
        decision(&core, &actions)
        for action in actions { run(action) }
    }

    private func run(_ action: TrackerAction) {
        switch action {
        case .send(let message, let peer):
            write(.text, to: peer) { message.encode(into: &$0) }
        case .ping(let peer):
            write(.ping, to: peer) { _ in }
        case .pong(let payload, let peer):
            write(.pong, to: peer) { $0.writeImmutableBuffer(payload) }
        case .close(let peer, let code, let reason):
            guard let channel = channels.removeValue(forKey: peer) else { return }
            end(channel, with: WebSocketEncoder.close(code, reason: reason, allocator: channel.allocator))
        case .lookUp(let token, let site, let urls):
            let worker = WorkerReference(self)
            environment.directory.lookUp(site: site, urls: urls) { results in
                worker.perform { worker in
                    worker.decide { core, actions in core.lookedUp(token, results, actions: &actions) }
                }
            }
        case .presence(let commands, nil):
            environment.store.perform(commands) { _ in }
        case .presence(let commands, let token?):
            let worker = WorkerReference(self)
            environment.store.perform(commands) { replies in
                worker.perform { worker in
                    worker.decide { core, actions in core.foundPeers(token, replies, now: .now, actions: &actions) }
                }
            }
        case .relay(let signal):
            environment.router.deliver(signal)
        }
    }

    /// Sends a close frame, and ends the connection when the client has ended its side, or after ``closeTimeout``: a client that does not
    /// read would keep its socket and its queue for ever.
    ///
    /// Not as soon as the frame is sent: the system resets a connection that is closed while something from the client is unread, and
    /// the reset can overtake the frame.
    private func end(_ channel: any Channel, with frame: ByteBuffer) {
        let timeout = eventLoop.scheduleTask(in: Self.closeTimeout) { channel.close(promise: nil) }
        let connections = environment.connections
        channel.closeFuture.whenComplete { _ in
            timeout.cancel()
            connections.remove()
        }
        channel.writeAndFlush(frame).whenSuccess { channel.close(mode: .output, promise: nil) }
    }

    private func write(_ opcode: WebSocketOpcode, to peer: PeerID, _ payload: (inout ByteBuffer) -> Void) {
        guard let channel = channels[peer] else { return }
        channel.write(WebSocketEncoder.frame(opcode, allocator: channel.allocator, payload: payload), promise: nil)
        if unflushed.last !== channel { unflushed.append(channel) }
    }

    /// Sends what was written since the last flush; once for each turn of the loop, not for each message.
    func flush() {
        let channels = unflushed
        unflushed.removeAll(keepingCapacity: true)
        for channel in channels { channel.flush() }
    }
}

extension Moment {
    /// The clocks of this process.
    static var now: Moment {
        Moment(
            uptimeMilliseconds: Int(NIODeadline.now().uptimeNanoseconds / 1_000_000),
            unixSeconds: Int(Date().timeIntervalSince1970)
        )
    }
}
