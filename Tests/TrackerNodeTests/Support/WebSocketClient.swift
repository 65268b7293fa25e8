import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOWebSocket
import Synchronization
import TestSupport

/// A client made of NIO's own WebSocket implementation, so that the node's is tested against another one.
final class WebSocketClient: Sendable {
    enum Event: Equatable, Sendable {
        case text(String)
        case ping
        case pong(String)
        case close(code: UInt16?)
        /// The connection is gone.
        case ended
    }

    /// The handshake was answered with something else than 101.
    struct NotUpgraded: Error {}

    private let inbox = Mutex<[Event]>([])
    private let channel = Mutex<(any Channel)?>(nil)
    private let answersPings: Bool

    private init(answersPings: Bool) { self.answersPings = answersPings }

    static func connect(
        to node: RunningNode,
        origin: String = FakeAuthority.site,
        behind header: [UInt8] = [],
        answersPings: Bool = true
    ) async throws -> WebSocketClient {
        let client = WebSocketClient(answersPings: answersPings)
        let upgrader = NIOTypedWebSocketClientUpgrader<Void>(maxFrameSize: 1 << 20) { channel, _ in
            channel.eventLoop.makeCompletedFuture {
                try channel.pipeline.syncOperations.addHandler(Handler(client))
            }
        }
        let head = HTTPRequestHead(
            version: .http1_1,
            method: .GET,
            uri: "/v1/connect",
            headers: ["Host": "127.0.0.1", "Origin": origin, "Sec-WebSocket-Protocol": "shoal.v1"]
        )
        let configuration = NIOTypedHTTPClientUpgradeConfiguration(
            upgradeRequestHead: head,
            upgraders: [upgrader],
            notUpgradingCompletionHandler: { $0.eventLoop.makeFailedFuture(NotUpgraded()) }
        )
        let upgrade = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .connect(host: "127.0.0.1", port: node.publicPort) { channel in
                channel.eventLoop.makeCompletedFuture {
                    client.channel.withLock { $0 = channel }
                    if !header.isEmpty {
                        try channel.pipeline.syncOperations.addHandler(Preface(ByteBuffer(bytes: header)))
                    }
                    var pipeline = NIOUpgradableHTTPClientPipelineConfiguration(upgradeConfiguration: configuration)
                    // The node's welcome comes right behind its 101, and NIO drops it by default.
                    pipeline.leftOverBytesStrategy = .forwardBytes
                    return try channel.pipeline.syncOperations.configureUpgradableHTTPClientPipeline(
                        configuration: pipeline
                    )
                }
            }
        try await upgrade.get()
        return client
    }

    // MARK: Sending

    func send(_ text: String) async throws { try await send(.text, Array(text.utf8)) }

    /// Sends one masked frame.
    func send(_ opcode: WebSocketOpcode, _ payload: [UInt8]) async throws {
        guard let channel = channel.withLock({ $0 }) else { throw ChannelError.ioOnClosedChannel }
        let frame = WebSocketFrame(fin: true, opcode: opcode, maskKey: .random(), data: ByteBuffer(bytes: payload))
        try await channel.writeAndFlush(frame)
    }

    /// Whether to take what arrives; without it the node's bytes wait in its queue.
    func setReading(_ isReading: Bool) async throws {
        try await channel.withLock { $0 }?.setOption(.autoRead, value: isReading).get()
    }

    func close() async throws {
        try? await channel.withLock { $0 }?.close()
        _ = try await next { $0 == .ended }
    }

    // MARK: Receiving

    /// The first event that `isWanted`; those before it are forgotten.
    func next(where isWanted: @Sendable (Event) -> Bool = { _ in true }) async throws -> Event {
        try await eventually("an event; there are \(inbox.withLock { $0 })") {
            inbox.withLock { events in
                guard let index = events.firstIndex(where: isWanted) else { return nil }
                let event = events[index]
                events.removeSubrange(...index)
                return event
            }
        }
    }

    /// The next message of an action, as an object.
    func message(_ action: String) async throws -> NSDictionary {
        let event = try await next { event in
            guard case .text(let text) = event else { return false }
            return Self.object(text)?["action"] as? String == action
        }
        guard case .text(let text) = event, let object = Self.object(text) else { throw NotUpgraded() }
        return object
    }

    private static func object(_ text: String) -> NSDictionary? {
        try? JSONSerialization.jsonObject(with: Data(text.utf8)) as? NSDictionary
    }

    private func received(_ event: Event) { inbox.withLock { $0.append(event) } }

    /// Sends bytes ahead of everything else, as a proxy does.
    private final class Preface: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        private let bytes: ByteBuffer

        init(_ bytes: ByteBuffer) { self.bytes = bytes }

        func channelActive(context: ChannelHandlerContext) {
            context.write(NIOAny(bytes), promise: nil)
            context.fireChannelActive()
        }
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = WebSocketFrame
        typealias OutboundOut = WebSocketFrame

        private let client: WebSocketClient

        init(_ client: WebSocketClient) { self.client = client }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let frame = unwrapInboundIn(data)
            var payload = frame.unmaskedData
            switch frame.opcode {
            case .text: client.received(.text(String(buffer: payload)))
            case .pong: client.received(.pong(String(buffer: payload)))
            case .connectionClose: client.received(.close(code: payload.readInteger()))
            case .ping:
                client.received(.ping)
                guard client.answersPings else { return }
                let pong = WebSocketFrame(fin: true, opcode: .pong, maskKey: .random(), data: payload)
                context.writeAndFlush(wrapOutboundOut(pong), promise: nil)
            default: break
            }
        }

        func channelInactive(context: ChannelHandlerContext) { client.received(.ended) }

        // A connection that the node has reset is one that has ended.
        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }
}

extension WebSocketClient {
    /// The peer ID of the next `welcome`.
    func welcome() async throws -> String { try await message("welcome")["peer"] as? String ?? "" }

    func announce(_ certificates: [String], id: Int = 1) async throws -> [NSDictionary] {
        try await send(#"{"action":"announce","id":\#(id),"certificates":\#(Self.json(certificates))}"#)
        return try await message("announced")["results"] as? [NSDictionary] ?? []
    }

    func find(urls: [String] = [], certificates: [String] = [], id: Int = 1) async throws -> [NSDictionary] {
        try await send(
            #"{"action":"find","id":\#(id),"urls":\#(Self.json(urls)),"certificates":\#(Self.json(certificates))}"#
        )
        return try await message("found")["results"] as? [NSDictionary] ?? []
    }

    static func json(_ texts: [String]) -> String { "[" + texts.map { "\"\($0)\"" }.joined(separator: ",") + "]" }
}
