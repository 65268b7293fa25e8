import NIOCore

/// Receive buffers that live only while something is being read: an idle connection keeps 64 bytes of them instead of 2 to 4 KiB.
///
/// NIO keeps the buffers of each channel for its next read. That pays when a channel reads all the time; a peer reads a message now and then, and
/// there are thousands of them. NIO stores the first buffer that it is given and, with room for one (`maxMessagesPerRead` of 1), none of the
/// later ones as long as ``nextBufferSize()`` gives no hint and ``record(actualReadBytes:)`` says that the next one may be larger.
/// So the first one is small, at the price of one more read in a connection's life.
struct TransientReceiveBuffers: RecvByteBufferAllocator {
    /// Bytes of the buffer that stays.
    private static let first = 64
    /// Bytes of the others: doubled when they were filled, halved when they were mostly empty.
    static let smallest = 1_024
    static let largest = 65_536

    private var size = first

    func buffer(allocator: ByteBufferAllocator) -> ByteBuffer { allocator.buffer(capacity: size) }

    mutating func record(actualReadBytes: Int) -> Bool {
        if actualReadBytes >= size {
            size = min(Self.largest, size * 2)
        } else if actualReadBytes < size / 4 {
            size /= 2
        }
        size = max(Self.smallest, size)
        return true
    }

    func nextBufferSize() -> Int? { nil }
}

extension NIOSynchronousChannelOptions {
    /// Makes a channel give back its receive buffers; to be set before it reads.
    func useTransientReceiveBuffers() throws {
        try setOption(.recvAllocator, value: TransientReceiveBuffers())
        try setOption(.maxMessagesPerRead, value: 1)
    }
}
