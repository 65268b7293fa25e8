import NIOCore

/// A connection of its own that hears one channel, and is always made again.
///
/// Confined to its event loop. What is published while it is not ready is lost, as always with PUBLISH; its owner learns from
/// `onStateChange` when that was.
public final class RedisSubscription {
    private let server: RedisServer
    private let channel: String
    private let eventLoop: any EventLoop
    private let onMessage: (ByteBuffer) -> Void
    private let onStateChange: (RedisLinkState) -> Void

    private var machine: RedisSubscriptionMachine
    private let connection: RedisConnection
    private let wakeUp: WakeUp
    private var random = SystemRandomNumberGenerator()

    /// - Parameters:
    ///   - onMessage: gets what is published to the channel, in order. May stop the subscription.
    ///   - onStateChange: gets every change of ``state``, after it. `ready` means that the server has confirmed the subscription.
    public init(
        to channel: String,
        of server: RedisServer,
        eventLoop: any EventLoop,
        configuration: RedisConfiguration = RedisConfiguration(),
        onMessage: @escaping (ByteBuffer) -> Void,
        onStateChange: @escaping (RedisLinkState) -> Void
    ) {
        self.server = server
        self.channel = channel
        self.eventLoop = eventLoop
        self.onMessage = onMessage
        self.onStateChange = onStateChange
        machine = RedisSubscriptionMachine(
            session: RedisSession(
                usesPassword: server.url.password != nil,
                connectTimeout: configuration.connectTimeout,
                backoff: configuration.backoff
            ),
            pingInterval: configuration.pingInterval,
            pingTimeout: configuration.pingTimeout
        )
        connection = RedisConnection(server: server, configuration: configuration, eventLoop: eventLoop)
        wakeUp = WakeUp(eventLoop: eventLoop)
    }

    public var state: RedisLinkState { machine.state }

    /// Begins to connect. The subscription lives until ``stop()``, also if nobody refers to it any more.
    public func start() {
        eventLoop.preconditionInEventLoop()
        guard state == .stopped else { return }
        connect()
    }

    /// Ends the connection for good.
    public func stop() {
        eventLoop.preconditionInEventLoop()
        guard state != .stopped else { return }
        machine.stop()
        connection.close()
        wakeUp.cancel()
        onStateChange(state)
    }

    // MARK: Events

    private func connected() {
        machine.connected()
        write { RedisHandshake.write(user: server.url.user, password: server.url.password, to: &$0) }
    }

    private func received(_ reply: borrowing RESPReply) {
        switch machine.received(reply) {
        case .nothing:
            break
        case .subscribe:
            ask {
                $0.command("SUBSCRIBE", arguments: 1)
                $0.argument(channel)
            }
        case .subscribed:
            onStateChange(state)
        case .message:
            if let message = reply.withElement(2, { $0.buffer }) ?? nil { onMessage(message) }
        case .fail(let error):
            failed(error)
        }
    }

    private func failed(_ error: RedisError) {
        machine.failed(error, now: .now(), using: &random)
        connection.close()
        arm()
        onStateChange(state)
    }

    private func woken() {
        switch machine.due(at: .now()) {
        case .nothing: arm()
        case .connect: connect()
        case .ping: ask { $0.command("PING", arguments: 0) }
        case .fail(let error): failed(connection.reason(of: error))
        }
    }

    // MARK: Actions

    private func connect() {
        machine.connect(now: .now())
        onStateChange(state)
        guard state == .connecting else { return }
        connection.open(
            RedisConnectionEvents(
                connected: { [self] in connected() },
                received: { [self] in received($0) },
                failed: { [self] in failed($0) }
            )
        )
        arm()
    }

    /// Sends a command that the server answers if it lives.
    private func ask(_ command: (inout RESPWriter) -> Void) {
        write(command)
        machine.asked(now: .now())
        arm()
    }

    private func write(_ commands: (inout RESPWriter) -> Void) {
        var writer = RESPWriter()
        commands(&writer)
        connection.write(writer.buffer)
    }

    private func arm() { wakeUp.arm(at: machine.deadline) { [self] in woken() } }
}
