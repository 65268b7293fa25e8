import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import NIOFoundationCompat
import RedisPresence

/// What a node tells its operators about the cluster, and takes from them (Docs/Operations.md). On the admin address.
struct ClusterRoutes {
    /// Bytes of a request's body.
    static let bodyLimit = 4_096

    /// A step of changing the shards, as a request's body has it.
    struct Change: Decodable {
        var change: String
        /// Of the topology that the operator has seen.
        var epoch: Int
        var name: String?
        var url: String?
        var weight: Int?

        /// - Throws: the sentence that the operator is answered.
        func decoded() throws -> TopologyChange {
            switch change {
            case "add":
                return .add(name: try needed(name, "name"), url: try needed(url, "url"), weight: weight ?? 1)
            case "drain": return .drain(name: try needed(name, "name"))
            case "remove": return .remove(name: try needed(name, "name"))
            case "advance": return .advance
            case "abandon": return .abandon
            default:
                throw ClusterError.refused(
                    "change is add, drain, remove, advance or abandon, not \"\(change.prefix(64))\"."
                )
            }
        }

        private func needed(_ value: String?, _ field: String) throws -> String {
            guard let value else { throw ClusterError.refused("\(field) is missing; \(change) needs it.") }
            return value
        }
    }

    /// Nil for a node that is alone.
    let cluster: RedisPresence?

    func add(to router: Router<BasicRequestContext>) {
        router.get("/v1/cluster") { [cluster] request, _ in
            // Looking at swarms costs the shards thousands of commands, which whoever only waits for nodes can do without.
            let includesSwarms = request.uri.queryParameters["swarms"] != "false"
            return try await Self.answer(cluster) { try await $0.status(includingSwarms: includesSwarms) }
        }
        router.put("/v1/topology") { [cluster] request, _ in
            let body = try await request.body.collect(upTo: Self.bodyLimit)
            return try await Self.answer(cluster) { cluster in
                let change: Change
                do {
                    change = try JSONDecoder().decode(Change.self, from: Data(buffer: body))
                } catch {
                    throw ClusterError.refused("The body is not a change as Docs/Operations.md describes it: \(error)")
                }
                try await cluster.change(change.decoded(), after: change.epoch)
                return try await cluster.status(includingSwarms: false)
            }
        }
    }

    private static func answer(_ cluster: RedisPresence?, _ work: (RedisPresence) async throws -> ClusterStatus)
        async throws -> Response
    {
        guard let cluster else {
            return .text(.notFound, "This node is alone: it was started without --redis-url.\n")
        }
        do {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys]
            let body = try encoder.encode(try await work(cluster))
            return Response(
                status: .ok,
                headers: [.contentType: "application/json"],
                body: ResponseBody(byteBuffer: ByteBuffer(data: body))
            )
        } catch let error as ClusterError {
            return .text(error == .notStarted ? .serviceUnavailable : .conflict, "\(error)\n")
        }
    }
}
