import ContentTrust
import Foundation
import NIOCore
import NIOEmbedded
import TestSupport
import Testing

@testable import TrackerNode

/// Clients behind a proxy (PROXY protocol, version 2), and the limit for each client's address.
@Suite(.timeLimit(.minutes(3))) struct ProxyTests {
    private static let signature: [UInt8] = [0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A]
    /// The proxy's own connection.
    private static let local = signature + [0x20, 0x00, 0, 0]

    /// A client's connection, to port 443 of an address of zeros.
    private static func header(_ client: String) throws -> [UInt8] {
        let address = try #require(IPAddress(canonical: client)).bytes
        let ends = address + [UInt8](repeating: 0, count: address.count) + [0xDC, 0x04, 0x01, 0xBB]
        return signature + [0x21, address.count == 4 ? 0x11 : 0x21, 0, UInt8(ends.count)] + ends
    }

    private static func trusting(_ blocks: String...) -> @Sendable (inout TrackerConfiguration) -> Void {
        { $0.trustedProxies = blocks.compactMap { AddressBlock($0) } }
    }

    private static let keyset = "GET /v1/keyset HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"

    /// A peer that stays connected until its task is cancelled; and whether it was welcomed.
    private static func isAdmitted(_ header: [UInt8], _ node: RunningNode) async throws -> Bool {
        let answer = try await RawConnection.answer(to: OpeningRequest.text(), behind: header, port: node.publicPort) {
            $0.contains("welcome")
        }
        return answer.hasPrefix("HTTP/1.1 101 ")
    }

    @Test func servesClientsBehindATrustedProxy() async throws {
        try await withNode(Self.trusting("10.0.0.0/8", "127.0.0.0/8")) { node in
            for header in [try Self.header("192.0.2.1"), try Self.header("2001:db8::1"), Self.local] {
                let answer = try await RawConnection.answer(to: Self.keyset, behind: header, port: node.publicPort)
                #expect(answer.hasPrefix("HTTP/1.1 200 "))
                #expect(try await Self.isAdmitted(header, node))
            }
        }
    }

    @Test func closesWhatATrustedProxyDoesNotBeginWithAHeader() async throws {
        try await withNode(Self.trusting("127.0.0.1")) { node in
            let before = try await node.count("shoal_tracker_proxy_header_errors_total")
            for header in [[], Array("PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n".utf8), Self.signature + [0x11]] {
                #expect(try await RawConnection.answer(to: Self.keyset, behind: header, port: node.publicPort) == "")
            }
            #expect(try await node.count("shoal_tracker_proxy_header_errors_total") >= before + 3)
        }
    }

    @Test func believesNobodyElse() async throws {
        try await withNode(Self.trusting("127.0.0.2", "10.0.0.0/8")) { node in
            let header = try Self.header("192.0.2.1")
            let answer = try await RawConnection.answer(to: Self.keyset, behind: header, port: node.publicPort)
            #expect(answer.hasPrefix("HTTP/1.1 400 "))
            #expect(answer.contains("This is not an HTTP request."))
            let honest = try await RawConnection.answer(to: Self.keyset, port: node.publicPort)
            #expect(honest.hasPrefix("HTTP/1.1 200 "))
        }
    }

    /// The header has no more time than the first request that follows it.
    @Test func waitsForAHeaderAsLongAsForARequest() throws {
        let proxy = try #require(AddressBlock("127.0.0.1"))
        let channel = try EmbeddedChannel.ofThePublic(trustedProxies: [proxy])
        for byte in try Self.header("192.0.2.1").dropLast() { try channel.writeInbound(ByteBuffer(bytes: [byte])) }
        channel.embeddedEventLoop.advanceTime(by: TimeAmount(PublicChannel.httpIdleTimeout) - .milliseconds(1))
        #expect(channel.isActive)
        channel.embeddedEventLoop.advanceTime(by: .milliseconds(1))
        #expect(!channel.isActive)
        _ = try? channel.finish()
    }

    @Test func holdsEachAddressToItsLimit() async throws {
        try await withNode {
            Self.trusting("127.0.0.1")(&$0)
            $0.addressConnectionLimit = 1
        } _: { node in
            let first = try await WebSocketClient.connect(to: node, behind: Self.header("2001:db8:1:2::1"))
            _ = try await first.welcome()
            let neighbour = try Self.header("2001:db8:1:2::2")
            let answer = try await RawConnection.answer(
                to: OpeningRequest.text(),
                behind: neighbour,
                port: node.publicPort
            )
            #expect(answer.hasPrefix("HTTP/1.1 503 "))
            #expect(answer.lowercased().contains("\r\nretry-after: 5\r\n"))
            #expect(answer.contains("Your address has as many connections"))
            #expect(try await node.count("shoal_tracker_address_refused_total") >= 1)
            // Others are not held responsible, nor is the proxy itself, and plain HTTP is nobody's connection.
            for other in [try Self.header("2001:db8:1:3::1"), try Self.header("192.0.2.1"), Self.local, Self.local] {
                #expect(try await Self.isAdmitted(other, node))
            }
            let http = try await RawConnection.answer(to: Self.keyset, behind: neighbour, port: node.publicPort)
            #expect(http.hasPrefix("HTTP/1.1 200 "))
            try await first.close()
            try await eventually("room for the neighbour") { try await Self.isAdmitted(neighbour, node) }
        }
    }

    /// Without a proxy it is the address of the socket.
    @Test func holdsAddressesWithoutAProxyToTheirLimit() async throws {
        try await withNode {
            $0.addressConnectionLimit = 2
        } _: { node in
            let clients = [try await WebSocketClient.connect(to: node), try await WebSocketClient.connect(to: node)]
            for client in clients { _ = try await client.welcome() }
            #expect(try await !Self.isAdmitted([], node))
        }
    }
}
