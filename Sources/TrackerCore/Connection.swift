import ContentTrust
import TrackerProtocol

/// What a node knows of one connection.
struct Connection {
    let site: WebOrigin
    var announced: Set<ContentID> = []
    var introductions = Introductions()
    /// Messages that may be carried out now.
    var rate: TokenBucket
    /// Messages over the rate that are borne before the connection is closed.
    var patience: TokenBucket
    var lastHeard: Int
    var lastPinged: Int
    var lastTooFast: Int?
    var finds: [Int: PendingFind] = [:]
    var nextFind = 0

    init(site: WebOrigin, limits: ProtocolLimits, now: Moment) {
        self.site = site
        rate = TokenBucket(ratePerSecond: limits.messageRate, capacity: limits.messageBurst, now: now)
        patience = TokenBucket(
            ratePerSecond: limits.messageRate,
            capacity: limits.messageBurst * ProtocolLimits.floodFactor,
            now: now
        )
        lastHeard = now.uptimeMilliseconds
        lastPinged = now.uptimeMilliseconds
    }
}

/// A `find` on its way: what is known of each of its entries so far.
struct PendingFind {
    enum Entry {
        /// Waits for the directory.
        case unknown
        case certified(ContentID, IssuedCertificate?)
        case pending(retry: Int)
        case refused(ProtocolError)
    }

    let id: Int
    let peers: Int
    var entries: [Entry]

    /// The contents to look up in the store, in the order of their entries.
    var contents: [ContentID] {
        entries.compactMap { if case .certified(let content, _) = $0 { content } else { nil } }
    }
}
