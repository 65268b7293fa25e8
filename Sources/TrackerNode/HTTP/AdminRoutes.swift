import BrowserClient
import HTTPTypes
import Hummingbird

/// What a node answers to its operator (Docs/Operations.md).
struct AdminRoutes {
    /// What the operator's page shows.
    struct Status: Sendable {
        /// Why clients should not be sent here; nil when they may.
        var unreadiness: String?
        var connections: Int
        var connectionLimit: Int
        var announced: Int
        var root: String
        var authorityURL: String
        /// Of the public address, with a scheme and as a browser on this machine reaches it.
        var publicURL: String
    }

    /// Why clients should not be sent here now; nil when they may.
    let unreadiness: @Sendable () -> String?
    let status: @Sendable () async -> Status
    let metrics: @Sendable () async -> String
    let cluster: ClusterRoutes

    func router() -> Router<BasicRequestContext> {
        let router = Router()
        router.get("/healthz") { _, _ in Response.text(.ok, "ok\n") }
        router.get("/readyz") { [unreadiness] _, _ in
            unreadiness().map { Response.text(.serviceUnavailable, "not ready: \($0)\n") } ?? .text(.ok, "ready\n")
        }
        router.get("/metrics") { [metrics] _, _ in
            Response.text(.ok, type: "text/plain; version=0.0.4; charset=utf-8", await metrics())
        }
        cluster.add(to: router)
        router.get("/") { [status] _, _ in
            Response.text(.ok, type: "text/html; charset=utf-8", Self.page(await status()))
        }
        return router
    }

    /// The tag that a webmaster copies when the site loads the client from this node.
    static func scriptTag(_ status: Status) -> String {
        let tracker = status.publicURL.replacing("http", with: "ws", maxReplacements: 1)
        return """
            <script src="\(status.publicURL)/shoal.js" integrity="\(BrowserClient.pageScriptIntegrity)" crossorigin="anonymous"
                    data-tracker="\(tracker)" data-root="\(status.root)" data-worker="/sw.js"></script>
            """
    }

    private static func page(_ status: Status) -> String {
        let rows = [
            ("State", status.unreadiness.map { "not ready: \($0)" } ?? "ready"),
            ("Connections", "\(status.connections) of \(status.connectionLimit)"),
            ("Peer–content pairs", "\(status.announced)"),
            ("Signing authority", status.authorityURL),
            ("Root key", status.root),
        ]
        .map { "<tr><th scope=\"row\">\($0.0)</th><td>\(escape($0.1))</td></tr>" }.joined(separator: "\n")
        return """
            <!doctype html>
            <html lang="en"><head><meta charset="utf-8"><title>Shoal tracker node</title>
            <meta name="viewport" content="width=device-width">
            <style>
            body { font: 16px/1.5 system-ui, sans-serif; color: #dce6ee; background: #0c1a24; max-width: 56rem; margin: 3rem auto; padding: 0 1rem }
            h1 { font-weight: 600 } h2 { font-size: 1.1rem; margin-top: 2.5rem } a { color: #7fd1ff }
            table { border-collapse: collapse; width: 100% } th, td { text-align: left; padding: .4rem .8rem .4rem 0; border-bottom: 1px solid #22394a }
            th { font-weight: 400; color: #8fa9bb; width: 14rem } td { overflow-wrap: anywhere }
            pre { background: #081219; border: 1px solid #22394a; border-radius: 6px; padding: 1rem; white-space: pre-wrap; overflow-wrap: anywhere }
            </style></head><body>
            <h1>Shoal tracker node</h1>
            <table>
            \(rows)
            </table>
            <h2>To load the client from this node</h2>
            <p>Put this first into the <code>&lt;head&gt;</code> of each page:</p>
            <pre id="script-tag">\(escape(scriptTag(status)))</pre>
            <p>and serve this one line as <code>/sw.js</code>:</p>
            <pre id="worker-line">importScripts("\(escape(status.publicURL))/shoal-worker.js")</pre>
            <p>The hash pins the page script; a browser has none for a worker's script. Hosting both files on the site itself is therefore
            the recommended way: then even a compromised tracker cannot run code on the site.</p>
            <p><a href="/metrics">Metrics</a> · <a href="/healthz">Health</a> · <a href="/readyz">Readiness</a></p>
            </body></html>
            """
    }

    private static func escape(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
            .replacing("\"", with: "&quot;")
    }
}
