import NIOCore

/// A reply, or an element of one, as a view into the reader's arena: nothing is copied until it is asked for.
///
/// It cannot be copied and is only ever lent, so that the compiler keeps it inside of the callback that gets it.
public struct RESPReply: ~Copyable {
    public enum Kind: Sendable, Equatable { case status, error, integer, bulk, null, array }

    // Not dangling: the reader owns the arena and lends a view only while it waits for the callback.
    private let arena: UnsafeMutablePointer<RESPArena>
    private let index: Int

    init(arena: UnsafeMutablePointer<RESPArena>, index: Int) {
        self.arena = arena
        self.index = index
    }

    /// The same view for a callback of the callback.
    @usableFromInline
    var lent: RESPReply { RESPReply(arena: arena, index: index) }

    private var value: RESPArena.Value { arena.pointee.values[index] }

    public var kind: Kind {
        switch value.kind {
        case .status: .status
        case .error: .error
        case .integer: .integer
        case .bulk: .bulk
        case .null: .null
        case .array: .array
        }
    }

    /// An integer's value; nil for everything else.
    public var integer: Int? { value.kind == .integer ? value.payload : nil }

    /// Elements of an array; 0 for everything else.
    public var elementCount: Int { value.kind == .array ? value.count : 0 }

    /// Lends the bytes of a status, an error or a bulk string; nil for everything else.
    public func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result? {
        guard let range else { return nil }
        return try arena.pointee.bytes.withUnsafeBytes { try body(UnsafeRawBufferPointer(rebasing: $0[range])) }
    }

    /// A copy of a status, an error or a bulk string; nil for everything else.
    public var bytes: [UInt8]? { range.map { Array(arena.pointee.bytes[$0]) } }

    /// A copy of a status, an error or a bulk string, with U+FFFD for what is not UTF-8; nil for everything else.
    public var string: String? { range.map { String(decoding: arena.pointee.bytes[$0], as: UTF8.self) } }

    /// A copy of a status, an error or a bulk string; nil for everything else.
    public var buffer: ByteBuffer? { range.map { ByteBuffer(bytes: arena.pointee.bytes[$0]) } }

    /// Lends each element of an array in turn; nothing for everything else.
    public func forEachElement(_ body: (borrowing RESPReply) throws -> Void) rethrows {
        var next = index + 1
        for _ in 0..<elementCount {
            try body(RESPReply(arena: arena, index: next))
            next = arena.pointee.end(of: next)
        }
    }

    /// Lends one element of an array; nil if there is none at that place. Costs as much as the elements before it hold.
    public func withElement<Result>(
        _ position: Int,
        _ body: (borrowing RESPReply) throws -> Result
    ) rethrows -> Result? {
        guard position >= 0, position < elementCount else { return nil }
        var place = index + 1
        for _ in 0..<position { place = arena.pointee.end(of: place) }
        return try body(RESPReply(arena: arena, index: place))
    }

    /// Where a status, an error or a bulk string is.
    private var range: Range<Int>? {
        switch value.kind {
        case .status, .error, .bulk: value.payload..<value.payload + value.count
        case .integer, .null, .array: nil
        }
    }
}

extension RedisError {
    /// The error that a reply is; nil if it is none.
    @usableFromInline
    init?(_ reply: borrowing RESPReply) {
        guard reply.kind == .error, let message = reply.string else { return nil }
        self.init(reply: message)
    }
}
