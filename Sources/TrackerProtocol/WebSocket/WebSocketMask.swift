/// The two sides of a WebSocket (RFC 6455 §5.1): a client masks its frames, a server does not.
public enum WebSocketRole: Sendable {
    case server
    case client
}

/// XORs bytes with a mask (RFC 6455 §5.3), 8 at a time. Done twice, it changes nothing.
func applyMask(_ mask: UInt32, to bytes: UnsafeMutableRawBufferPointer) {
    let wide = (UInt64(mask) << 32 | UInt64(mask)).bigEndian
    var offset = 0
    while offset + 8 <= bytes.count {
        let word = bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
        bytes.storeBytes(of: word ^ wide, toByteOffset: offset, as: UInt64.self)
        offset += 8
    }
    while offset < bytes.count {
        bytes[offset] ^= UInt8(truncatingIfNeeded: mask >> (24 - 8 * (offset & 3)))
        offset += 1
    }
}
