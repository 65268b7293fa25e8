import ContentTrust
import NIOCore
import Presence
import TestSupport
import Testing

@testable import TrackerProtocol

/// PROXY protocol, version 2. The bytes are written by hand from section 2.2 of its specification; HAProxy's own are met in Tests/Browser.
@Suite struct ProxyHeaderTests {
    private static let signature: [UInt8] = [0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A]
    /// 192.168.0.1:56324 to 192.168.0.11:443.
    private static let tcp4: [UInt8] = [192, 168, 0, 1, 192, 168, 0, 11, 0xDC, 0x04, 0x01, 0xBB]
    /// [2001:db8::1]:56324 to [2001:db8::b]:443.
    private static let tcp6: [UInt8] =
        [0x20, 0x01, 0x0D, 0xB8] + Array(repeating: 0, count: 11) + [0x01]
        + [0x20, 0x01, 0x0D, 0xB8] + Array(repeating: 0, count: 11) + [0x0B] + [0xDC, 0x04, 0x01, 0xBB]
    /// PP2_TYPE_ALPN with "h2", and PP2_TYPE_NOOP of three bytes.
    private static let values: [UInt8] = [0x01, 0x00, 0x02, 0x68, 0x32, 0x04, 0x00, 0x03, 0, 0, 0]

    private static func header(
        _ versionAndCommand: UInt8,
        _ family: UInt8,
        _ rest: [UInt8],
        length: Int? = nil
    ) -> [UInt8] {
        let length = UInt16(length ?? rest.count)
        return signature + [versionAndCommand, family, UInt8(length >> 8), UInt8(length & 0xFF)] + rest
    }

    private static let valid: [(bytes: [UInt8], client: String?)] = [
        (header(0x21, 0x11, tcp4), "192.168.0.1"),
        (header(0x21, 0x11, tcp4 + values), "192.168.0.1"),
        (header(0x21, 0x21, tcp6), "2001:db8::1"),
        (header(0x21, 0x21, tcp6 + values), "2001:db8::1"),
        (header(0x20, 0x00, []), nil),
        (header(0x20, 0x00, values), nil),
        // The family of a LOCAL command is ignored, and the addresses with it.
        (header(0x20, 0x11, tcp4), nil),
        (header(0x20, 0x11, []), nil),
        (header(0x20, 0xFF, [1, 2, 3]), nil),
        (header(0x21, 0x00, []), nil),
        (header(0x21, 0x00, values), nil),
        (header(0x21, 0x31, Array(repeating: 0x2F, count: 216)), nil),
        (header(0x21, 0x11, tcp4 + Array(repeating: 0, count: ProxyHeader.lengthLimit - 12)), "192.168.0.1"),
    ]

    @Test(arguments: valid.indices)
    func takesAHeaderAndLeavesTheRest(index: Int) throws {
        let (bytes, client) = Self.valid[index]
        var buffer = ByteBuffer(bytes: bytes + Array("GET /".utf8))
        let header = try ProxyHeader.read(from: &buffer)
        #expect(header == ProxyHeader(client: client.flatMap { IPAddress(canonical: $0) }))
        #expect(String(buffer: buffer) == "GET /")
    }

    /// Byte by byte, and in two parts at every place: nothing is taken before the header is whole.
    @Test(arguments: valid.indices)
    func waitsForAWholeHeader(index: Int) throws {
        let (bytes, client) = Self.valid[index]
        for end in bytes.indices {
            var buffer = ByteBuffer(bytes: bytes[..<end])
            #expect(try ProxyHeader.read(from: &buffer) == nil, "\(end) bytes")
            #expect(buffer.readableBytes == end)
            buffer.writeBytes(bytes[end...])
            #expect(try ProxyHeader.read(from: &buffer)?.client?.text == client)
            #expect(buffer.readableBytes == 0)
        }
    }

