import NIOCore

/// Takes apart what arrives on a WebSocket (RFC 6455 §5): messages out of frames.
///
/// A value type without IO: bytes in by ``append(_:)``, events out by ``next()``. Own code, because a message that is too long has to be
/// discarded as it arrives while the connection lives on (Docs/Protocol.md §2.7), which NIO's frame decoder cannot do: it holds the
/// whole frame or ends the connection. Docs/Performance.md has the cost of both.
///
/// Whether a text is UTF-8 is not checked here: the reader of messages does, and answers with an error instead of a close.
public struct WebSocketDecoder: Sendable {
    /// What has arrived, in order.
    public enum Event: Equatable, Sendable {
        case message(WebSocketMessage)
        /// A message over the size limit has begun; it is being discarded. `got` is the size known so far, in bytes.
        case oversize(got: Int)
        case ping(ByteBuffer)
        case pong
        /// The other side closes; `code` is nil when it gave none.
        case close(code: UInt16?)
    }

    /// Why a connection cannot go on: nothing is decoded after it, and ``next()`` throws it again.
    public enum Violation: Error, Equatable, Sendable {
        /// To be closed with 1002.
        case framing(String)
        /// To be closed with 1009.
        case hopelesslyLong
    }

    /// Bytes of the payload of a control frame (RFC 6455 §5.5).
    public static let controlPayloadLimit = 125

    private enum State {
        /// Between frames.
        case header
        /// The payload of a frame is awaited as a whole.
        case payload(Header)
        /// The payload of a frame is thrown away as it comes.
        case discarding(remaining: Int, isFinal: Bool)
        case failed(Violation)
    }

    private struct Header {
        var opcode: WebSocketOpcode
        var isFinal: Bool
        /// Nil in a server's frames, which are not masked.
        var mask: UInt32?
        var payloadLength: Int
    }

    /// A message whose last fragment has not come.
    private struct Partial {
        var isText: Bool
        var payload = ByteBuffer()
        /// All of it so far, discarded bytes included.
        var size = 0
        var isOversize = false
    }

    private let role: WebSocketRole
    private let messageSizeLimit: Int
    private let hopelessSize: Int
    private var state = State.header
    private var partial: Partial?
    /// Bytes received and not taken apart yet; without storage while there are none, so that an idle connection holds no memory.
    private var input = ByteBuffer()

    /// - Parameters:
    ///   - role: the side that decodes; the other side's frames have to be masked or not accordingly.
    ///   - messageSizeLimit: the longest message in bytes, fragments summed.
    ///   - oversizeFactor: a message more than this many times as long is a violation.
    public init(role: WebSocketRole = .server, messageSizeLimit: Int, oversizeFactor: Int) {
        self.role = role
        self.messageSizeLimit = messageSizeLimit
        hopelessSize = messageSizeLimit * oversizeFactor
    }

    /// Adds bytes from the socket.
    public mutating func append(_ bytes: consuming ByteBuffer) {
        guard input.readableBytes > 0 else {
            input = bytes
            return
        }
        // A buffer never gives back by itself what was read from it, and a stream whose chunks end inside of frames would grow it for ever.
        // Only when that is more than what has to be moved, so that a byte is moved at most once on average.
        if input.readerIndex > input.readableBytes { input.discardReadBytes() }
        input.writeImmutableBuffer(bytes)
    }

    /// The next event, or nil when more bytes are needed. To be called until it gives nil.
    public mutating func next() throws(Violation) -> Event? {
        do throws(Violation) {
            return try decode()
        } catch {
            state = .failed(error)
            throw error
        }
    }

    private mutating func decode() throws(Violation) -> Event? {
        while true {
            switch state {
            case .header:
                guard let header = try takeHeader() else { return rest() }
                if let event = try begin(header) { return event }
            case .payload(let header):
                guard let payload = takePayload(header) else { return rest() }
                state = .header
                if let event = try header.opcode.isControl ? control(header.opcode, payload) : fragment(header, payload)
                {
                    return event
                }
            case .discarding(let remaining, let isFinal):
                let count = min(remaining, input.readableBytes)
                input.moveReaderIndex(forwardBy: count)
                guard count == remaining else {
                    state = .discarding(remaining: remaining - count, isFinal: isFinal)
                    return rest()
                }
                state = .header
                if isFinal { partial = nil }
            case .failed(let violation):
                input = ByteBuffer()
                throw violation
            }
        }
    }

    /// Nothing more for now.
    private mutating func rest() -> Event? {
        if input.readableBytes == 0 { input = ByteBuffer() }
        return nil
    }

