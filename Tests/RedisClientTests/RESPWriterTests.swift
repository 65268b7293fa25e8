import CHiredis
import NIOCore
import Presence
import TestSupport
import Testing

@testable import RedisClient

@Suite("RESPWriter")
struct RESPWriterTests {
    @Test("A command is written as hiredis formats it")
    func formatted() {
        var random = SplitMix64(seed: 3)
        let integers =
            [0, 1, 9, 10, 99, 100, -1, -10, .max, .min]
            + (0..<20).map { _ in Int.random(in: .min ... .max, using: &random) }
        let sizes = [0, 1, 9, 10, 99, 100, 1_000, 70_000]
        var writer = RESPWriter()
        var expected: [UInt8] = []
        for integer in integers {
            for size in sizes {
                let bytes = random.bytes(size)
                writer.command("HSET", arguments: 7)
                writer.argument(bytes)
                writer.argument(integer)
                writer.argument(ByteBuffer(bytes: bytes))
                writer.argument("field" as StaticString)
                bytes.withUnsafeBytes { writer.argument($0) }
                writer.argument("é\(size)" as String)
                writer.argument(count: 12) { buffer in
                    buffer.writeInteger(UInt64(size))
                    buffer.writeInteger(UInt32(7))
                }
                var parts = ByteBuffer(integer: UInt64(size))
                parts.writeInteger(UInt32(7))
                expected += hiredisFormat([
                    Array("HSET".utf8), bytes, Array("\(integer)".utf8), bytes, Array("field".utf8), bytes,
                    Array("é\(size)".utf8), Array(parts.readableBytesView),
                ])
            }
        }
        #expect(writer.commandCount == integers.count * sizes.count)
        #expect(Array(writer.buffer.readableBytesView) == expected)
    }

    @Test("An emptied writer begins anew")
    func emptied() {
        var writer = RESPWriter()
        writer.command("PING", arguments: 0)
        let sent = writer.buffer
        writer.clear()
        #expect(writer.commandCount == 0 && writer.buffer.readableBytes == 0)
        writer.command("GET", arguments: 1)
        writer.argument("key" as StaticString)
        #expect(String(buffer: sent) == "*1\r\n$4\r\nPING\r\n")
        #expect(String(buffer: writer.buffer) == "*2\r\n$3\r\nGET\r\n$3\r\nkey\r\n")
    }

    @Test("A wrong number of arguments stops the process")
    func wrongNumber() async {
        await #expect(processExitsWith: .failure) {
            var writer = RESPWriter()
            writer.command("GET", arguments: 1)
            writer.command("GET", arguments: 1)
        }
        await #expect(processExitsWith: .failure) {
            var writer = RESPWriter()
            writer.command("PING", arguments: 0)
            writer.argument(1)
        }
        await #expect(processExitsWith: .failure) {
            var writer = RESPWriter()
            writer.command("GET", arguments: 1)
            writer.argument(count: 4) { $0.writeInteger(UInt8(0)) }
        }
    }

    /// The second opinion: the same arguments, formatted by hiredis.
    private func hiredisFormat(_ arguments: [[UInt8]]) -> [UInt8] {
        var target: UnsafeMutablePointer<CChar>?
        var pointers: [UnsafePointer<CChar>?] = []
        let copies = arguments.map { argument in
            let copy = UnsafeMutablePointer<CChar>.allocate(capacity: max(argument.count, 1))
            for (index, byte) in argument.enumerated() { copy[index] = CChar(bitPattern: byte) }
            return copy
        }
        defer { for copy in copies { copy.deallocate() } }
        pointers = copies.map { UnsafePointer($0) }
        let count = redisFormatCommandArgv(&target, Int32(arguments.count), &pointers, arguments.map(\.count))
        defer { redisFreeCommand(target) }
        return [UInt8](UnsafeRawBufferPointer(start: target, count: Int(count)))
    }
}
