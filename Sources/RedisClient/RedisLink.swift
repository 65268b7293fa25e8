import NIOCore

/// What becomes of a command: the server's reply, or why there is none.
public enum RedisAnswer: ~Copyable {
    /// Never of the kind error; an array may have errors for elements.
    case reply(RESPReply)
    case failure(RedisError)
}

/// One connection to one server that takes commands in a pipeline and is always being made again.
///
/// Confined to its event loop: everything is called there, and it calls back there. A command is accepted only while the link is ready;
/// otherwise it is refused at once, with the reason. So nothing waits for a server that is down, which is what a circuit breaker is for.
///
/// Commands are sent together at the end of the loop's turn, or when ``RedisConfiguration/batchLimit`` of them wait.
public final class RedisLink<Token> {
    private let server: RedisServer
    @usableFromInline
    let configuration: RedisConfiguration
    private let eventLoop: any EventLoop
    @usableFromInline
    let onReply: (Token, borrowing RedisAnswer) -> Void
    private let onStateChange: (RedisLinkState) -> Void

    @usableFromInline
    var machine: RedisLinkMachine<Token>
    @usableFromInline
    let connection: RedisConnection
    /// ``receive(_:)``, compiled for the token; while the link is started.
    private var received: (borrowing RESPReply) -> Void = { _ in }
    @usableFromInline
    let batch: RedisBatch
    @usableFromInline
    let wakeUp: WakeUp
    private var random = SystemRandomNumberGenerator()

    /// - Parameters:
    ///   - onReply: gets every accepted token exactly once, in the order of sending. May send, and may stop the link.
    ///   - onStateChange: gets every change of ``state``, after it.
    public init(
        to server: RedisServer,
        eventLoop: any EventLoop,
        configuration: RedisConfiguration = RedisConfiguration(),
        onReply: @escaping (Token, borrowing RedisAnswer) -> Void,
        onStateChange: @escaping (RedisLinkState) -> Void
    ) {
        self.server = server
        self.configuration = configuration
        self.eventLoop = eventLoop
        self.onReply = onReply
        self.onStateChange = onStateChange
        machine = RedisLinkMachine(
            session: RedisSession(
                usesPassword: server.url.password != nil,
                connectTimeout: configuration.connectTimeout,
                backoff: configuration.backoff
            ),
            timeout: configuration.timeout,
            queueLimit: configuration.queueLimit
        )
        connection = RedisConnection(server: server, configuration: configuration, eventLoop: eventLoop)
        batch = RedisBatch(connection: connection, eventLoop: eventLoop, limit: configuration.batchLimit)
        wakeUp = WakeUp(eventLoop: eventLoop)
    }

    public var state: RedisLinkState { machine.session.state }

    /// Commands whose answers are awaited.
    public var unansweredCount: Int { machine.unansweredCount }

    /// Begins to connect. The link lives until ``stop()``, also if nobody refers to it any more.
    @inlinable
    public func start() {
        // Here, where it is compiled for the token.
        start { [self] in receive($0) }
    }

    @usableFromInline
    func start(_ receive: @escaping (borrowing RESPReply) -> Void) {
        eventLoop.preconditionInEventLoop()
        guard state == .stopped else { return }
        received = receive
        connect()
    }

    /// Ends the connection for good. What is not answered fails with ``RedisError/stopped``.
    public func stop() {
        eventLoop.preconditionInEventLoop()
        guard state != .stopped else { return }
        let tokens = machine.stop()
        disconnect()
        wakeUp.cancel()
        received = { _ in }
        onStateChange(state)
        fail(tokens, .stopped)
    }

    /// Sends a command, at the end of this turn.
    ///
    /// - Parameter write: writes exactly one command.
    /// - Returns: why the command is refused, and then `onReply` does not get its token.
    @inlinable
    public func send(_ token: Token, _ write: (inout RESPWriter) -> Void) -> RedisError? {
        guard connection.isWritable || !machine.session.isReady else {
            return .outboundFull(limit: configuration.outboundLimit)
        }
        if let refusal = machine.send(token, now: batch.startedAt) { return refusal }
        batch.append(write)
        // A timer that is running is an older command's, so that it will not be too late for this one.
        if !wakeUp.isArmed { arm() }
        return nil
    }

    /// Sends what waits for the end of the turn now.
    @inlinable
    public func flush() { batch.flush() }

    // MARK: Events

    private func connected() {
        machine.connected()
        var handshake = RESPWriter()
        RedisHandshake.write(user: server.url.user, password: server.url.password, to: &handshake)
        connection.write(handshake.buffer)
    }

    @inlinable
    func receive(_ reply: borrowing RESPReply) {
        switch machine.received(reply) {
        case .handshake:
            break
        case .ready:
            becomeReady()
        case .answer(let token, nil):
            onReply(token, .reply(reply.lent))
        case .answer(let token, let error?):
            onReply(token, .failure(error))
        case .fail(let error, let token):
            lose(error, answering: token)
        }
    }

    @usableFromInline
    func becomeReady() {
        // The handshake's deadline, which would be late for a command.
        wakeUp.cancel()
        onStateChange(state)
    }

    private func woken() {
        switch machine.due(at: .now()) {
        case .nothing: arm()
        case .connect: connect()
        case .fail(let error): lose(connection.reason(of: error), answering: nil)
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
                received: received,
                failed: { [self] in lose($0, answering: nil) }
            )
        )
        arm()
    }

    /// - Parameter token: whose reply ended the connection.
    @usableFromInline
    func lose(_ error: RedisError, answering token: Token?) {
        let tokens = machine.failed(error, now: .now(), using: &random)
        disconnect()
        arm()
        // First the state: whoever gets a failure may ask for it, or try to send.
        onStateChange(state)
        if let token { onReply(token, .failure(error)) }
        fail(tokens, error)
    }

    private func disconnect() {
        connection.close()
        batch.discard()
    }

    @usableFromInline
    func arm() { wakeUp.arm(at: machine.deadline) { [self] in woken() } }

    private func fail(_ tokens: [Token], _ error: RedisError) {
        for token in tokens { onReply(token, .failure(error)) }
    }
}
