import Presence
import RedisClient

/// Writes a topology to a shard that has none, or an older one: compared and written in one step, so that of two operators one is told.
enum TopologyScript {
    /// Not on the hot path: it runs when a topology changes, and on a shard that came back empty.
    private static let source: StaticString = """
        local found = redis.call('GET', KEYS[1])
        if found and cjson.decode(found).epoch >= tonumber(ARGV[2]) then return 0 end
        redis.call('SET', KEYS[1], ARGV[1])
        return 1
        """

    /// The reply is 1 if it was written.
    static func write(_ topology: Topology, into writer: inout RESPWriter) {
        writer.command("EVAL", arguments: 5)
        writer.argument(source)
        writer.argument(1)
        writer.argument(PresenceKey.topology)
        writer.argument(topology.document)
        writer.argument(topology.epoch)
    }
}
