import NIOCore
import TestSupport
import Testing
import TrackerProtocol

@testable import TrackerNode

/// The opening handshake (RFC 6455 §4.2, Docs/Protocol.md §2.1, §2.5).
@Suite(.timeLimit(.minutes(3))) struct HandshakeTests {
    /// RFC 6455 §1.3.
    @Test func answersTheKeyOfTheStandard() async throws {
        #expect(WebSocketUpgrade.accept(key: "dGhlIHNhbXBsZSBub25jZQ==") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
        try await withNode { node in
            let answer = try await RawConnection.answer(to: OpeningRequest.text(), port: node.publicPort) {
                $0.contains("welcome")
            }
            #expect(answer.hasPrefix("HTTP/1.1 101 "))
            let lines = answer.lowercased()
            #expect(answer.contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"))
            #expect(lines.contains("\r\nupgrade: websocket\r\n"))
            #expect(lines.contains("\r\nconnection: upgrade\r\n"))
            #expect(lines.contains("\r\nsec-websocket-protocol: shoal.v1\r\n"))
        }
    }

    @Test func takesOneOfSeveralSubprotocols() async throws {
        try await withNode { node in
            let request = OpeningRequest.text(changing: ["Sec-WebSocket-Protocol": "other, shoal.v1"])
            let answer = try await RawConnection.answer(to: request, port: node.publicPort) { $0.contains("welcome") }
            #expect(answer.hasPrefix("HTTP/1.1 101 "))
        }
    }

    private static let refusals: [(field: String, value: String?, reason: String)] = [
        ("Sec-WebSocket-Protocol", nil, "Sec-WebSocket-Protocol must offer shoal.v1."),
        ("Sec-WebSocket-Protocol", "shoal.v2", "Sec-WebSocket-Protocol must offer shoal.v1."),
        ("Sec-WebSocket-Version", nil, "Sec-WebSocket-Version must be 13."),
        ("Sec-WebSocket-Version", "8", "Sec-WebSocket-Version must be 13."),
        ("Sec-WebSocket-Key", nil, "Sec-WebSocket-Key must be 24 characters."),
        ("Sec-WebSocket-Key", "dGhl", "Sec-WebSocket-Key must be 24 characters."),
        ("Origin", nil, "Origin must be an http or https origin"),
        ("Origin", "null", "Origin must be an http or https origin"),
        ("Origin", "file://", "Origin must be an http or https origin"),
        ("Origin", "https://site.example/path", "Origin must be an http or https origin"),
    ]

    @Test func refusesAndSaysWhy() async throws {
        try await withNode { node in
            for (field, value, reason) in Self.refusals {
                let request = OpeningRequest.text(changing: [field: value])
                let answer = try await RawConnection.answer(to: request, port: node.publicPort)
                #expect(answer.hasPrefix("HTTP/1.1 400 "), "\(field): \(value ?? "none")")
                #expect(answer.contains(reason), "\(field): \(value ?? "none")")
            }
            let elsewhere = try await RawConnection.answer(
                to: OpeningRequest.text(path: "/shoal.js"),
                port: node.publicPort
            )
            #expect(elsewhere.hasPrefix("HTTP/1.1 404 "))
            #expect(elsewhere.contains("WebSockets are at /v1/connect."))
        }
    }

    /// RFC 6455 §4.2.2: a client of another version is told which one is meant.
    @Test func namesItsVersionToAClientOfAnother() async throws {
        try await withNode { node in
            let request = OpeningRequest.text(changing: ["Sec-WebSocket-Version": "8"])
            let answer = try await RawConnection.answer(to: request, port: node.publicPort)
            #expect(answer.lowercased().contains("\r\nsec-websocket-version: 13\r\n"))
        }
    }

    @Test func refusesWhatIsNotHTTP() async throws {
        try await withNode { node in
            for bytes in ["hello\r\n\r\n", "\u{16}\u{03}\u{01}\u{02}", "GET /v1/connect SMTP/1.1\r\n\r\n"] {
                let answer = try await RawConnection.answer(to: bytes, port: node.publicPort)
                #expect(answer.hasPrefix("HTTP/1.1 400 "), "\(bytes)")
            }
        }
    }

    @Test func answersAPlainRequest() async throws {
        try await withNode { node in
            let answer = try await node.get("/v1/connect")
            #expect(answer.status == 400)
            #expect(answer.text.contains("WebSocket"))
            #expect(try await node.get("/nothing").status == 404)
        }
    }

    @Test func refusesMoreThanTheConnectionLimit() async throws {
        try await withNode {
            $0.limits.connections = 2
        } _: { node in
            let first = try await WebSocketClient.connect(to: node)
            let second = try await WebSocketClient.connect(to: node)
            _ = try await (first.welcome(), second.welcome())
            let answer = try await RawConnection.answer(to: OpeningRequest.text(), port: node.publicPort)
            #expect(answer.hasPrefix("HTTP/1.1 503 "))
            #expect(answer.lowercased().contains("\r\nretry-after: 5\r\n"))
            // Plain HTTP is not a connection of a peer.
            #expect(try await node.get("/v1/keyset").status == 200)
            try await first.close()
            let third = try await eventually("room for another connection") {
                try? await WebSocketClient.connect(to: node)
            }
            _ = try await third.welcome()
        }
    }
}
