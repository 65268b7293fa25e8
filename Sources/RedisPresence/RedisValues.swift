import RedisClient

/// A reply copied out of the reader, for what is not on the hot path.
enum RedisValue: Sendable {
    case failure(RedisError)
    case null
    case integer(Int)
    case bytes([UInt8])
    case array([RedisValue])

    init(_ answer: borrowing RedisAnswer) {
        switch answer {
        case .failure(let error): self = .failure(error)
        case .reply(let reply): self.init(reply)
        }
    }

    init(_ reply: borrowing RESPReply) {
        switch reply.kind {
        case .null: self = .null
        case .integer: self = .integer(reply.integer ?? 0)
        case .array:
            var elements: [RedisValue] = []
            reply.forEachElement { elements.append(RedisValue($0)) }
            self = .array(elements)
        case .error: self = .failure(.other(prefix: "", message: reply.string ?? ""))
        case .status, .bulk: self = .bytes(reply.bytes ?? [])
        }
    }

    var integer: Int? { if case .integer(let value) = self { value } else { nil } }
    var bytes: [UInt8]? { if case .bytes(let value) = self { value } else { nil } }
    var string: String? { bytes.map { String(decoding: $0, as: UTF8.self) } }
    var array: [RedisValue]? { if case .array(let value) = self { value } else { nil } }
}

extension RedisAnswer {
    var error: RedisError? {
        switch self {
        case .failure(let error): error
        case .reply: nil
        }
    }
}

extension RedisLinkState {
    var isReady: Bool { self == .ready }
}
