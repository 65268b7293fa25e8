import NIOCore

/// What a link or a subscription is doing, for its owner.
public enum RedisLinkState: Equatable, Sendable {
    /// Connecting, or shaking hands.
    case connecting
    /// A link takes commands; a subscription gets what is published.
    case ready
    /// The last connection failed or ended; the next attempt begins at `retryAt`.
    case waiting(RedisError, retryAt: NIODeadline)
    /// Not started yet, or stopped by its owner.
    case stopped
}

/// The life of a connection that is always made again: connect, shake hands, be ready, be lost, wait.
///
/// A value that decides and does no IO: events go in with the time and randomness they need, and what to do comes out.
@usableFromInline
struct RedisSession {
    enum Phase: Equatable {
        case stopped
        case connecting(deadline: NIODeadline)
        case handshaking(RedisHandshake, deadline: NIODeadline)
        /// Since the beginning of the attempt.
        case ready(since: NIODeadline)
        case waiting(RedisError, retryAt: NIODeadline)
    }

    /// What the passing of time asks for.
    enum Due: Equatable {
        case nothing
        case connect
        case fail(RedisError)
    }

    private(set) var phase = Phase.stopped {
        didSet {
            if case .ready = phase { isReady = true } else { isReady = false }
        }
    }
    /// Whether the phase is ready; kept beside it, because it is asked for every command and every reply.
    @usableFromInline
    private(set) var isReady = false
    private let connectTimeout: TimeAmount
    private let backoff: Backoff
    private let usesPassword: Bool
    /// Attempts in a row that came to nothing.
    private var failures = 0

    /// - Parameter connectTimeout: from the first packet to the end of the handshake.
    init(usesPassword: Bool, connectTimeout: TimeAmount, backoff: Backoff) {
        self.usesPassword = usesPassword
        self.connectTimeout = connectTimeout
        self.backoff = backoff
    }

    var state: RedisLinkState {
        switch phase {
        case .stopped: .stopped
        case .connecting, .handshaking: .connecting
        case .ready: .ready
        case .waiting(let error, let retryAt): .waiting(error, retryAt: retryAt)
        }
    }

    /// Why nothing can be sent; nil when ready.
    @usableFromInline
    var refusal: RedisError? {
        switch phase {
        case .stopped: .stopped
        case .connecting, .handshaking: .notConnected(reason: "it is being made")
        case .ready: nil
        case .waiting(let error, _): error
        }
    }

    /// When ``wakeUp(at:)`` has something to do; nil: never.
    var deadline: NIODeadline? {
        switch phase {
        case .stopped, .ready: nil
        case .connecting(let deadline), .handshaking(_, let deadline): deadline
        case .waiting(_, let retryAt): retryAt
        }
    }

    /// Begins an attempt, which its caller has to carry out.
    mutating func connect(now: NIODeadline) { phase = .connecting(deadline: now + connectTimeout) }

    /// The connection is there and the handshake is on its way.
    mutating func connected() {
        guard case .connecting(let deadline) = phase else { return }
        phase = .handshaking(RedisHandshake(withPassword: usesPassword), deadline: deadline)
    }

    /// A reply of the handshake.
    mutating func received(_ reply: RedisHandshake.Reply) -> RedisHandshake.Verdict {
        guard case .handshaking(var handshake, let deadline) = phase else { return .incomplete }
        let verdict = handshake.received(reply)
        phase =
            verdict == .accepted
            ? .ready(since: deadline - connectTimeout) : .handshaking(handshake, deadline: deadline)
        return verdict
    }

    /// The attempt or the connection came to nothing.
    mutating func failed(_ error: RedisError, now: NIODeadline, using random: inout some RandomNumberGenerator) {
        switch phase {
        case .stopped, .waiting:
            return
        case .ready(let since) where now - since >= backoff.cap:
            failures = 1
        case .ready, .connecting, .handshaking:
            // A server that takes a connection and drops it at once is as good as none: being ready for a moment changes nothing.
            failures += 1
        }
        let delay = backoff.delay(afterFailures: failures, using: &random)
        phase = .waiting(error, retryAt: now + delay)
    }

    /// Time has passed.
    func due(at now: NIODeadline) -> Due {
        guard let deadline, deadline <= now else { return .nothing }
        if case .waiting = phase { return .connect }
        return .fail(.timedOut(after: connectTimeout))
    }

    mutating func stop() {
        phase = .stopped
        failures = 0
    }
}
