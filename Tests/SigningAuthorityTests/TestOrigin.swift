import Foundation
import NIOCore
import NIOPosix
import Synchronization

/// An origin server that answers each request with exactly the bytes that a test wants, right or wrong.
final class TestOrigin: Sendable {
    struct Request: Sendable {
        /// Path and query.
        let target: String
        /// By lower-case name.
        let headers: [String: String]
    }

    enum Step: Sendable {
        case send(String)
        /// Waits for ``release()``.
        case hold
        /// Sends this again and again until the other side has enough.
        case flood([UInt8])
        case close
    }

    /// What connections share with the test; it does not keep the server alive.
    private final class Core: Sendable {
        let requests = Mutex<[Request]>([])
        let received = Mutex<[UInt8]>([])
        let script: Mutex<@Sendable (Request) -> [Step]>
        let gate = MultiThreadedEventLoopGroup.singleton.next().makePromise(of: Void.self)

        init(_ script: @escaping @Sendable (Request) -> [Step]) { self.script = Mutex(script) }

        func steps(for request: Request) -> [Step] {
            requests.withLock { $0.append(request) }
            return script.withLock { $0 }(request)
        }
    }

    private let core: Core
    private let channel: any Channel
    let port: Int

    /// - Parameter script: what to do for each request; without a final `close` the connection stays open for the next one.
    init(host: String = "127.0.0.1", _ script: @escaping @Sendable (Request) -> [Step]) async throws {
        let core = Core(script)
        self.core = core
        channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(ConnectionHandler(core: core))
                }
            }
            .bind(host: host, port: 0).get()
        port = channel.localAddress?.port ?? 0
    }

    deinit {
        core.gate.succeed()
        channel.close(promise: nil)
    }

    var address: String { "http://127.0.0.1:\(port)" }
    var requests: [Request] { core.requests.withLock { $0 } }
    /// Every byte that came, be it HTTP or not.
    var received: [UInt8] { core.received.withLock { $0 } }
    func requests(for target: String) -> Int { requests.count { $0.target == target } }
    func release() { core.gate.succeed() }
    func answer(_ script: @escaping @Sendable (Request) -> [Step]) { core.script.withLock { $0 = script } }

    /// A response with the right length.
    static func response(_ body: String, status: String = "200 OK", _ headers: String...) -> [Step] {
        let fields = (headers + ["Content-Length: \(body.utf8.count)"]).map { $0 + "\r\n" }.joined()
        return [.send("HTTP/1.1 \(status)\r\n\(fields)\r\n\(body)")]
    }

    private final class ConnectionHandler: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer

        private let core: Core
        private var received = ""

        init(core: Core) { self.core = core }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let bytes = unwrapInboundIn(data)
            core.received.withLock { $0 += Array(buffer: bytes) }
            received += String(buffer: bytes)
            while let end = received.range(of: "\r\n\r\n") {
                let request = Self.parse(received[..<end.lowerBound])
                received = String(received[end.upperBound...])
                run(core.steps(for: request)[...], on: context.channel)
            }
        }

        private static func parse(_ head: Substring) -> Request {
            let lines = head.split(separator: "\r\n")
            let fields = lines.dropFirst().map { line in
                let parts = line.split(separator: ":", maxSplits: 1)
                return (parts[0].lowercased(), parts.count > 1 ? String(parts[1].dropFirst()) : "")
            }
            let target = lines.first?.split(separator: " ").dropFirst().first.map(String.init) ?? ""
            return Request(target: target, headers: Dictionary(fields) { first, _ in first })
        }

        private func run(_ steps: ArraySlice<Step>, on channel: any Channel) {
            guard let step = steps.first else { return }
            let done: EventLoopFuture<Void>
            switch step {
            case .send(let text): done = channel.writeAndFlush(ByteBuffer(string: text))
            case .hold: done = core.gate.futureResult.hop(to: channel.eventLoop)
            case .flood(let bytes): return Self.flood(ByteBuffer(bytes: bytes), channel)
            case .close: done = channel.close()
            }
            let rest = steps.dropFirst()
            let bound = NIOLoopBound(self, eventLoop: channel.eventLoop)
            done.whenSuccess { bound.value.run(rest, on: channel) }
        }

        private static func flood(_ bytes: ByteBuffer, _ channel: any Channel) {
            channel.writeAndFlush(bytes).whenSuccess {
                // Not at once: a write that succeeds on the spot would make this recur without end.
                channel.eventLoop.execute { flood(bytes, channel) }
            }
        }
    }
}
