import NIOCore

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
