import NIOCore
import Testing

@testable import TrackerNode

/// What an idle channel keeps, with NIO's own pool as the judge.
@Suite struct TransientReceiveBufferTests {
    private func read(_ count: Int, _ pool: inout NIOPooledRecvBufferAllocator) -> ByteBuffer {
        let (buffer, written) = pool.buffer(allocator: ByteBufferAllocator()) { buffer in
            buffer.writeRepeatingByte(1, count: min(count, buffer.writableBytes))
        }
        pool.record(actualReadBytes: written)
        return buffer
    }

    private func kept(_ pool: NIOPooledRecvBufferAllocator) -> Int {
        func bytes(_ value: Any) -> Int {
            if let buffer = value as? ByteBuffer { return buffer.storageCapacity }
            return Mirror(reflecting: value).children.reduce(0) { $0 + bytes($1.value) }
        }
        return bytes(pool)
    }

    @Test func oneSmallBufferIsKept() {
        var pool = NIOPooledRecvBufferAllocator(capacity: 1, recvAllocator: TransientReceiveBuffers())
        for count in [700, 700, 3_000, 3_000, 70_000, 10, 10, 10] {
            let buffer = read(count, &pool)
            #expect(buffer.readableBytes > 0)
        }
        #expect(pool.count == 1)
        #expect(kept(pool) == 64)
    }

    @Test func sizesFollowWhatComes() {
        var allocator = TransientReceiveBuffers()
        func size() -> Int { allocator.buffer(allocator: ByteBufferAllocator()).capacity }
        #expect(size() == 64)
        _ = allocator.record(actualReadBytes: 64)
        #expect(size() == TransientReceiveBuffers.smallest)
        for _ in 0..<20 { _ = allocator.record(actualReadBytes: size()) }
        #expect(size() == TransientReceiveBuffers.largest)
        _ = allocator.record(actualReadBytes: TransientReceiveBuffers.largest / 2)
        #expect(size() == TransientReceiveBuffers.largest)
        for _ in 0..<20 { _ = allocator.record(actualReadBytes: 1) }
        #expect(size() == TransientReceiveBuffers.smallest)
    }
}
