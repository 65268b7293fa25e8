import NIOCore
import TrackerProtocol

/// One visitor: its connection, when it has one, and what it does over all its connections. Confined to the generator's event loop.
final class LoadClient {
    enum Request {
        case announce([Int])
        case leave([Int])
        case find(FindAnswer)
    }

    struct OpenRequest {
        var request: Request
        var sentAt: Int
        /// Whether its end makes room for the next operation of a closed loop.
        var isPaced: Bool
    }

    /// A suspected miss that waits for a sign of life from the missed peer.
    struct Probe {
        /// The ping whose pong is the sign.
        var ping: Int
        var answer: FindAnswer
    }

    let index: Int
    /// Contents that it has for the whole run.
    let base: [Int]
    /// Contents that it announced besides, and may leave.
    var extras: [Int] = []
    /// Contents whose leave is not acknowledged.
    var leaving: Set<Int> = []
    /// Contents whose announce has failed once.
    var failedOnce: Set<Int> = []

    var tracker: Int
    var backoff = Backoff()
    /// Counts its connections, so that what belonged to an earlier one is known.
    var generation = 0
    var hasConnected = false

    // Of its connection, if there is one.
    var channel: (any Channel)?
    var peer: PeerID?
    /// Its place among the open clients.
    var place = 0
    var budget = MessageBudget(ratePerSecond: 1, burst: 1)
    /// Contents to announce as soon as that is possible.
    var backlog: [Int] = []
    var openAnnounces = 0
    /// Contents to leave, some at a time.
    var toLeave: [Int] = []
    var open: [Int: OpenRequest] = [:]
    /// Contents that must not be asked for before a time, because the tracker said so.
    var notBefore: [Int: Int] = [:]
    var introduced: [(peer: PeerID, at: Int)] = []
    var openSignals: [Int] = []
    var pingsSentAt = FirstInFirstOut<Int>()
    var pingsSent = 0
    var pongsSeen = 0
    var probes: [Probe] = []
    var hasUnflushed = false
    /// Whether its end is the generator's own doing, and what it cuts short nobody's failure.
    var isClosedOnPurpose = false

    init(index: Int, base: [Int], tracker: Int) {
        self.index = index
        self.base = base
        self.tracker = tracker
    }

    var contents: [Int] { base + extras }

    /// Forgets what belonged to a connection.
    func forgetConnection() {
        channel = nil
        peer = nil
        backlog = []
        toLeave = []
        openAnnounces = 0
        open = [:]
        leaving = []
        notBefore = [:]
        introduced = []
        openSignals = []
        pingsSentAt = FirstInFirstOut()
        pingsSent = 0
        pongsSeen = 0
        probes = []
        hasUnflushed = false
        isClosedOnPurpose = false
    }
}
