import CHiredis
import NIOCore

/// Bytes of a connection to replies: hiredis' `redisReader`, with replies in an arena of ours.
///
/// RESP2 only (https://redis.io/docs/latest/develop/reference/protocol-spec/): hiredis 0.14 reads nothing else, and a server speaks it
/// unless it is asked for RESP3.
public struct RESPReader: ~Copyable {
    /// hiredis moves what it has not read yet whenever it has read something; fed 1 MiB at a time it was ten times slower.
    static let feedSize = 16 << 10

    private let arena: UnsafeMutablePointer<RESPArena>
    private let functions: UnsafeMutablePointer<redisReplyObjectFunctions>
    private let reader: UnsafeMutablePointer<redisReader>

    public init(limits: RESPLimits = RESPLimits()) {
        arena = .allocate(capacity: 1)
        arena.initialize(to: RESPArena(limits: limits))
        functions = .allocate(capacity: 1)
        functions.initialize(to: RESPArena.callbacks)
        guard let reader = redisReaderCreateWithFunctions(functions) else {
            // Like any allocation of Swift's own that the system refuses.
            fatalError("no memory is left for a reader of Redis replies")
        }
        reader.pointee.privdata = UnsafeMutableRawPointer(arena)
        self.reader = reader
    }

    deinit {
        redisReaderFree(reader)
        functions.deinitialize(count: 1).deallocate()
        arena.deinitialize(count: 1).deallocate()
    }

    /// Reads what came and hands out every reply that it completes, in order.
    ///
    /// - Parameter receive: gets each reply, which lives only as long as the call. It must not use this reader.
    /// - Throws: what is wrong with the bytes. From then on every call throws the same: the place in the stream is lost.
    public mutating func read(
        _ buffer: ByteBuffer,
        _ receive: (borrowing RESPReply) -> Void
    ) throws(RESPViolation) {
        let status = buffer.withUnsafeReadableBytes { bytes in
            var rest = bytes
            repeat {
                let chunk = UnsafeRawBufferPointer(rebasing: rest.prefix(Self.feedSize))
                rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(chunk.count))
                guard readChunk(chunk, receive) else { return false }
            } while !rest.isEmpty
            return true
        }
        if !status { throw violation }
    }

    private func readChunk(_ chunk: UnsafeRawBufferPointer, _ receive: (borrowing RESPReply) -> Void) -> Bool {
        let text = chunk.baseAddress?.assumingMemoryBound(to: CChar.self)
        guard arena.pointee.violation == nil, redisReaderFeed(reader, text, chunk.count) == REDIS_OK else {
            return false
        }
        while true {
            var reply: UnsafeMutableRawPointer?
            guard redisReaderGetReply(reader, &reply) == REDIS_OK else { return false }
            guard reply != nil else { break }
            receive(RESPReply(arena: arena, index: 0))
            arena.pointee.clear()
        }
        // A string is created only when it is complete; what is waiting for the rest has to be bounded here.
        return reader.pointee.len - reader.pointee.pos <= arena.pointee.remainingBytes + Self.feedSize
    }

    private var violation: RESPViolation {
        if let violation = arena.pointee.violation { return violation }
        guard reader.pointee.err != 0 else { return .tooManyBytes(limit: arena.pointee.limits.bytes) }
        let reason = withUnsafeBytes(of: &reader.pointee.errstr) { bytes in
            String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        return .malformed(reason)
    }
}
