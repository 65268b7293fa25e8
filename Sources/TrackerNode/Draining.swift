import Logging
import NIOCore
import Synchronization
import TrackerCore

/// The way out of a node: it leads its clients away, waits for them, though not for ever, and closes those that stayed.
final class Draining: Sendable {
    /// Seconds; see ``TrackerConfiguration``.
    private let spread: Int
    private let limit: Int
    private let logger: Logger
    private let hasBegun = Atomic(false)

    init(_ configuration: TrackerConfiguration, logger: Logger) {
        spread = configuration.drainSpread
        limit = configuration.drainLimit
        self.logger = logger
    }

    /// Whether the node takes leave of its clients: others should not be sent to it.
    var isUnderWay: Bool { hasBegun.load(ordering: .relaxed) }

    /// Returns when every peer has been told to go or has gone, and the store has been given the end of every peer's presence. When the task
    /// is cancelled nobody is waited for.
    func run(_ workers: WorkerPool, _ connections: ConnectionCount) async {
        hasBegun.store(true, ordering: .relaxed)
        let before = connections.current
        if limit > 0, !Task.isCancelled {
            let deadline = Moment.now.uptimeMilliseconds + limit * 1000
            await workers.drain(Drain(spread: spread * 1000, deadline: deadline))
            await waitUntilNone(connections)
        }
        let remaining = connections.current
        await workers.end()
        logger.notice("drained", metadata: ["connections": "\(before)", "closed": "\(remaining)"])
    }

    private func waitUntilNone(_ connections: ConnectionCount) async {
        await withTaskGroup(of: Void.self) { [limit] tasks in
            tasks.addTask { await connections.untilNone() }
            tasks.addTask { try? await Task.sleep(for: .seconds(limit)) }
            await tasks.next()
            tasks.cancelAll()
        }
    }
}
