import ContentTrust
import NIOCore

/// What a proxy says, ahead of everything else on a connection, of the client behind it: the binary header of the PROXY protocol, version 2
/// (HAProxy's `proxy-protocol.txt`, section 2.2).
public struct ProxyHeader: Equatable, Sendable {
    /// The client's address; nil when the connection is the proxy's own (LOCAL), or it does not know one (UNSPEC, UNIX sockets).
    public var client: IPAddress?

    public init(client: IPAddress?) { self.client = client }

    /// Bytes that may follow the fixed part: addresses take 216 at most, and the rest is for TLVs, which are skipped. A header is held in
    /// memory until it is whole.
    public static let lengthLimit = 4_096

    /// Bytes of the fixed part: signature, version and command, family and transport, length.
    static let fixedLength = 16
    static let signature: [UInt8] = [0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A]

    /// Why bytes are not such a header. The connection is to be closed: nothing behind them can be trusted to be a client's.
    public enum Violation: Error, Equatable, Sendable {
        /// Not a header at all, from this byte on.
        case signature(offset: Int)
        /// Another version than 2.
        case version(UInt8)
        /// Neither LOCAL nor PROXY.
        case command(UInt8)
        /// The byte of family and transport: not assigned, or of datagrams, which no TCP connection carries.
        case family(UInt8)
        /// Over ``ProxyHeader/lengthLimit``.
        case tooLong(Int)
        /// Shorter than the addresses of its family.
        case tooShort(Int, needed: Int)
    }

    private enum Command: UInt8 {
        case local = 0
        case proxy = 1
    }

    /// The assigned bytes of family and transport that a stream can have.
    private enum Family: UInt8 {
        case unspecified = 0x00
        case tcp4 = 0x11
        case tcp6 = 0x21
        case unixStream = 0x31

        /// Bytes of the addresses of both ends, with their ports.
        var length: Int {
            switch self {
            case .unspecified: 0
            case .tcp4: 12
            case .tcp6: 36
            case .unixStream: 216
            }
        }
    }

    /// Takes a header from the front of `buffer`, or throws as soon as it cannot become one.
    ///
    /// - Returns: nil when more bytes are needed; nothing is taken then.
    public static func read(from buffer: inout ByteBuffer) throws(Violation) -> ProxyHeader? {
        let start = buffer.readerIndex
        for (offset, (expected, got)) in zip(signature, buffer.readableBytesView).enumerated() where expected != got {
            throw .signature(offset: offset)
        }
        func byte(_ offset: Int) -> UInt8? { buffer.getInteger(at: start + offset) }
        guard let versionAndCommand = byte(12) else { return nil }
        guard versionAndCommand >> 4 == 2 else { throw .version(versionAndCommand >> 4) }
        guard let command = Command(rawValue: versionAndCommand & 0xF) else { throw .command(versionAndCommand & 0xF) }
        guard let familyByte = byte(13) else { return nil }
        // The family of the proxy's own connection means nothing, whatever it is.
        let family = command == .local ? .unspecified : Family(rawValue: familyByte)
        guard let family else { throw .family(familyByte) }
        guard let length = buffer.getInteger(at: start + 14, as: UInt16.self).map(Int.init) else { return nil }
        guard length <= lengthLimit else { throw .tooLong(length) }
        guard length >= family.length else { throw .tooShort(length, needed: family.length) }
        guard buffer.readableBytes >= fixedLength + length else { return nil }

        var client: IPAddress?
        switch family {
        case .tcp4: client = address(4, in: buffer, at: start)
        case .tcp6: client = address(16, in: buffer, at: start)
        case .unspecified, .unixStream: break
        }
        buffer.moveReaderIndex(forwardBy: fixedLength + length)
        return ProxyHeader(client: client)
    }

    /// The source address: the first one behind the fixed part.
    private static func address(_ count: Int, in buffer: ByteBuffer, at start: Int) -> IPAddress? {
        buffer.getBytes(at: start + fixedLength, length: count).flatMap(IPAddress.init(bytes:))
    }
}
