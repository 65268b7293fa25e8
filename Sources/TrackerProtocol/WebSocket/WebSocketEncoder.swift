import NIOCore

/// Writes frames as a server sends them: whole messages, not masked (RFC 6455 §5).
public enum WebSocketEncoder {
    /// Bytes of the longest header that a server writes.
    private static let longestHeader = 10

    /// Writes one message or control frame whose payload is written by `payload`.
    ///
    /// The payload is written once, behind room for the longest header; the header is then put right in front of it. So the
    /// result may begin behind index 0 of its storage. Its length need not be known before.
    public static func frame(
        _ opcode: WebSocketOpcode,
        allocator: ByteBufferAllocator,
        capacity: Int = 256,
        payload: (inout ByteBuffer) -> Void
    ) -> ByteBuffer {
        var frame = allocator.buffer(capacity: longestHeader + capacity)
        frame.writeRepeatingByte(0, count: longestHeader)
        payload(&frame)
        let length = frame.readableBytes - longestHeader
        let headerSize = length < 126 ? 2 : length <= UInt16.max ? 4 : longestHeader
        let start = longestHeader - headerSize
        frame.setInteger(0x80 | opcode.rawValue, at: start)
        switch headerSize {
        case 2:
            frame.setInteger(UInt8(length), at: start + 1)
        case 4:
            frame.setInteger(UInt8(126), at: start + 1)
            frame.setInteger(UInt16(length), at: start + 2)
        default:
            frame.setInteger(UInt8(127), at: start + 1)
            frame.setInteger(UInt64(length), at: start + 2)
        }
        frame.moveReaderIndex(forwardBy: start)
        return frame
    }

    /// A close frame; `reason` is cut to what a control frame can hold.
    public static func close(
        _ code: WebSocketCloseCode,
        reason: String,
        allocator: ByteBufferAllocator
    ) -> ByteBuffer {
        frame(.close, allocator: allocator) { buffer in
            buffer.writeInteger(code.rawValue)
            var cut = Substring(reason)
            while cut.utf8.count > WebSocketDecoder.controlPayloadLimit - 2 { cut = cut.dropLast() }
            buffer.writeSubstring(cut)
        }
    }
}
