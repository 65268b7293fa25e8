import NIOCore

/// The commands of one turn of the event loop, which are sent together at its end, or when there are enough of them.
///
/// Apart from ``RedisLink`` because nothing here depends on its token.
@usableFromInline
final class RedisBatch {
    private let connection: RedisConnection
    private let eventLoop: any EventLoop
    private let limit: Int
    private var writer = RESPWriter()
    private var willFlush = false
    private var turn = NIODeadline.uptimeNanoseconds(0)

    init(connection: RedisConnection, eventLoop: any EventLoop, limit: Int) {
        self.connection = connection
        self.eventLoop = eventLoop
        self.limit = limit
    }

    /// The time of the batch's first command, for all of them: reading the clock for each would be a tenth of its cost.
    @usableFromInline
    var startedAt: NIODeadline {
        if writer.commandCount == 0 { turn = .now() }
        return turn
    }

    /// - Parameter write: writes exactly one command.
    @usableFromInline
    func append(_ write: (inout RESPWriter) -> Void) {
        let count = writer.commandCount + 1
        write(&writer)
        precondition(writer.commandCount == count, "a token stands for exactly one command")
        if count >= limit {
            flush()
        } else if !willFlush {
            willFlush = true
            eventLoop.assumeIsolated().execute { [self] in
                willFlush = false
                flush()
            }
        }
    }

    /// Sends what there is.
    @usableFromInline
    func flush() {
        guard writer.commandCount > 0 else { return }
        writer.checkComplete()
        connection.write(writer.buffer)
        writer.clear()
    }

    /// Forgets what there is: its connection is gone.
    func discard() { writer.clear() }
}
