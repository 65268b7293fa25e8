import HTTPTypes
import NIOCore
import NIOEmbedded
import NIOPosix
import TestSupport
import Testing

@testable import TrackerNode

/// How connections end with the node, and without a request.
@Suite(.timeLimit(.minutes(3))) struct ShutdownTests {
    @Test(arguments: [1, 4])
    func closesEverybodyAtAGracefulShutdown(loops: Int) async throws {
        try await withNode(eventLoops: loops) { node in
            var clients: [WebSocketClient] = []
            for _ in 0..<6 { clients.append(try await WebSocketClient.connect(to: node)) }
            for client in clients { _ = try await client.welcome() }
            try await node.shutDown()
            for client in clients {
                #expect(try await client.next() == .close(code: 1001))
                #expect(try await client.next() == .ended)
            }
            await #expect(throws: (any Error).self) { try await WebSocketClient.connect(to: node) }
        }
    }

    /// A connection that never asked for anything holds nothing up.
    @Test func endsConnectionsWithoutARequest() async throws {
        try await withNode { node in
            let silent = Task { try await RawConnection.answer(to: "", port: node.publicPort) }
            let halfway = Task { try await RawConnection.answer(to: "GET /v1/keyset HT", port: node.publicPort) }
            let idle = Task {
                try await RawConnection.answer(
                    to: "GET /v1/keyset HTTP/1.1\r\nHost: a\r\n\r\n",
                    port: node.publicPort
                )
            }
            // One that came later has been answered, so those before it are connected.
            for _ in 0..<3 { #expect(try await node.get("/v1/keyset").status == 200) }
            try await node.shutDown()
            #expect(try await silent.value == "")
            #expect(try await halfway.value == "")
            _ = try await idle.value
        }
    }

    /// The time for a first request is limited, and stands still for nobody who sends it byte by byte.
    @Test func endsAConnectionWhoseFirstRequestDoesNotCome() throws {
        let channel = try EmbeddedChannel.ofThePublic()
        for byte in Array("GET /v1/connect HTTP/1.1\r\nX: ".utf8) + Array(repeating: UInt8(ascii: "x"), count: 20) {
            try channel.writeInbound(ByteBuffer(bytes: [byte]))
        }
        let seconds = PublicChannel.httpIdleTimeout.components.seconds
        channel.embeddedEventLoop.advanceTime(by: .seconds(seconds) - .milliseconds(1))
        #expect(channel.isActive)
        channel.embeddedEventLoop.advanceTime(by: .milliseconds(1))
        #expect(!channel.isActive)
        _ = try? channel.finish()
    }
}
