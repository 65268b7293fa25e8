import NIOCore

/// The one timer of a link or a subscription, for a deadline that mostly moves away before it is reached.
///
/// A deadline that moves back costs nothing: the timer fires at the old time, and whoever is woken asks for the next. Rescheduling for each
/// command was rejected; it is an entry of the loop's heap each time.
@usableFromInline
final class WakeUp {
    private let eventLoop: any EventLoop
    private var scheduled: (at: NIODeadline, task: Scheduled<Void>)?

    init(eventLoop: any EventLoop) { self.eventLoop = eventLoop }

    @usableFromInline
    var isArmed: Bool { scheduled != nil }

    /// Sees to it that `wake` is called at a time or earlier.
    func arm(at deadline: NIODeadline?, _ wake: @escaping () -> Void) {
        guard let deadline else { return }
        if let scheduled {
            guard deadline < scheduled.at else { return }
            scheduled.task.cancel()
        }
        let task = eventLoop.assumeIsolated().scheduleTask(deadline: deadline) { [self] in
            scheduled = nil
            wake()
        }
        scheduled = (deadline, task)
    }

    func cancel() {
        scheduled?.task.cancel()
        scheduled = nil
    }
}
