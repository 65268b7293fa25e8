import RedisPresence
import ServiceLifecycle

/// The node's part in its cluster while it runs. It ends with an error, and the node with it, when the cluster's topology is one that this
/// node cannot serve.
struct ClusterMember: Service {
    private let cluster: RedisPresence
    private let workers: WorkerPool
    private let router: SignalRouter

    init(_ cluster: RedisPresence, _ workers: WorkerPool, _ router: SignalRouter) {
        self.cluster = cluster
        self.workers = workers
        self.router = router
    }

    func run() async throws {
        let handlers = ClusterHandlers(
            onSignal: { [router] in router.deliver($0) },
            onUndeliverable: { [router] in router.bounce($0) },
            onFenced: { [workers] in workers.fenced($0) }
        )
        // Shards that are down keep a node waiting, but must not keep it from ending.
        do {
            try await cancelWhenGracefulShutdown { try await cluster.join(handlers) }
        } catch ClusterError.notStarted {
            return
        }
        try? await gracefulShutdown()
    }
}
