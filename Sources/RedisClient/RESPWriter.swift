import NIOCore

/// Appends commands to a buffer as RESP2 arrays of bulk strings, without a string or an array in between.
///
/// Each command announces its arguments first:
/// `writer.command("HSET", arguments: 3)`, then three times ``argument(_:)-(some Collection<UInt8>)`` or one of its siblings. A wrong
/// number of arguments would shift every later command, so it stops the process: it is a mistake of the source, not of data.
public struct RESPWriter: ~Copyable {
    public private(set) var buffer: ByteBuffer
    /// Commands begun so far.
    public private(set) var commandCount = 0
    /// Arguments that the last command still has to get.
    private var missing = 0

    public init(buffer: ByteBuffer = ByteBuffer()) { self.buffer = buffer }

    /// Begins a command.
    public mutating func command(_ name: StaticString, arguments: Int) {
        checkComplete()
        header("*", arguments + 1)
        bulk(name)
        commandCount += 1
        missing = arguments
    }

    public mutating func argument(_ bytes: some Collection<UInt8>) {
        take()
        header("$", bytes.count)
        buffer.writeBytes(bytes)
        endLine()
    }

    public mutating func argument(_ bytes: UnsafeRawBufferPointer) {
        take()
        header("$", bytes.count)
        buffer.writeBytes(bytes)
        endLine()
    }

    public mutating func argument(_ bytes: ByteBuffer) {
        take()
        header("$", bytes.readableBytes)
        buffer.writeImmutableBuffer(bytes)
        endLine()
    }

    public mutating func argument(_ text: StaticString) {
        take()
        bulk(text)
    }

    public mutating func argument(_ text: String) {
        take()
        header("$", text.utf8.count)
        buffer.writeString(text)
        endLine()
    }

    /// An integer in decimal digits, as every command takes it.
    public mutating func argument(_ integer: Int) {
        take()
        header("$", Self.digits(integer))
        write(integer)
        endLine()
    }

    /// An argument of several parts.
    ///
    /// - Parameter write: writes exactly `count` bytes.
    public mutating func argument(count: Int, _ write: (inout ByteBuffer) -> Void) {
        take()
        header("$", count)
        let end = buffer.writerIndex + count
        write(&buffer)
        precondition(buffer.writerIndex == end, "an argument of \(count) bytes got more or fewer")
        endLine()
    }

    /// Stops the process if the last command lacks arguments.
    func checkComplete() { precondition(missing == 0, "a command lacks \(missing) arguments that it announced") }

    /// Empties the buffer for the next commands, in the same memory if nobody else has it.
    mutating func clear() {
        checkComplete()
        buffer.clear()
        commandCount = 0
    }

    private mutating func take() {
        precondition(missing > 0, "a command got more arguments than it announced")
        missing -= 1
    }

    private mutating func bulk(_ text: StaticString) {
        header("$", text.utf8CodeUnitCount)
        buffer.writeStaticString(text)
        endLine()
    }

    /// `*2\r\n`, `$11\r\n`.
    private mutating func header(_ type: Unicode.Scalar, _ count: Int) {
        buffer.writeInteger(UInt8(ascii: type))
        write(count)
        endLine()
    }

    private mutating func endLine() { buffer.writeInteger(0x0D0A as UInt16) }

    private mutating func write(_ integer: Int) {
        if 0..<10 ~= integer {
            buffer.writeInteger(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: integer))
            return
        }
        let count = Self.digits(integer)
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: count) { bytes in
            var rest = integer.magnitude
            var place = count
            repeat {
                place -= 1
                bytes[place] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
                rest /= 10
            } while rest > 0
            if integer < 0 { bytes[0] = UInt8(ascii: "-") }
            return count
        }
    }

    /// Characters of an integer in decimal.
    private static func digits(_ integer: Int) -> Int {
        var count = integer < 0 ? 2 : 1
        var rest = integer.magnitude / 10
        while rest > 0 {
            count += 1
            rest /= 10
        }
        return count
    }
}
