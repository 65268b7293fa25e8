import Foundation
import UnixSignals

/// What ends a run early: SIGINT and SIGTERM, which let it finish its report.
struct StopSignals: Sendable {
    /// Returns at a signal, or when so much time has passed.
    func wait(for duration: Duration?) async {
        await race([
            { await Self.signal() },
            { try? await Task.sleep(for: duration ?? .seconds(1_000_000_000)) },
        ])
    }

    /// Returns at a signal, or when standard input has closed.
    func waitForEndOfInput() async {
        await race([{ await Self.signal() }, { await Self.endOfInput() }])
    }

    private static func signal() async {
        for await _ in await UnixSignalsSequence(trapping: .sigint, .sigterm) { return }
    }

    private static func endOfInput() async {
        let (ends, end) = AsyncStream.makeStream(of: Void.self)
        let input = FileHandle.standardInput
        input.readabilityHandler = { handle in
            if handle.availableData.isEmpty { end.finish() }
        }
        for await _ in ends {}
        input.readabilityHandler = nil
    }

    private func race(_ waits: [@Sendable () async -> Void]) async {
        await withTaskGroup(of: Void.self) { group in
            for wait in waits { group.addTask { await wait() } }
            await group.next()
            group.cancelAll()
        }
    }
}