    private static let invalid: [(bytes: [UInt8], violation: ProxyHeader.Violation, from: Int)] = [
        (Array("GET / HTTP/1.1\r\n".utf8), .signature(offset: 0), 1),
        (Array("PROXY TCP4 192.168.0.1 ".utf8), .signature(offset: 0), 1),
        (Array("\r\n\r\nGET / HTTP/1.1".utf8), .signature(offset: 4), 5),
        (signature.dropLast() + [0x0B], .signature(offset: 11), 12),
        (header(0x11, 0x11, tcp4), .version(1), 13),
        (header(0x31, 0x11, tcp4), .version(3), 13),
        (header(0x01, 0x11, tcp4), .version(0), 13),
        (header(0x22, 0x11, tcp4), .command(2), 13),
        (header(0x2F, 0x11, tcp4), .command(15), 13),
        // UDP, families without a transport and the other way round, and what is not assigned.
        (header(0x21, 0x12, tcp4), .family(0x12), 14),
        (header(0x21, 0x22, tcp6), .family(0x22), 14),
        (header(0x21, 0x32, Array(repeating: 0, count: 216)), .family(0x32), 14),
        (header(0x21, 0x10, tcp4), .family(0x10), 14),
        (header(0x21, 0x01, []), .family(0x01), 14),
        (header(0x21, 0x13, tcp4), .family(0x13), 14),
        (header(0x21, 0x41, tcp4), .family(0x41), 14),
        (header(0x21, 0x11, Array(tcp4.dropLast())), .tooShort(11, needed: 12), 16),
        (header(0x21, 0x21, tcp4), .tooShort(12, needed: 36), 16),
        (header(0x21, 0x31, tcp6), .tooShort(36, needed: 216), 16),
        (header(0x21, 0x11, tcp4, length: ProxyHeader.lengthLimit + 1), .tooLong(4_097), 16),
        (header(0x20, 0x00, [], length: 0xFFFF), .tooLong(0xFFFF), 16),
    ]

    /// As soon as it cannot become a header, and not before.
    @Test(arguments: invalid.indices)
    func refusesWhatIsNone(index: Int) throws {
        let (bytes, violation, first) = Self.invalid[index]
        for end in 0...bytes.count {
            var buffer = ByteBuffer(bytes: bytes[..<end])
            if end < first {
                #expect(try ProxyHeader.read(from: &buffer) == nil, "\(end) bytes")
            } else {
                #expect(throws: violation) { try ProxyHeader.read(from: &buffer) }
            }
            #expect(buffer.readableBytes == end)
        }
    }

    private enum Outcome: Equatable {
        case incomplete
        case header(ProxyHeader, rest: Int)
        case violation(ProxyHeader.Violation)
    }

    private static func outcome(_ buffer: inout ByteBuffer) -> Outcome {
        do throws(ProxyHeader.Violation) {
            guard let header = try ProxyHeader.read(from: &buffer) else { return .incomplete }
            return .header(header, rest: buffer.readableBytes)
        } catch {
            return .violation(error)
        }
    }

    /// Random bytes, and valid headers with some bytes changed, cut or added: whatever comes, it is judged the same in one part and in many.
    @Test func judgesTheSameHoweverItIsCut() {
        var random = SplitMix64(seed: 7)
        var seen = (incomplete: 0, header: 0, violation: 0)
        for _ in 0..<20_000 {
            var bytes = Self.valid.randomElement(using: &random)?.bytes ?? []
            if random.oneIn(10) { bytes = random.bytes(Int.random(in: 0...64, using: &random)) }
            if bytes.count > 256 { bytes = Array(bytes.prefix(300)) }
            for _ in 0..<Int.random(in: 0...2, using: &random) where !bytes.isEmpty {
                let place = Int.random(in: 0..<min(bytes.count, 20), using: &random)
                bytes[place] = random.oneIn(2) ? UInt8.random(in: 0...255, using: &random) : bytes[place] ^ 1
            }
            bytes =
                bytes.prefix(Int.random(in: 0...bytes.count * 2, using: &random))
                + random.bytes(random.oneIn(2) ? 3 : 0)

            var whole = ByteBuffer(bytes: bytes)
            let expected = Self.outcome(&whole)
            var parts = ByteBuffer()
            var outcome = Outcome.incomplete
            var rest = bytes[...]
            while outcome == .incomplete, !rest.isEmpty {
                let part = rest.prefix(Int.random(in: 1...8, using: &random))
                rest = rest.dropFirst(part.count)
                parts.writeBytes(part)
                outcome = Self.outcome(&parts)
            }
            if case .header(let header, let left) = outcome { outcome = .header(header, rest: left + rest.count) }
            #expect(outcome == expected, "\(bytes)")
            switch expected {
            case .incomplete: seen.incomplete += 1
            case .header: seen.header += 1
            case .violation: seen.violation += 1
            }
        }
        #expect(seen.incomplete > 1_000 && seen.header > 1_000 && seen.violation > 1_000, "\(seen)")
    }
}
