/// The limits of the native protocol (Docs/Protocol.md §2.4 and §3). Those that an operator can set are variables.
public struct ProtocolLimits: Sendable, Equatable {
    /// `message-size-limit`: bytes of one message from a client.
    public var messageSize = 65_536
    /// `message-rate-limit`: messages a second from one connection, on average.
    public var messageRate = 50
    /// `message-burst-limit`: messages at once after a pause.
    public var messageBurst = 200
    /// `connection-limit`: connections of one node.
    public var connections = 10_000
    /// `send-queue-limit`: bytes waiting to be sent to one connection.
    public var sendQueue = 1_048_576
    /// `announce-limit`: contents announced by one connection.
    public var announcedContents = 4_096
    /// `introduction-limit`: peers named for one content in one `found`.
    public var introductions = 16
    /// `introduction-memory`: peers that a connection may signal to at any time.
    public var introductionMemory = 256
    /// `introduction-lifetime`: seconds for which an introduction holds after its last use.
    public var introductionLifetime = 120
    /// `idle-timeout`: seconds of silence after which the node closes.
    public var idleTimeout = 75
    /// `ping-interval`: seconds between a node's pings.
    public var pingInterval = 30

    /// Nesting of arrays and objects.
    public static let nesting = 16
    /// Entries of `certificates` and of `urls`.
    public static let lookUps = 32
    /// Bytes of one certificate (Docs/Certificates.md §2.3) and of one URL.
    public static let textLength = 2_048
    /// Entries of `contents` in `leave`.
    public static let contents = 256
    /// Bytes of `data` in `signal`.
    public static let signalSize = 16_384
    /// Peers for each content when `find` does not say.
    public static let introductionsByDefault = 8
    /// A message this many times over ``messageSize`` closes the connection (§2.7).
    public static let oversizeFactor = 16
    /// A client this many bursts over its rate is closed (§2.6).
    public static let floodFactor = 10
    /// Finds of one connection that wait for an answer at the same time.
    public static let openFinds = 64

    public init() {}
}
