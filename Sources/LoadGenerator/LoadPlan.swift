import ContentTrust
import NIOCore

/// Where a tracker's clients connect: a `ws` URL.
public struct TrackerEndpoint: Sendable, Hashable {
    /// Why a text is not one: a sentence for a person.
    public struct Invalid: Error, CustomStringConvertible {
        public var description: String
    }

    public var host: String
    public var port: Int

    public init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// Takes `ws://HOST:PORT`, or `ws://HOST` for port 80; the path is the protocol's own.
    public init(_ text: String) throws(Invalid) {
        guard text.hasPrefix("ws://") else {
            throw Invalid(
                description:
                    "\"\(text)\" does not begin with ws://. TLS is not supported: load the nodes behind the proxy."
            )
        }
        do throws(WebAddressError) {
            let origin = try WebOrigin("http://" + text.dropFirst("ws://".count).prefix { $0 != "/" })
            switch origin.host {
            case .name(let name): host = name
            case .address(let address): host = "\(address)"
            }
            port = origin.port
        } catch {
            throw Invalid(description: "\"\(text)\" is not ws://HOST:PORT: \(error).")
        }
    }
}

/// How many of each operation are done in a second, over all connections together; at a fixed number outstanding, only their ratios count.
public struct OperationRates: Sendable, Equatable {
    public var announces = 0.0
    public var leaves = 0.0
    public var finds = 0.0
    public var signals = 0.0
    /// Connections that end without a word and come back.
    public var disconnects = 0.0

    public init() {}
}

/// What a run does.
public struct LoadPlan: Sendable {
    /// How fast.
    public enum Pace: Sendable, Equatable {
        /// At the rates, whatever the answers take.
        case rates
        /// As fast as answers come, with so many operations waiting for theirs.
        case outstanding(Int)
    }

    public var trackers: [TrackerEndpoint]
    public var connections = 1_000
    /// Contents that exist.
    public var contents = 1_000
    /// Contents that each connection announces when it opens and never leaves.
    public var contentsPerConnection = 4
    public var popularity = Popularity.uniform
    /// Peers wanted by a find.
    public var peersWanted = 8
    /// Bytes of a signal's data, about those of an SDP.
    public var signalSize = 1_200
    /// Certificates in one announce of a connection that opens.
    public var certificatesPerMessage = 16
    public var rates = OperationRates()
    public var pace = Pace.rates
    /// For which a peer that has gone may still be shown, and one that has come may be missing.
    public var grace = TimeAmount.seconds(4)
    /// Between pings of ours on each connection, by which a node that stands still is noticed; nil for none.
    public var heartbeat: TimeAmount?
    public var seed: UInt64 = 1

    public init(trackers: [TrackerEndpoint]) { self.trackers = trackers }
}

/// The generator's own limits.
enum LoadLimits {
    /// Nanoseconds after which a request, a signal or a connection without its `welcome` counts as failed.
    static let answerTimeout = 5_000_000_000
    /// Nanoseconds within which a ping is answered by a node that cannot have lost its lease.
    static let pongTimeout = 1_000_000_000
    /// Nanoseconds from a failed announce to its retry on the same connection.
    static let retryDelay = 1_000_000_000
    /// Seconds for which the end of a run waits for clients that still owe an announce its retry: above ``Backoff/longest``.
    static let settling = 20
    /// Seconds within which so many connections have to be open for the first time.
    static func connecting(_ connections: Int) -> Int { 30 + connections / 200 }
    /// Connections being opened at the same time, below a listener's usual backlog.
    static let opening = 128
    /// Announces of one connection that wait for their answers.
    static let openAnnounces = 4
    /// Contents of one `leave` when a connection leaves all.
    static let leavesPerMessage = 16
    /// Contents that one connection announces beyond those of its plan.
    static let extraContents = 8
    /// Peers that a connection remembers for its signals, and nanoseconds for which it does: well within `introduction-lifetime`.
    static let introductions = 8
    static let introductionLifetime = 60_000_000_000
    /// Pings of one connection that wait for their pongs.
    static let openPings = 64
    /// Bytes of one message from a tracker: an answer for one content with a layer is far below.
    static let messageSize = 1_048_576
    /// Bytes of the answer to a handshake.
    static let handshakeSize = 16_384
    /// Milliseconds: the longest that a `move` is put off, and between two looks whether nothing is awaited any more.
    static let moveDelay = 600_000
    static let moveRetry = 20
    /// Milliseconds between two looks at what is due: short, or the operations of a tick would wait for each other in the tracker.
    static let tick = 1
    /// Ticks between two looks whether what somebody waits for has happened, which takes a look at every client.
    static let ticksPerCondition = 10
    /// Draws until a random client or content is given up for this time.
    static let draws = 8
}
