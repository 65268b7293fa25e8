/// What a server may send as one reply. More ends the connection: a sane server never sends it, and memory is finite.
///
/// hiredis itself bounds none of it but the depth: an array may announce 2³¹ elements, and a string is gathered until memory ends.
public struct RESPLimits: Sendable, Equatable {
    /// Depth of arrays within arrays that hiredis' stack has room for.
    public static let deepest = 7

    /// Bytes of all strings of a reply, and of a line or string that has not come completely.
    public var bytes: Int
    /// Values of a reply: an array's announced elements, and the arrays themselves.
    public var values: Int
    /// Arrays within arrays; from 0 (none at all) to ``deepest``.
    public var depth: Int

    public init(bytes: Int = 8 << 20, values: Int = 1 << 18, depth: Int = 4) {
        self.bytes = bytes
        self.values = values
        self.depth = min(depth, Self.deepest)
    }
}

/// What a server sent that is not RESP2, or more than ``RESPLimits`` allow. The connection cannot be read any further.
public enum RESPViolation: Error, Equatable, Sendable {
    /// More bytes in strings than ``RESPLimits/bytes``.
    case tooManyBytes(limit: Int)
    /// More values than ``RESPLimits/values``; how many were announced or had come.
    case tooManyValues(Int, limit: Int)
    /// Arrays deeper than ``RESPLimits/depth``.
    case tooDeep(limit: Int)
    /// Not RESP2, in hiredis' words.
    case malformed(String)
}

extension RESPViolation: CustomStringConvertible {
    public var description: String {
        switch self {
        case .tooManyBytes(let limit): "a reply is longer than \(limit) bytes"
        case .tooManyValues(let count, let limit): "a reply has \(count) values; at most \(limit) are accepted"
        case .tooDeep(let limit): "a reply has arrays more than \(limit) deep"
        case .malformed(let reason): "what came is not RESP2: \(reason)"
        }
    }
}
