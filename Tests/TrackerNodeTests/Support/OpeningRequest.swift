/// The opening handshake of a peer (RFC 6455 §4.1, Docs/Protocol.md §2.1), as text.
enum OpeningRequest {
    private static let fields = [
        ("Host", "127.0.0.1"), ("Upgrade", "websocket"), ("Connection", "Upgrade"),
        ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="), ("Sec-WebSocket-Version", "13"),
        ("Sec-WebSocket-Protocol", "shoal.v1"), ("Origin", "https://site.example"),
    ]

    /// A request with some fields changed, or left out where there is no value.
    static func text(path: String = "/v1/connect", changing changes: [String: String?] = [:]) -> String {
        let lines = fields.compactMap { name, value -> String? in
            (changes[name] ?? value).map { "\(name): \($0)\r\n" }
        }
        return "GET \(path) HTTP/1.1\r\n\(lines.joined())\r\n"
    }
}
