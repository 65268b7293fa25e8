import NIOCore
import TestSupport
import Testing

@testable import RedisClient

/// A reply as a value of its own, to be compared.
indirect enum ReplyCopy: Equatable, Sendable {
    case status(String)
    case error(String)
    case integer(Int)
    case bulk([UInt8])
    case null
    case array([ReplyCopy])

    init(_ reply: borrowing RESPReply) {
        switch reply.kind {
        case .status: self = .status(reply.string ?? "")
        case .error: self = .error(reply.string ?? "")
        case .integer: self = .integer(reply.integer ?? 0)
        case .bulk: self = .bulk(reply.bytes ?? [])
        case .null: self = .null
        case .array:
            var elements: [ReplyCopy] = []
            reply.forEachElement { elements.append(ReplyCopy($0)) }
            self = .array(elements)
        }
    }

    static func bulk(_ text: String) -> ReplyCopy { .bulk(Array(text.utf8)) }
}

extension ReplyCopy {
    /// As a server sends it.
    var encoded: [UInt8] {
        switch self {
        case .status(let text): Array("+\(text)\r\n".utf8)
        case .error(let text): Array("-\(text)\r\n".utf8)
        case .integer(let value): Array(":\(value)\r\n".utf8)
        case .bulk(let bytes): Array("$\(bytes.count)\r\n".utf8) + bytes + Array("\r\n".utf8)
        case .null: Array("$-1\r\n".utf8)
        case .array(let elements): Array("*\(elements.count)\r\n".utf8) + elements.flatMap(\.encoded)
        }
    }

    static func random(depth: Int, using random: inout some RandomNumberGenerator) -> ReplyCopy {
        switch Int.random(in: 0..<(depth > 0 ? 6 : 5), using: &random) {
        case 0: return .status(String(repeating: "s", count: Int.random(in: 0..<10, using: &random)))
        case 1: return .error("ERR \(UInt8.random(in: 0...255, using: &random))")
        case 2: return .integer(Int.random(in: .min ... .max, using: &random))
        case 3: return .bulk(random.bytes(Int.random(in: 0..<300, using: &random)))
        case 4: return .null
        default:
            return .array(
                (0..<Int.random(in: 0..<6, using: &random)).map { _ in .random(depth: depth - 1, using: &random) }
            )
        }
    }
}

/// Lends the one reply that a text is.
func withReply<Result>(_ text: String, _ body: (borrowing RESPReply) throws -> Result) throws -> Result {
    var reader = RESPReader()
    var result: Swift.Result<Result, any Error>?
    try reader.read(ByteBuffer(string: text)) { reply in
        do { result = .success(try body(reply)) } catch { result = .failure(error) }
    }
    return try #require(result).get()
}
