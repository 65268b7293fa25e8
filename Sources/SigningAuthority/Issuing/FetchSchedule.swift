/// Decides which fetch runs and which waits: each key once, a few at a time, a bounded number waiting, first come first served.
struct FetchSchedule<Key: Hashable & Sendable>: Sendable {
    enum Admission: Hashable {
        /// Start it now.
        case start
        /// It will be started when another one has finished.
        case wait
        /// It runs or waits already.
        case underWay
        /// Nothing was noted; ask again later.
        case full
    }

    let concurrency: Int
    let queueLimit: Int
    private var running: Set<Key> = []
    private var waiting: [Key] = []
    private var waitingKeys: Set<Key> = []

    init(concurrency: Int, queueLimit: Int) {
        self.concurrency = concurrency
        self.queueLimit = queueLimit
    }

    var runningCount: Int { running.count }
    var waitingCount: Int { waiting.count }

    mutating func admit(_ key: Key) -> Admission {
        guard !running.contains(key), !waitingKeys.contains(key) else { return .underWay }
        if running.count < concurrency {
            running.insert(key)
            return .start
        }
        guard waiting.count < queueLimit else { return .full }
        waiting.append(key)
        waitingKeys.insert(key)
        return .wait
    }

    /// Notes the end of a running fetch and answers which one is to be started in its place.
    mutating func finish(_ key: Key) -> Key? {
        guard running.remove(key) != nil, !waiting.isEmpty else { return nil }
        let next = waiting.removeFirst()
        waitingKeys.remove(next)
        running.insert(next)
        return next
    }
}
