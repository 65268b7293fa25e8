import Logging
import NIOCore
import Presence
import RedisClient

/// Finds the topology of the cluster that a starting node belongs to: the newest that any of the shards in its settings has, or, when all
/// of them answer that they have none, the one that the settings describe.
///
/// Confined to one event loop. Goes on until there is an answer; what keeps it from one is in the log, each trouble once.
final class TopologySeeker {
    /// After the first shard has answered, the others have this long: one that is down does not keep a node from starting.
    static let patience = TimeAmount.seconds(2)

    private struct Asked {
        var name: String
        var link: RedisLink<Void>?
        var hasAnswered = false
        var trouble: RedisError?
    }

    private let eventLoop: any EventLoop
    private let configuration: RedisPresenceConfiguration
    private let logger: Logger
    private let found: EventLoopPromise<Topology>
    private var shards: [Asked] = []
    private var newest: Topology?
    private var isDone = false

    init(eventLoop: any EventLoop, configuration: RedisPresenceConfiguration, logger: Logger) {
        self.eventLoop = eventLoop
        self.configuration = configuration
        self.logger = logger
        found = eventLoop.makePromise()
    }

    /// The topology; fails with ``ClusterError`` when there is one that this node cannot serve.
    func seek() throws(ClusterError) -> EventLoopFuture<Topology> {
        for (index, shard) in configuration.shards.enumerated() {
            let server = try configuration.server(name: shard.name, url: shard.url)
            let link = RedisLink<Void>(
                to: server,
                eventLoop: eventLoop,
                configuration: configuration.link,
                onReply: { [weak self] _, answer in self?.answered(RedisValue(answer), index) },
                onStateChange: { [weak self] state in self?.changed(state, index) }
            )
            shards.append(Asked(name: shard.name, link: link))
        }
        for shard in shards { shard.link?.start() }
        return found.futureResult
    }

    /// Gives up, because the node is stopping.
    func stop() { finish(.failure(ClusterError.notStarted)) }

    private func changed(_ state: RedisLinkState, _ index: Int) {
        switch state {
        case .ready:
            _ = shards[index].link?.send(()) { writer in
                writer.command("GET", arguments: 1)
                writer.argument(PresenceKey.topology)
            }
        case .waiting(let error, _):
            guard shards[index].trouble != error else { return }
            shards[index].trouble = error
            logger.warning(
                "shard not usable; trying again",
                metadata: ["shard": "\(shards[index].name)", "reason": "\(error)"]
            )
        case .connecting, .stopped:
            break
        }
    }

    private func answered(_ value: RedisValue, _ index: Int) {
        guard !isDone else { return }
        if case .failure = value { return }
        let isFirst = !shards.contains { $0.hasAnswered }
        shards[index].hasAnswered = true
        if let document = value.bytes {
            do {
                let topology = try Topology(document: document)
                if topology.epoch > newest?.epoch ?? 0 { newest = topology }
            } catch {
                return finish(
                    .failure(
                        ClusterError.unusable(
                            "Shard \(shards[index].name) has a topology that this node cannot serve. \(error)"
                        )
                    )
                )
            }
        }
        if shards.allSatisfy(\.hasAnswered) {
            decide()
        } else if isFirst {
            eventLoop.assumeIsolated().scheduleTask(in: Self.patience) { [weak self] in self?.decide() }
        }
    }

    private func decide() {
        guard !isDone else { return }
        if let newest { return finish(.success(newest)) }
        // A shard that is silent may have the topology, and two of them must not come to be.
        guard shards.allSatisfy(\.hasAnswered) else {
            let silent = shards.filter { !$0.hasAnswered }.map(\.name)
            return logger.warning(
                "no shard that answers has a topology; it is made when all of them answer",
                metadata: ["silent": "\(silent)"]
            )
        }
        finish(Result { try configuration.initialTopology() })
    }

    private func finish(_ result: Result<Topology, any Error>) {
        guard !isDone else { return }
        isDone = true
        for shard in shards { shard.link?.stop() }
        found.completeWith(result)
    }
}