    /// Takes a frame's header (RFC 6455 §5.2), or nothing when it is not complete.
    private mutating func takeHeader() throws(Violation) -> Header? {
        let start = input.readerIndex
        guard let first = input.getInteger(at: start, as: UInt8.self),
            let second = input.getInteger(at: start + 1, as: UInt8.self)
        else { return nil }
        guard first & 0x70 == 0 else { throw .framing("a reserved bit is set, and no extension was agreed on") }
        guard let opcode = WebSocketOpcode(rawValue: first & 0x0F) else {
            throw .framing("opcode \(first & 0x0F) is not defined")
        }
        let isMasked = second & 0x80 != 0
        switch role {
        case .server: guard isMasked else { throw .framing("a client's frame must be masked") }
        case .client: guard !isMasked else { throw .framing("a server's frame must not be masked") }
        }
        let isFinal = first & 0x80 != 0
        let (length, lengthSize) = try payloadLength(short: Int(second & 0x7F), at: start + 2)
        if opcode.isControl {
            guard isFinal else { throw .framing("a control frame must not be fragmented") }
            guard second & 0x7F <= Self.controlPayloadLimit else {
                throw .framing("the payload of a control frame is at most \(Self.controlPayloadLimit) bytes")
            }
        }
        guard let length else { return nil }
        guard isMasked else {
            input.moveReaderIndex(forwardBy: 2 + lengthSize)
            return Header(opcode: opcode, isFinal: isFinal, mask: nil, payloadLength: length)
        }
        guard let mask = input.getInteger(at: start + 2 + lengthSize, as: UInt32.self) else { return nil }
        input.moveReaderIndex(forwardBy: 2 + lengthSize + 4)
        return Header(opcode: opcode, isFinal: isFinal, mask: mask, payloadLength: length)
    }

    /// The length of a payload, nil while it is not complete, and the bytes that its extended form takes.
    private func payloadLength(short: Int, at index: Int) throws(Violation) -> (length: Int?, size: Int) {
        switch short {
        case 126:
            return (input.getInteger(at: index, as: UInt16.self).map(Int.init), 2)
        case 127:
            guard let long = input.getInteger(at: index, as: UInt64.self) else { return (nil, 8) }
            guard let length = Int(exactly: long) else { throw .framing("the highest bit of a length is set") }
            return (length, 8)
        default:
            return (short, 0)
        }
    }

    /// Decides what becomes of a frame's payload.
    private mutating func begin(_ header: Header) throws(Violation) -> Event? {
        guard !header.opcode.isControl else {
            state = .payload(header)
            return nil
        }
        switch (header.opcode, partial) {
        case (.continuation, nil): throw .framing("a continuation without a message to continue")
        case (.text, .some), (.binary, .some): throw .framing("a new message inside of a fragmented one")
        case (.continuation, .some): break
        case (let opcode, nil): partial = Partial(isText: opcode == .text)
        default: break
        }
        // Compared so that no announced length can overflow.
        let before = partial?.size ?? 0
        guard header.payloadLength <= hopelessSize - before else { throw .hopelesslyLong }
        let size = before + header.payloadLength
        partial?.size = size
        guard size > messageSizeLimit else {
            state = .payload(header)
            return nil
        }
        state = .discarding(remaining: header.payloadLength, isFinal: header.isFinal)
        guard partial?.isOversize == false else { return nil }
        partial?.isOversize = true
        partial?.payload = ByteBuffer()
        return .oversize(got: size)
    }

    /// Takes a whole payload, unmasked in place, or nothing when it is not complete.
    private mutating func takePayload(_ header: Header) -> ByteBuffer? {
        guard input.readableBytes >= header.payloadLength else { return nil }
        if let mask = header.mask {
            input.withUnsafeMutableReadableBytes { bytes in
                applyMask(mask, to: UnsafeMutableRawBufferPointer(rebasing: bytes[..<header.payloadLength]))
            }
        }
        return input.readSlice(length: header.payloadLength)
    }

    private mutating func fragment(_ header: Header, _ payload: ByteBuffer) -> Event? {
        // Appended in place: with a second reference to the message, each fragment would copy all of it.
        if partial?.payload.readableBytes == 0 {
            partial?.payload = payload
        } else {
            partial?.payload.writeImmutableBuffer(payload)
        }
        guard header.isFinal, let message = partial else { return nil }
        partial = nil
        return .message(WebSocketMessage(isText: message.isText, payload: message.payload))
    }

    private func control(_ opcode: WebSocketOpcode, _ payload: ByteBuffer) throws(Violation) -> Event? {
        switch opcode {
        case .ping: return .ping(payload)
        case .pong: return .pong
        default:
            guard payload.readableBytes != 1 else { throw .framing("a close code has two bytes") }
            return .close(code: payload.getInteger(at: payload.readerIndex, as: UInt16.self))
        }
    }
}

/// One complete message.
public struct WebSocketMessage: Equatable, Sendable {
    public var isText: Bool
    public var payload: ByteBuffer

    public init(isText: Bool, payload: ByteBuffer) {
        self.isText = isText
        self.payload = payload
    }
}
