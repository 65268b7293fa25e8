import NIOCore
import Presence
import RedisClient

/// How a node takes part in a cluster.
public struct RedisPresenceConfiguration: Sendable {
    /// From a command of a link to its answer; then the link is made again, and everything is written again. Longer than the time of
    /// a find, because a find that is late harms one visitor and a new link costs the shard a refill.
    public static let linkTimeout = TimeAmount.seconds(1)

    /// As operators know the node.
    public var name: String
    /// Names and addresses of the shards when the cluster is started for the first time; later, of where to look for its topology.
    public var shards: [(name: String, url: String)]
    /// For shards whose address names none.
    public var password: String?
    /// PEM file with the certificate authorities that `rediss://` shards are verified by; nil for the system's.
    public var certificateAuthorities: String?
    /// Milliseconds until a find whose shard is silent is answered `unavailable`.
    public var timeout = 200
    /// Commands that are written to a shard at once at most; 1 writes each by itself.
    public var batchLimit = RedisConfiguration().batchLimit

    public init(name: String, shards: [(name: String, url: String)]) {
        self.name = name
        self.shards = shards
    }

    var link: RedisConfiguration { RedisConfiguration(timeout: Self.linkTimeout, batchLimit: batchLimit) }

    /// What it takes to connect to a shard. The topology names addresses only, since everybody who reaches a shard can read it: user and
    /// password come from this node's own settings.
    func server(name: String, url: String) throws(ClusterError) -> RedisServer {
        do {
            var address = try RedisURL(url)
            if let known = shards.first(where: { $0.name == name }) {
                let credentials = try RedisURL(known.url)
                address.user = credentials.user
                address.password = credentials.password
            }
            return try RedisServer(address, password: password, certificateAuthorities: certificateAuthorities)
        } catch {
            throw .unusable("The address of shard \(name) cannot be used: \(error)")
        }
    }

    /// The topology of a cluster that is started for the first time.
    func initialTopology() throws(ClusterError) -> Topology {
        do {
            return try Topology(initial: shards.map { ($0.name, try Self.withoutCredentials($0.url)) })
        } catch {
            throw .unusable("\(error)")
        }
    }

    private static func withoutCredentials(_ url: String) throws(RedisURLError) -> String {
        let url = try RedisURL(url)
        return (url.isSecure ? "rediss://" : "redis://") + url.address
    }

    func servers(of topology: Topology) throws(ClusterError) -> [RedisServer] {
        var servers: [RedisServer] = []
        for shard in topology.shards { servers.append(try server(name: shard.name, url: shard.url)) }
        return servers
    }
}
