import NIOCore

/// Appends commands to a buffer as RESP2 arrays of bulk strings, without a string or an array in between.
///
/// Each command announces its arguments first:
/// `writer.command("HSET", arguments: 3)`, then three times one of the `argument` functions. A wrong
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
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: Self.framing) { bytes in
            Self.header("*", arguments + 1, in: bytes)
        }
        bulk(name)
        commandCount += 1
        missing = arguments
    }

    public mutating func argument(_ bytes: UnsafeRawBufferPointer) {
        take()
        bulk(bytes)
    }

    public mutating func argument(_ bytes: [UInt8]) { bytes.withUnsafeBytes { argument($0) } }

    public mutating func argument(_ bytes: ByteBuffer) { bytes.withUnsafeReadableBytes { argument($0) } }

    public mutating func argument(_ text: StaticString) {
        take()
        bulk(text)
    }

    public mutating func argument(_ text: String) {
        var text = text
        text.withUTF8 { argument(UnsafeRawBufferPointer($0)) }
    }

    /// An integer in decimal digits, as every command takes it.
    public mutating func argument(_ integer: Int) {
        take()
        let digits = Self.digits(integer)
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: digits + Self.framing) { bytes in
            var place = Self.header("$", digits, in: bytes)
            place = Self.decimal(integer, digits: digits, in: bytes, at: place)
            return Self.endLine(in: bytes, at: place)
        }
    }

    /// An argument of several parts.
    ///
    /// - Parameter write: writes exactly `count` bytes.
    public mutating func argument(count: Int, _ write: (inout ByteBuffer) -> Void) {
        take()
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: count + Self.framing) { bytes in
            Self.header("$", count, in: bytes)
        }
        let end = buffer.writerIndex + count
        write(&buffer)
        precondition(buffer.writerIndex == end, "an argument of \(count) bytes got more or fewer")
        buffer.writeInteger(Self.lineEnd)
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

    private mutating func bulk(_ text: StaticString) { text.withUTF8Buffer { bulk(UnsafeRawBufferPointer($0)) } }

    private mutating func bulk(_ payload: UnsafeRawBufferPointer) {
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: payload.count + Self.framing) { bytes in
            let place = Self.header("$", payload.count, in: bytes)
            UnsafeMutableRawBufferPointer(rebasing: bytes[place...]).copyMemory(from: payload)
            return Self.endLine(in: bytes, at: place + payload.count)
        }
    }

    // MARK: Into memory that was reserved once for all parts of an argument

    private static let lineEnd: UInt16 = 0x0D0A
    /// Bytes around an argument at most: the type, 20 characters of a length, and two ends of lines.
    private static let framing = 1 + 20 + 2 + 2

    /// `*2\r\n`, `$11\r\n`. These functions give the place behind what they wrote.
    private static func header(_ type: Unicode.Scalar, _ count: Int, in bytes: UnsafeMutableRawBufferPointer) -> Int {
        bytes[0] = UInt8(ascii: type)
        let place = decimal(count, digits: digits(count), in: bytes, at: 1)
        return endLine(in: bytes, at: place)
    }

    private static func endLine(in bytes: UnsafeMutableRawBufferPointer, at place: Int) -> Int {
        bytes.storeBytes(of: lineEnd.bigEndian, toByteOffset: place, as: UInt16.self)
        return place + 2
    }

    private static func decimal(_ integer: Int, digits: Int, in bytes: UnsafeMutableRawBufferPointer, at start: Int)
        -> Int
    {
        var rest = integer.magnitude
        var place = start + digits
        repeat {
            place -= 1
            bytes[place] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        } while rest > 0
        if integer < 0 { bytes[start] = UInt8(ascii: "-") }
        return start + digits
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
