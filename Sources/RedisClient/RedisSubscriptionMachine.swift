import NIOCore

/// What a subscription decides: whether it hears its channel, when to ask the server for a sign of life, when to connect again.
struct RedisSubscriptionMachine {
    /// What a reply means.
    enum Received: Equatable {
        /// Part of the handshake, or a sign of life.
        case nothing
        /// The handshake ended well: subscribe now, and call ``asked(now:)``.
        case subscribe
        /// The server confirmed: from now on the channel is heard.
        case subscribed
        case message
        /// The connection is of no use: end it and call ``failed(_:now:using:)``.
        case fail(RedisError)
    }

    /// What the passing of time asks for.
    enum Due: Equatable {
        case nothing
        case connect
        /// Send a PING, and call ``asked(now:)``.
        case ping
        case fail(RedisError)
    }

    private var session: RedisSession
    private let pingInterval: TimeAmount
    private let pingTimeout: TimeAmount
    private var isSubscribed = false
    /// When the server was asked last, and whether it has been silent since.
    private var askedAt = NIODeadline.uptimeNanoseconds(0)
    private var isSilent = false

    init(session: RedisSession, pingInterval: TimeAmount, pingTimeout: TimeAmount) {
        self.session = session
        self.pingInterval = pingInterval
        self.pingTimeout = pingTimeout
    }

    var state: RedisLinkState { session.isReady && !isSubscribed ? .connecting : session.state }

    /// When ``due(at:)`` has something to say; nil: never.
    var deadline: NIODeadline? {
        guard session.isReady else { return session.deadline }
        return askedAt + (isSilent ? pingTimeout : pingInterval)
    }

    mutating func connect(now: NIODeadline) { session.connect(now: now) }

    mutating func connected() { session.connected() }

    /// `SUBSCRIBE` or `PING` was sent.
    mutating func asked(now: NIODeadline) {
        askedAt = now
        isSilent = true
    }

    mutating func received(_ reply: borrowing RESPReply) -> Received {
        guard session.isReady else {
            return switch session.received(RedisHandshake.Reply(reply)) {
            case .incomplete: .nothing
            case .accepted: .subscribe
            case .refused(let error): .fail(error)
            }
        }
        if let error = RedisError(reply) { return .fail(error) }
        // Whatever comes shows that the server lives; no clock is read for a message.
        isSilent = false
        switch reply.withElement(0, { $0.string }) {
        case "message" where isSubscribed && reply.elementCount == 3:
            return .message
        case "subscribe" where !isSubscribed:
            isSubscribed = true
            return .subscribed
        case "pong" where isSubscribed:
            return .nothing
        default:
            return .fail(.protocolViolation("something came that is no message of a subscription"))
        }
    }

    mutating func failed(_ error: RedisError, now: NIODeadline, using random: inout some RandomNumberGenerator) {
        session.failed(error, now: now, using: &random)
        isSubscribed = false
        isSilent = false
    }

    func due(at now: NIODeadline) -> Due {
        guard session.isReady else {
            return switch session.due(at: now) {
            case .nothing: .nothing
            case .connect: .connect
            case .fail(let error): .fail(error)
            }
        }
        guard let deadline, deadline <= now else { return .nothing }
        return isSilent ? .fail(.timedOut(after: pingTimeout)) : .ping
    }

    mutating func stop() {
        session.stop()
        isSubscribed = false
        isSilent = false
    }
}
