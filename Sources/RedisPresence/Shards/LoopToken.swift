import Presence
import TrackerCore

/// What a command on an event loop's link to a shard was sent for: comes back with its answer.
enum LoopToken {
    /// An entry was added or removed, for a batch that waits for it.
    case write(PendingBatch, Int, takesBack: Bool)
    /// Nobody waits: entries written again, dead ones removed, a key's time to live.
    case upkeep
    case find(PendingSearch, PeerSearch.Question)
    /// Everything that a sweep sent to the shard was answered before this.
    case barrier(Sweep)
    case publish(SignalParcel)
}

/// A batch of commands that is not all answered yet. Confined to its event loop.
final class PendingBatch {
    private var replies: [PresenceReply]
    private var missing: Int
    private let reply: @Sendable ([PresenceReply]) -> Void

    /// - Parameter count: replies that there will be; every one is `done` unless told otherwise.
    init(count: Int, reply: @escaping @Sendable ([PresenceReply]) -> Void) {
        replies = Array(repeating: .done, count: count)
        // One more than is asked, until the whole batch has been gone through.
        missing = 1
        self.reply = reply
    }

    /// One more answer is awaited.
    func await() { missing += 1 }

    func set(_ index: Int, _ value: PresenceReply) { replies[index] = value }

    /// An awaited answer came, or will not come.
    func arrived() {
        missing -= 1
        if missing == 0 { reply(replies) }
    }
}

/// A find on its way. Confined to its event loop.
final class PendingSearch {
    var search: PeerSearch
    let batch: PendingBatch
    let index: Int
    /// Milliseconds of the loop's clock after which it is answered as unavailable.
    let deadline: Int
    private(set) var isDone = false

    init(_ search: PeerSearch, batch: PendingBatch, index: Int, deadline: Int) {
        self.search = search
        self.batch = batch
        self.index = index
        self.deadline = deadline
    }

    /// Answers; only the first time.
    func finish(_ reply: PresenceReply) {
        guard !isDone else { return }
        isDone = true
        batch.set(index, reply)
        batch.arrived()
    }
}
