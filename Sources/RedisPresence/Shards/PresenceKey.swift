import ContentTrust
import NIOCore
import Presence
import RedisClient

/// The names of what a node keeps on a shard.
///
/// | key | value |
/// |---|---|
/// | `p:` content ID, and for parts above 0 two bytes more | hash: a field for each member, 20 bytes, without a value |
/// | `n:` node number in hexadecimal | string: the node's record; expires with its lease |
/// | `nodes` | set: numbers of the nodes that have, or had, a lease |
/// | `topology` | string: the topology document |
/// | `i:` node number (a channel) | the node's inbox |
///
/// A hash without values, not a sorted set of random scores: HRANDFIELD chooses as evenly for less memory (Docs/Decisions/0005).
enum PresenceKey {
    static let topology = Array("topology".utf8)
    static let nodes = Array("nodes".utf8)

    static func node(_ number: UInt64) -> [UInt8] { Array("n:\(hexadecimal(number))".utf8) }
    static func inbox(_ number: UInt64) -> [UInt8] { Array("i:\(hexadecimal(number))".utf8) }

    /// 16 digits.
    static func hexadecimal(_ number: UInt64) -> String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}

extension RESPWriter {
    /// Writes the key of a part as one argument.
    mutating func argument(_ part: SwarmPart) {
        argument(count: part.number == 0 ? 34 : 36) { buffer in
            buffer.writeStaticString("p:")
            part.content.withBytes { _ = buffer.writeBytes($0) }
            if part.number > 0 { buffer.writeInteger(part.number) }
        }
    }

    /// Writes a member as one argument.
    mutating func argument(_ member: PresenceMember) { member.withBytes { argument($0) } }
}
