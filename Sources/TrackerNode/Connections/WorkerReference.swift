import NIOCore
import Presence
import Synchronization
import TrackerCore
import TrackerProtocol

/// A worker as others hold it: they can only hand it work for its own event loop.
struct WorkerReference: Sendable {
    private let eventLoop: any EventLoop
    private let worker: NIOLoopBound<EventLoopWorker>

    /// To be made on the worker's event loop.
    init(_ worker: EventLoopWorker) {
        eventLoop = worker.eventLoop
        self.worker = NIOLoopBound(worker, eventLoop: worker.eventLoop)
    }

    /// Does the work at once when called on the worker's loop, otherwise soon, and flushes behind it.
    func perform(_ work: @escaping @Sendable (EventLoopWorker) -> Void) {
        if eventLoop.inEventLoop {
            work(worker.value)
        } else {
            eventLoop.execute {
                work(worker.value)
                worker.value.flush()
            }
        }
    }

    /// Works with the worker at once; only on its own loop.
    func here<R>(_ work: (EventLoopWorker) throws -> R) rethrows -> R { try work(worker.value) }

    /// Does the work again and again until the task is cancelled.
    func repeatedly(every interval: TimeAmount, _ work: @escaping @Sendable (EventLoopWorker) -> Void) -> RepeatedTask {
        eventLoop.scheduleRepeatedTask(initialDelay: interval, delay: interval) { _ in work(worker.value) }
    }

    /// Asks the worker something, from anywhere.
    func ask<Answer: Sendable>(_ question: @escaping @Sendable (EventLoopWorker) -> Answer) -> EventLoopFuture<Answer> {
        eventLoop.submit { question(worker.value) }
    }
}

/// What a worker shares with the rest of its node. Every part may be called from any event loop.
struct WorkerEnvironment: Sendable {
    let directory: CertificateDirectory
    let store: any PresenceStore
    let router: SignalRouter
    let connections: ConnectionCount
}

/// The connections of a node, counted over all of its loops.
final class ConnectionCount: Sendable {
    private struct State {
        var count = 0
        var waiter: CheckedContinuation<Void, Never>?
    }

    let limit: Int
    private let state = Mutex(State())

    init(limit: Int) { self.limit = limit }

    var current: Int { state.withLock { $0.count } }

    /// Whether one more is within the limit. Asked when a request arrives and counted when it was upgraded, so that each loop can be one
    /// connection over the limit for a moment; a reservation would have to be given back on every way that a handshake can fail.
    var hasRoom: Bool { current < limit }

    func add() { state.withLock { $0.count += 1 } }

    func remove() {
        let waiter = state.withLock { state in
            state.count -= 1
            return state.count == 0 ? state.waiter.take() : nil
        }
        waiter?.resume()
    }

    /// Returns when there is no connection, or when the task is cancelled. For one caller at a time.
    func untilNone() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isWaiting = state.withLock { state in
                    // A cancellation after this look takes the lock after us, and finds the waiter.
                    guard state.count > 0, !Task.isCancelled else { return false }
                    state.waiter = continuation
                    return true
                }
                if !isWaiting { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.waiter.take() }?.resume()
        }
    }
}
