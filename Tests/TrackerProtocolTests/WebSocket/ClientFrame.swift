import NIOCore
import TrackerProtocol

/// One frame as a client sends it, built bit by bit so that it can break any rule of RFC 6455 §5.2.
struct ClientFrame {
    var firstByte: UInt8
    var payload: [UInt8] = []
    var mask: [UInt8]? = [0x37, 0xFA, 0x21, 0x3D]
    /// The length that the header states; the payload's own when nil.
    var statedLength: UInt64?
    /// The seven-bit length field; the shortest form when nil.
    var lengthForm: UInt8?

    static func text(_ text: String) -> ClientFrame { ClientFrame(firstByte: 0x81, payload: Array(text.utf8)) }
    static func text(size: Int) -> ClientFrame { ClientFrame(firstByte: 0x81, payload: filling(size)) }
    static func close(_ payload: [UInt8]) -> ClientFrame { ClientFrame(firstByte: 0x88, payload: payload) }
    static func ping(_ payload: [UInt8]) -> ClientFrame { ClientFrame(firstByte: 0x89, payload: payload) }

    /// A text message of these fragments, the last one final.
    static func fragmented(_ fragments: [[UInt8]]) -> [ClientFrame] {
        fragments.indices.map { index in
            let opcode: UInt8 = index == 0 ? 0x01 : 0x00
            return ClientFrame(
                firstByte: opcode | (index == fragments.count - 1 ? 0x80 : 0),
                payload: fragments[index]
            )
        }
    }

    /// Bytes that differ from place to place, so that a wrong order or offset shows.
    static func filling(_ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 8) } }

    var bytes: [UInt8] {
        let length = statedLength ?? UInt64(payload.count)
        let form = lengthForm ?? (length < 126 ? UInt8(length) : length < 65_536 ? 126 : 127)
        var bytes = [firstByte, form | (mask == nil ? 0 : 0x80)]
        switch form {
        case 126: bytes += [UInt8(length >> 8 & 0xFF), UInt8(length & 0xFF)]
        case 127: bytes += (0..<8).reversed().map { UInt8(length >> (8 * $0) & 0xFF) }
        default: break
        }
        guard let mask else { return bytes + payload }
        return bytes + mask + payload.enumerated().map { $1 ^ mask[$0 % 4] }
    }
}

extension Sequence<ClientFrame> {
    var bytes: [UInt8] { flatMap(\.bytes) }
}

/// What came out of a decoder: its events, and the violation that ended them.
struct Decoded: Equatable {
    var events: [WebSocketDecoder.Event] = []
    var violation: WebSocketDecoder.Violation?
}

extension WebSocketDecoder {
    /// A decoder with a small limit: messages of 1,000 bytes, and 16,000 are hopeless to wait for.
    static var small: WebSocketDecoder { WebSocketDecoder(messageSizeLimit: 1_000, oversizeFactor: 16) }

    /// Feeds one chunk and takes everything out that is there.
    mutating func decode(_ chunk: [UInt8]) -> Decoded {
        append(ByteBuffer(bytes: chunk))
        var decoded = Decoded()
        do throws(Violation) {
            while let event = try next() { decoded.events.append(event) }
        } catch {
            decoded.violation = error
        }
        return decoded
    }

    /// Feeds chunks one after the other until a violation.
    mutating func decode(chunks: some Sequence<[UInt8]>) -> Decoded {
        var all = Decoded()
        for chunk in chunks where all.violation == nil {
            let decoded = decode(chunk)
            all.events += decoded.events
            all.violation = decoded.violation
        }
        return all
    }

    /// Bytes of storage that the decoder keeps alive: of its unread input and of an unfinished message.
    var storage: Int { Self.buffers(in: self).reduce(0) { $0 + $1.storageCapacity } }

    /// Where the payload of the unfinished message is stored.
    var partialStorage: UnsafeRawPointer? {
        Mirror(reflecting: self).children.filter { $0.label == "partial" }.flatMap { Self.buffers(in: $0.value) }
            .first?.withVeryUnsafeBytes { $0.baseAddress }
    }

    private static func buffers(in value: Any) -> [ByteBuffer] {
        if let buffer = value as? ByteBuffer { return [buffer] }
        return Mirror(reflecting: value).children.flatMap { buffers(in: $0.value) }
    }
}

extension WebSocketDecoder.Event {
    static func text(_ text: String) -> Self {
        .message(WebSocketMessage(isText: true, payload: ByteBuffer(string: text)))
    }
    static func text(_ bytes: [UInt8]) -> Self {
        .message(WebSocketMessage(isText: true, payload: ByteBuffer(bytes: bytes)))
    }
    static func binary(_ bytes: [UInt8]) -> Self {
        .message(WebSocketMessage(isText: false, payload: ByteBuffer(bytes: bytes)))
    }
}

/// Cuts bytes into chunks of random lengths.
func chunks(of bytes: [UInt8], upTo longest: Int, using random: inout some RandomNumberGenerator) -> [[UInt8]] {
    var rest = bytes[...]
    var chunks: [[UInt8]] = []
    while !rest.isEmpty {
        let chunk = rest.prefix(Int.random(in: 1...longest, using: &random))
        chunks.append(Array(chunk))
        rest = rest.dropFirst(chunk.count)
    }
    return chunks
}

/// The ways to cut bytes that a test tries: whole, and into random chunks of three sizes, single bytes among them.
func chunkings(of bytes: [UInt8], using random: inout some RandomNumberGenerator) -> [[[UInt8]]] {
    // Long streams are not cut into single bytes: that adds nothing but time.
    let longest = bytes.count < 10_000 ? [1, 17, 1_500] : [300, 1_500, 70_000]
    return [[bytes]] + longest.map { chunks(of: bytes, upTo: $0, using: &random) }
}
