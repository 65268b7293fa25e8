import NIOCore

/// What a link decides: which command a reply belongs to, which commands have no hope any more, when to connect again.
///
/// Generic over the token that stands for a command, so that it is tested with names; inlinable where every command passes, because code
/// that is not compiled for a token spends most of its time on looking up types. Every token that ``send(_:now:)`` accepts comes out
/// exactly once, in order, of ``received(_:)`` or of ``failed(_:now:using:)``.
@usableFromInline
struct RedisLinkMachine<Token>: ~Copyable {
    /// A command whose answer is awaited.
    @usableFromInline
    struct Unanswered {
        @usableFromInline
        var token: Token
        @usableFromInline
        var sentAt: NIODeadline

        @inlinable
        init(token: Token, sentAt: NIODeadline) {
            self.token = token
            self.sentAt = sentAt
        }
    }

    /// What a reply means.
    @usableFromInline
    enum Received {
        /// Part of the handshake, which goes on.
        case handshake
        /// The handshake ended well: commands are taken from now on.
        case ready
        /// The reply is a command's; the error that it is, if it is one.
        case answer(Token, RedisError?)
        /// The connection is of no use: end it and call ``failed(_:now:using:)``. A token gets the reply itself.
        case fail(RedisError, answering: Token?)
    }

    @usableFromInline
    var session: RedisSession
    private let timeout: TimeAmount
    @usableFromInline
    let queueLimit: Int
    @usableFromInline
    var unanswered = CircularBuffer<Unanswered>()

    init(session: RedisSession, timeout: TimeAmount, queueLimit: Int) {
        self.session = session
        self.timeout = timeout
        self.queueLimit = queueLimit
    }

    /// Commands whose answers are awaited.
    var unansweredCount: Int { unanswered.count }

    /// When ``due(at:)`` has something to say; nil: never.
    var deadline: NIODeadline? {
        // One deadline for the link: answers come in order, so the oldest command is the first to be late.
        unanswered.first.map { $0.sentAt + timeout } ?? session.deadline
    }

    mutating func connect(now: NIODeadline) { session.connect(now: now) }

    mutating func connected() { session.connected() }

    /// Takes a command, or says why not.
    @inlinable
    mutating func send(_ token: Token, now: NIODeadline) -> RedisError? {
        guard session.isReady else { return session.refusal }
        guard unanswered.count < queueLimit else { return .queueFull(limit: queueLimit) }
        unanswered.append(Unanswered(token: token, sentAt: now))
        return nil
    }

    /// A reply came.
    @inlinable
    mutating func received(_ reply: borrowing RESPReply) -> Received {
        guard session.isReady else { return receivedHandshake(reply) }
        guard let token = unanswered.popFirst()?.token else {
            return .fail(.protocolViolation("a reply came and no command waited for one"), answering: nil)
        }
        let error = RedisError(reply)
        if let error, error.endsConnection { return .fail(error, answering: token) }
        return .answer(token, error)
    }

    @usableFromInline
    mutating func receivedHandshake(_ reply: borrowing RESPReply) -> Received {
        switch session.received(RedisHandshake.Reply(reply)) {
        case .incomplete: .handshake
        case .accepted: .ready
        case .refused(let error): .fail(error, answering: nil)
        }
    }

    /// The connection ended, or could not be made.
    ///
    /// - Returns: the tokens that have no answer and get this error instead, oldest first.
    mutating func failed(
        _ error: RedisError,
        now: NIODeadline,
        using random: inout some RandomNumberGenerator
    ) -> [Token] {
        session.failed(error, now: now, using: &random)
        return takeUnanswered()
    }

    /// What the passing of time asks for.
    func due(at now: NIODeadline) -> RedisSession.Due {
        guard let oldest = unanswered.first else { return session.due(at: now) }
        return oldest.sentAt + timeout <= now ? .fail(.timedOut(after: timeout)) : .nothing
    }

    /// - Returns: the tokens that get ``RedisError/stopped`` for an answer, oldest first.
    mutating func stop() -> [Token] {
        session.stop()
        return takeUnanswered()
    }

    private mutating func takeUnanswered() -> [Token] {
        let tokens = unanswered.map(\.token)
        unanswered.removeAll(keepingCapacity: tokens.count <= queueLimit / 4)
        return tokens
    }
}

extension RedisLinkMachine.Received: Equatable where Token: Equatable {}
