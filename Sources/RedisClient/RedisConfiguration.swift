import NIOCore

/// How links and subscriptions behave. Every limit of theirs is here.
public struct RedisConfiguration: Sendable {
    /// From the sending of a command to its answer; then all that are not answered fail and the connection is made again.
    public var timeout: TimeAmount
    /// From the beginning of a connection to the end of its handshake.
    public var connectTimeout: TimeAmount
    /// Commands of one link whose answers are awaited.
    public var queueLimit: Int
    /// Bytes of one link's commands that the system has not taken yet.
    public var outboundLimit: Int
    /// Commands that are sent without waiting for the end of the event loop's turn; 1 sends each at once.
    public var batchLimit: Int
    public var backoff: Backoff
    public var replyLimits: RESPLimits
    /// A subscription that has heard nothing for as long sends a PING.
    public var pingInterval: TimeAmount
    /// From the PING to an answer; then the connection is made again. Longer than ``timeout``, because nobody waits for it, and a server
    /// that is merely slow should keep its subscribers.
    public var pingTimeout: TimeAmount

    public init(
        timeout: TimeAmount = .milliseconds(200),
        connectTimeout: TimeAmount = .seconds(2),
        queueLimit: Int = 16_384,
        outboundLimit: Int = 16 << 20,
        batchLimit: Int = 256,
        backoff: Backoff = Backoff(),
        replyLimits: RESPLimits = RESPLimits(),
        pingInterval: TimeAmount = .seconds(10),
        pingTimeout: TimeAmount = .seconds(5)
    ) {
        self.timeout = timeout
        self.connectTimeout = connectTimeout
        self.queueLimit = queueLimit
        self.outboundLimit = outboundLimit
        self.batchLimit = batchLimit
        self.backoff = backoff
        self.replyLimits = replyLimits
        self.pingInterval = pingInterval
        self.pingTimeout = pingTimeout
    }
}
