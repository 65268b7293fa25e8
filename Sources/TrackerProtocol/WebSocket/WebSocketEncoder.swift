import NIOCore

/// Writes frames (RFC 6455 §5): whole messages, masked when a client sends them.
public enum WebSocketEncoder {
    /// Bytes of the longest header without a mask.
    private static let longestPlainHeader = 10
    private static let maskLength = 4

    /// Writes one message or control frame whose payload is written by `payload`.
    ///
    /// The payload is written once, behind room for the longest header; the header is then put right in front of it. So the
    /// result may begin behind index 0 of its storage. Its length need not be known before.
    ///
    /// - Parameter mask: what a client masks its frame with, a new one each time; nil for a server's frame.
    public static func frame(
        _ opcode: WebSocketOpcode,
        mask: UInt32? = nil,
        allocator: ByteBufferAllocator,
        capacity: Int = 256,
        payload: (inout ByteBuffer) -> Void
    ) -> ByteBuffer {
        let longestHeader = longestPlainHeader + (mask == nil ? 0 : maskLength)
        var frame = allocator.buffer(capacity: longestHeader + capacity)
        frame.writeRepeatingByte(0, count: longestHeader)
        payload(&frame)
        let length = frame.readableBytes - longestHeader
        let lengthSize = length < 126 ? 0 : length <= UInt16.max ? 2 : 8
        let start = longestPlainHeader - 2 - lengthSize
        let masked: UInt8 = mask == nil ? 0 : 0x80
        frame.setInteger(0x80 | opcode.rawValue, at: start)
        switch lengthSize {
        case 0:
            frame.setInteger(masked | UInt8(length), at: start + 1)
        case 2:
            frame.setInteger(masked | 126, at: start + 1)
            frame.setInteger(UInt16(length), at: start + 2)
        default:
            frame.setInteger(masked | 127, at: start + 1)
            frame.setInteger(UInt64(length), at: start + 2)
        }
        frame.moveReaderIndex(forwardBy: start)
        if let mask {
            frame.setInteger(mask, at: longestPlainHeader)
            frame.withUnsafeMutableReadableBytes { bytes in
                let payload = bytes[(longestHeader - start)...]
                applyMask(mask, to: UnsafeMutableRawBufferPointer(rebasing: payload))
            }
        }
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
