import ContentTrust
import NIOCore
import NIOPosix
import Signing

/// Thousands of clients of the native protocol in one process, and the checks of what they are told.
///
/// Safe to use from any task. To be ended with ``close()``.
public struct LoadGenerator: Sendable {
    private let group: MultiThreadedEventLoopGroup
    private let engine: NIOLoopBound<LoadEngine>
    private let ticking: RepeatedTask
    private let start = ContinuousClock.now

    /// Raises the limit of open files as far as the plan needs it.
    ///
    /// - Parameters:
    ///   - key: signs the certificates; a key of the keyset that the trackers have.
    ///   - site: the origin that the clients are visitors of.
    public init(_ plan: LoadPlan, key: SigningKey, site: WebOrigin) async throws {
        guard !plan.trackers.isEmpty, plan.connections > 0, plan.contents > 0 else {
            throw LoadError("a run needs at least one tracker, one connection and one content")
        }
        try OpenFileLimit.raise(toConnections: plan.connections)
        let sources = try SourceAddresses(connections: plan.connections, trackers: plan.trackers)
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        self.group = group
        let loop = group.next()
        (engine, ticking) = try await loop.submit {
            let mint = try CertificateMint(key: key, site: site, contents: plan.contents, seed: plan.seed)
            let engine = LoadEngine(plan: plan, mint: mint, sources: sources, eventLoop: loop)
            let bound = NIOLoopBound(engine, eventLoop: loop)
            let ticking = loop.scheduleRepeatedTask(
                initialDelay: .zero,
                delay: .milliseconds(Int64(LoadLimits.tick))
            ) { _ in bound.value.tick() }
            return (bound, ticking)
        }.get()
    }

    private func perform<Result: Sendable>(_ work: @escaping @Sendable (LoadEngine) -> Result) async throws -> Result {
        try await group.next().submit { [engine] in work(engine.value) }.get()
    }

    /// Returns when a condition of the engine holds.
    private func until(_ isMet: @escaping @Sendable (LoadEngine) -> Bool) async throws {
        let promise = group.next().makePromise(of: Void.self)
        try await perform { $0.conditions.append((isMet, promise)) }
        try await promise.futureResult.get()
    }

    /// Opens all connections and returns when each has been welcomed once.
    ///
    /// - Parameter announcing: whether they announce as they open, and this returns when that is acknowledged.
    public func connect(announcing: Bool = true) async throws {
        try await perform { engine in
            engine.announcesOnConnect = announcing
            engine.openAll()
        }
        let connections = try await perform { $0.plan.connections }
        let limit = LoadLimits.connecting(connections)
        let deadline = ContinuousClock.now + .seconds(limit)
        try await until { engine in
            ContinuousClock.now > deadline
                || engine.clients.allSatisfy(\.hasConnected) && (!announcing || engine.isSettled)
        }
        let connected = try await perform { $0.clients.count { $0.hasConnected } }
        guard connected < connections else { return }
        let fault = try await perform { $0.faults.last } ?? "none was refused"
        throw LoadError(
            "only \(connected) of \(connections) connections were open within \(limit) s; the last fault: \(fault)"
        )
    }

    /// Lets every client announce its contents, and returns when all are acknowledged.
    public func announceAll() async throws {
        try await perform { engine in
            engine.announcesOnConnect = true
            for client in engine.openClients { engine.announceAll(client) }
            engine.flush()
        }
        try await until(\.isSettled)
    }

    /// Lets every client leave all its contents, and returns when that is acknowledged.
    public func leaveAll() async throws {
        try await perform { engine in
            engine.announcesOnConnect = false
            for client in engine.openClients { engine.leaveAll(client) }
            engine.flush()
        }
        try await until(\.isSettled)
    }

    /// Does the plan's operations until ``pause()``.
    public func drive() async throws {
        try await perform { engine in
            engine.due = OperationRates()
            engine.lastTick = LoadEngine.now
            engine.isDriving = true
        }
    }

    /// Stops doing operations, and returns when all that were begun are answered or have timed out, and failed announces were made again.
    public func pause() async throws {
        try await perform { $0.isDriving = false }
        let deadline = ContinuousClock.now + .seconds(LoadLimits.settling)
        try await until { engine in
            engine.isSettled
                && (engine.clients.allSatisfy { $0.failedOnce.isEmpty } || ContinuousClock.now > deadline)
        }
    }

    /// What it has come to so far.
    public func report() async throws -> LoadReport {
        let elapsed = (ContinuousClock.now - start) / .seconds(1)
        return try await perform { engine in
            LoadReport(
                elapsed: elapsed,
                counts: engine.currentCounts,
                latencies: engine.latencies,
                faults: engine.faults
            )
        }
    }

    /// Forgets the latencies so far, at the border between two measurements.
    public func resetLatencies() async throws { try await perform { $0.latencies = LoadLatencies() } }

    /// Ends all connections and the event loop. Announces that still waited for their retry are uncovered from here on.
    @discardableResult public func close() async throws -> LoadReport {
        try await perform { engine in
            engine.counts.announcesUncovered += engine.clients.reduce(0) { $0 + $1.failedOnce.count }
        }
        let report = try await report()
        ticking.cancel()
        try await perform { $0.closeAll() }
        try await group.shutdownGracefully()
        return report
    }
}

extension LoadEngine {
    /// Whether nothing waits for an answer: no announce, leave, find, signal or probe, of those clients that are connected.
    var isSettled: Bool {
        signals.isEmpty && retries.first == nil
            && openClients.allSatisfy {
                $0.open.isEmpty && $0.backlog.isEmpty && $0.toLeave.isEmpty && $0.probes.isEmpty
            }
    }
}
