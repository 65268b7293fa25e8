/// A strict JSON reader (RFC 8259) over bytes in place: it checks and skips values, and allocates nothing.
///
/// Own code, because it is on the hot path: the tracker needs the extent of each field and passes `data` on untouched, while a tree of
/// values costs an allocation for every node. See Docs/Performance.md for the measurement beside Foundation's decoder.
struct JSONScanner {
    /// The JSON types, named as an error names them.
    enum Kind: String {
        case object, array, text, number, boolean, null
    }

    /// One value: its type and its bytes, quotes included for text.
    struct Value {
        var kind: Kind
        var range: Range<Int>
        /// Text with a backslash in it; its bytes are then not its characters.
        var isEscaped = false
    }

    enum Failure: Error, Equatable {
        /// The offset of the first byte that is wrong; the end when the text stops too early.
        case syntax(offset: Int)
        case nesting
    }

    let bytes: UnsafeRawBufferPointer
    private(set) var offset = 0

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    /// The next byte that is not white space, without taking it; nil at the end.
    mutating func peek() -> UInt8? {
        while offset < bytes.count {
            let byte = bytes[offset]
            guard byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { return byte }
            offset += 1
        }
        return nil
    }

    /// Takes `byte`, after white space, or fails.
    mutating func expect(_ byte: UInt8) throws(Failure) {
        guard peek() == byte else { throw .syntax(offset: offset) }
        offset += 1
    }

    /// Takes `byte` if it is next, after white space.
    mutating func take(_ byte: UInt8) -> Bool {
        guard peek() == byte else { return false }
        offset += 1
        return true
    }

    /// Takes one value and checks all of it, to at most `nesting` further levels.
    mutating func value(nesting: Int) throws(Failure) -> Value {
        guard let first = peek() else { throw .syntax(offset: offset) }
        let start = offset
        switch first {
        case UInt8(ascii: "\""):
            let isEscaped = try text()
            return Value(kind: .text, range: start..<offset, isEscaped: isEscaped)
        case UInt8(ascii: "{"):
            guard nesting > 0 else { throw .nesting }
            try members { scanner, _ throws(Failure) in _ = try scanner.value(nesting: nesting - 1) }
            return Value(kind: .object, range: start..<offset)
        case UInt8(ascii: "["):
            guard nesting > 0 else { throw .nesting }
            try elements { scanner throws(Failure) in _ = try scanner.value(nesting: nesting - 1) }
            return Value(kind: .array, range: start..<offset)
        case UInt8(ascii: "t"):
            try literal("true")
            return Value(kind: .boolean, range: start..<offset)
        case UInt8(ascii: "f"):
            try literal("false")
            return Value(kind: .boolean, range: start..<offset)
        case UInt8(ascii: "n"):
            try literal("null")
            return Value(kind: .null, range: start..<offset)
        default:
            try number()
            return Value(kind: .number, range: start..<offset)
        }
    }

    /// Takes an object, and calls `body` behind each name and colon; `body` takes the value.
    mutating func members(
        _ body: (inout JSONScanner, _ name: Value) throws(Failure) -> Void
    ) throws(Failure) {
        try expect(UInt8(ascii: "{"))
        if take(UInt8(ascii: "}")) { return }
        repeat {
            guard peek() == UInt8(ascii: "\"") else { throw .syntax(offset: offset) }
            let start = offset
            let isEscaped = try text()
            let name = Value(kind: .text, range: start..<offset, isEscaped: isEscaped)
            try expect(UInt8(ascii: ":"))
            try body(&self, name)
        } while take(UInt8(ascii: ","))
        try expect(UInt8(ascii: "}"))
    }

    /// Takes an array, and calls `body` before each element; `body` takes the value.
    mutating func elements(_ body: (inout JSONScanner) throws(Failure) -> Void) throws(Failure) {
        try expect(UInt8(ascii: "["))
        if take(UInt8(ascii: "]")) { return }
        repeat { try body(&self) } while take(UInt8(ascii: ","))
        try expect(UInt8(ascii: "]"))
    }

    /// Takes white space up to the end, or fails.
    mutating func end() throws(Failure) {
        guard peek() == nil else { throw .syntax(offset: offset) }
    }

    /// Takes a text; true when it holds an escape.
    private mutating func text() throws(Failure) -> Bool {
        offset += 1
        var isEscaped = false
        while offset < bytes.count {
            skipPlainText()
            guard offset < bytes.count else { break }
            switch bytes[offset] {
            case UInt8(ascii: "\""):
                offset += 1
                return isEscaped
            case UInt8(ascii: "\\"):
                isEscaped = true
                try escape()
            case 0..<0x20:
                throw .syntax(offset: offset)
            default:
                offset += 1
            }
        }
        throw .syntax(offset: offset)
    }

    /// Skips 8 bytes at a time as long as none of them is a quote, a backslash or a control character.
    private mutating func skipPlainText() {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let highs: UInt64 = 0x8080_8080_8080_8080
        while offset + 8 <= bytes.count {
            let word = bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
            // A byte below n has its high bit set in (x - n·ones) & ~x; a byte equal to c is below 1 after x ^ c·ones.
            let quotes = word ^ (ones &* UInt64(UInt8(ascii: "\"")))
            let backslashes = word ^ (ones &* UInt64(UInt8(ascii: "\\")))
            let special =
                ((quotes &- ones) & ~quotes) | ((backslashes &- ones) & ~backslashes) | ((word &- ones &* 0x20) & ~word)
            guard special & highs == 0 else { return }
            offset += 8
        }
    }

    private mutating func escape() throws(Failure) {
        offset += 1
        guard offset < bytes.count else { throw .syntax(offset: offset) }
        switch bytes[offset] {
        case UInt8(ascii: "u"):
            offset += 1
            for _ in 0..<4 {
                guard offset < bytes.count, Self.hexValue(bytes[offset]) != nil else { throw .syntax(offset: offset) }
                offset += 1
            }
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            offset += 1
        default:
            throw .syntax(offset: offset)
        }
    }

    static func hexValue(_ byte: UInt8) -> UInt16? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt16(byte - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt16(byte - UInt8(ascii: "a") + 10)
        case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt16(byte - UInt8(ascii: "A") + 10)
        default: nil
        }
    }

    private mutating func literal(_ word: StaticString) throws(Failure) {
        for index in 0..<word.utf8CodeUnitCount {
            guard offset < bytes.count, bytes[offset] == word.utf8Start[index] else { throw .syntax(offset: offset) }
            offset += 1
        }
    }

    private mutating func number() throws(Failure) {
        if offset < bytes.count, bytes[offset] == UInt8(ascii: "-") { offset += 1 }
        if offset < bytes.count, bytes[offset] == UInt8(ascii: "0") { offset += 1 } else { try digits() }
        if offset < bytes.count, bytes[offset] == UInt8(ascii: ".") {
            offset += 1
            try digits()
        }
        if offset < bytes.count, bytes[offset] | 0x20 == UInt8(ascii: "e") {
            offset += 1
            if offset < bytes.count, bytes[offset] == UInt8(ascii: "+") || bytes[offset] == UInt8(ascii: "-") {
                offset += 1
            }
            try digits()
        }
    }

    /// Takes one digit or more.
    private mutating func digits() throws(Failure) {
        let start = offset
        while offset < bytes.count, UInt8(ascii: "0")...UInt8(ascii: "9") ~= bytes[offset] { offset += 1 }
        guard offset > start else { throw .syntax(offset: offset) }
    }
}
