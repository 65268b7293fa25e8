import LoadGenerator
import Signing

/// What idle connections and presence entries take.
struct MemoryScenarios {
    let environment: LocalCluster.Environment
    let signingKey: SigningKey

    /// Bytes resident in a tracker for each idle connection that has announced `announced` contents.
    ///
    /// A hundred connections come first, so that code and pools that are there once do not count.
    func bytesPerConnection(_ connections: Int, announced: Int, store: StoreKind) async throws -> Double {
        let cluster = try await LocalCluster.start(environment, nodes: 1, store: store)
        let warmUp = try await idle(cluster, connections: 100, contents: announced)
        let before = try cluster.trackers[0].residentBytes()
        let generator = try await idle(cluster, connections: connections, contents: announced)
        // Until the last buffers have been given back.
        try await Task.sleep(for: .seconds(3))
        let after = try cluster.trackers[0].residentBytes()
        try await generator.close()
        try await warmUp.close()
        await cluster.stop()
        return Double(after - before) / Double(connections)
    }

    private func idle(_ cluster: LocalCluster, connections: Int, contents: Int) async throws -> LoadGenerator {
        var plan = LoadPlan(trackers: cluster.endpoints)
        plan.connections = connections
        plan.contents = 1_000
        plan.contentsPerConnection = contents
        let generator = try await LoadGenerator(plan, key: signingKey, site: ClusterCommand.site())
        try await generator.connect()
        return generator
    }

    /// Bytes of Redis memory for each entry, in swarms of so many peers.
    func bytesPerEntry(swarmSize: Int) async throws -> Double {
        let store = StoreKind.redis(shards: 1, batchLimit: nil)
        let cluster = try await LocalCluster.start(environment, nodes: 1, store: store)
        var plan = LoadPlan(trackers: cluster.endpoints)
        plan.connections = swarmSize
        // Every connection has all contents; enough of them that what Redis allocates besides does not matter.
        plan.contents = min(4_000, max(2, 40_000 / swarmSize))
        plan.contentsPerConnection = plan.contents
        let generator = try await LoadGenerator(plan, key: signingKey, site: ClusterCommand.site())
        try await generator.connect(announcing: false)
        let before = try await cluster.shards[0].usedMemory()
        try await generator.announceAll()
        let entries = swarmSize * plan.contents
        try await cluster.shards[0].waitForEntries(entries)
        let after = try await cluster.shards[0].usedMemory()
        try await generator.close()
        await cluster.stop()
        return Double(after - before) / Double(entries)
    }
}
