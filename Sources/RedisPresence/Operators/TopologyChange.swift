import NIOCore
import Presence
import RedisClient

/// One step of changing a cluster's shards, as an operator asks for it.
public enum TopologyChange: Equatable, Sendable {
    case add(name: String, url: String, weight: Int)
    case drain(name: String)
    case remove(name: String)
    /// The next step of the change that is under way. Whoever asks has seen that every node has carried out the one before.
    case advance
    /// Back, as long as that is possible.
    case abandon
}

/// Makes one step of a change: decides on it, and writes it to the shards, from where all nodes learn of it.
///
/// The step is written under a lock on most of the shards, so that of two operators one is refused.
struct TopologyChanger {
    /// Milliseconds for which the lock holds if it is not given back.
    static let lockDuration = 10_000
    /// For a new shard to answer before it is taken in.
    static let probeTimeout = TimeAmount.seconds(5)
    private static let lock = Array("topology-lock".utf8)

    let keeper: LeaseKeeperReference
    let configuration: RedisPresenceConfiguration
    let eventLoop: any EventLoop

    /// - Parameter epoch: of the topology that the operator has seen.
    /// - Throws: ``ClusterError``; nothing was changed then.
    func carryOut(_ change: TopologyChange, after epoch: Int) async throws -> Topology {
        let known = try await keeper.ask { try $0.known() }.get()
        guard known.topology.epoch == epoch else {
            throw ClusterError.refused(
                "The topology has changed meanwhile: it has epoch \(known.topology.epoch), not \(epoch). Look at it again."
            )
        }
        let next = try decide(change, known.topology)
        _ = try configuration.servers(of: next)
        if case .add(let name, let url, _) = change { try await probe(name, url) }
        let names = known.topology.shards.map(\.name)
        try await write(next, to: names)
        try await keeper.ask { try $0.adopt(next) }.get()
        return next
    }

    private func decide(_ change: TopologyChange, _ topology: Topology) throws(ClusterError) -> Topology {
        let next: Topology?
        do throws(TopologyError) {
            switch change {
            case .add(let name, let url, let weight): next = try topology.adding(name, url: url, weight: weight)
            case .drain(let name): next = try topology.draining(name)
            case .remove(let name): next = try topology.removing(name)
            case .advance: next = topology.advanced
            case .abandon: next = topology.abandoned
            }
        } catch {
            throw ClusterError.refused("\(error)")
        }
        guard let next else {
            throw ClusterError.refused("That step cannot be made: the topology is \(topology.phase.rawValue).")
        }
        return next
    }

    /// A shard that cannot be reached is found out before anything depends on it.
    private func probe(_ name: String, _ url: String) async throws {
        let server = try configuration.server(name: name, url: url)
        let probe = try await eventLoop.submit { [eventLoop, configuration] in
            NIOLoopBound(ShardProbe(server, eventLoop: eventLoop, configuration.link), eventLoop: eventLoop)
        }.get()
        if let error = try await eventLoop.flatSubmit({ probe.value.result(within: Self.probeTimeout) }).get() {
            throw ClusterError.refused("Shard \(name) cannot be used. \(error)")
        }
    }

    private func write(_ topology: Topology, to shards: [String]) async throws {
        let token = PresenceKey.hexadecimal(.random(in: .min ... .max))
        var locked: [String] = []
        for shard in shards {
            let answer = await keeper.query(shard: shard) { writer in
                writer.command("SET", arguments: 5)
                writer.argument(Self.lock)
                writer.argument(token)
                writer.argument("NX")
                writer.argument("PX")
                writer.argument(Self.lockDuration)
            }
            if answer.string == "OK" { locked.append(shard) }
        }
        var written = 0
        var isCurrent = true
        for shard in locked {
            let answer = await keeper.query(shard: shard) { writer in
                writer.command("GET", arguments: 1)
                writer.argument(PresenceKey.topology)
            }
            // A step that this node has not heard of yet must not be met by another one of the same epoch.
            if let document = answer.bytes, (try? Topology(document: document).epoch) ?? .max >= topology.epoch {
                isCurrent = false
            }
        }
        if isCurrent, locked.count > shards.count / 2 {
            for shard in locked {
                let answer = await keeper.query(shard: shard) { TopologyScript.write(topology, into: &$0) }
                written += answer.integer ?? 0
            }
        }
        for shard in locked {
            _ = await keeper.query(shard: shard) { writer in
                writer.command("DEL", arguments: 1)
                writer.argument(Self.lock)
            }
        }
        guard written > shards.count / 2 else {
            throw ClusterError.refused(
                "Only \(written) of \(shards.count) shards took the new topology, and it needs more than half: another change is under way, or shards are down (shoal shards status)."
            )
        }
    }
}

/// Connects to a server once to see whether it can be a shard. Confined to its event loop.
private final class ShardProbe {
    private let eventLoop: any EventLoop
    private let done: EventLoopPromise<RedisError?>
    private var link: RedisLink<Void>?
    private var last: RedisError?

    init(_ server: RedisServer, eventLoop: any EventLoop, _ configuration: RedisConfiguration) {
        self.eventLoop = eventLoop
        done = eventLoop.makePromise()
        link = RedisLink(
            to: server,
            eventLoop: eventLoop,
            configuration: configuration,
            onReply: { _, _ in },
            onStateChange: { [weak self] state in self?.changed(state) }
        )
    }

    /// Nil when the server can be used, otherwise what was wrong last.
    func result(within timeout: TimeAmount) -> EventLoopFuture<RedisError?> {
        link?.start()
        eventLoop.assumeIsolated().scheduleTask(in: timeout) { [self] in finish(last ?? .timedOut(after: timeout)) }
        return done.futureResult
    }

    private func changed(_ state: RedisLinkState) {
        switch state {
        case .ready: finish(nil)
        case .waiting(let error, _): last = error
        case .connecting, .stopped: break
        }
    }

    private func finish(_ error: RedisError?) {
        guard let link else { return }
        self.link = nil
        link.stop()
        done.succeed(error)
    }
}
