import NIOCore

/// The characters of JSON texts: out of and into their escaped form (RFC 8259 §7).
enum JSONText {
    /// The characters of a text that ``JSONScanner`` has accepted, or nil when it holds a lone surrogate.
    static func decode(_ value: JSONScanner.Value, in bytes: UnsafeRawBufferPointer) -> String? {
        let inside = bytes[(value.range.lowerBound + 1)..<(value.range.upperBound - 1)]
        guard value.isEscaped else { return String(validating: inside, as: UTF8.self) }
        var units = [UInt8]()
        units.reserveCapacity(inside.count)
        var offset = inside.startIndex
        while offset < inside.endIndex {
            let byte = inside[offset]
            offset += 1
            guard byte == UInt8(ascii: "\\") else {
                units.append(byte)
                continue
            }
            let escape = inside[offset]
            offset += 1
            guard escape == UInt8(ascii: "u") else {
                units.append(character(escape))
                continue
            }
            guard let scalar = scalar(in: inside, at: &offset) else { return nil }
            units.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
        }
        return String(validating: units, as: UTF8.self)
    }

    private static func character(_ escape: UInt8) -> UInt8 {
        switch escape {
        case UInt8(ascii: "b"): 0x08
        case UInt8(ascii: "f"): 0x0C
        case UInt8(ascii: "n"): 0x0A
        case UInt8(ascii: "r"): 0x0D
        case UInt8(ascii: "t"): 0x09
        default: escape
        }
    }

    /// The scalar of one `\uXXXX`, or of two that are a surrogate pair; `offset` is behind the first `u`.
    private static func scalar(in bytes: Slice<UnsafeRawBufferPointer>, at offset: inout Int) -> Unicode.Scalar? {
        let first = unit(in: bytes, at: &offset)
        if let scalar = Unicode.Scalar(first) { return scalar }
        guard UTF16.isLeadSurrogate(first), offset + 6 <= bytes.endIndex, bytes[offset] == UInt8(ascii: "\\"),
            bytes[offset + 1] == UInt8(ascii: "u")
        else { return nil }
        offset += 2
        let second = unit(in: bytes, at: &offset)
        guard UTF16.isTrailSurrogate(second) else { return nil }
        return Unicode.Scalar(0x10000 + (UInt32(first - 0xD800) << 10 | UInt32(second - 0xDC00)))
    }

    private static func unit(in bytes: Slice<UnsafeRawBufferPointer>, at offset: inout Int) -> UInt16 {
        var unit: UInt16 = 0
        for _ in 0..<4 {
            unit = unit << 4 | (JSONScanner.hexValue(bytes[offset]) ?? 0)
            offset += 1
        }
        return unit
    }
}

extension ByteBuffer {
    /// Writes a JSON text with its quotes. Nothing but quote, backslash and control characters is escaped.
    mutating func writeJSONText(_ text: String) {
        writeInteger(UInt8(ascii: "\""))
        // As memory where that is possible: iterating over a string's view costs several times as much.
        let isPlain = text.utf8.withContiguousStorageIfAvailable { $0.allSatisfy(Self.isPlain) }
        if isPlain ?? text.utf8.allSatisfy(Self.isPlain) {
            writeString(text)
        } else {
            for byte in text.utf8 {
                switch byte {
                case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                    writeInteger(UInt8(ascii: "\\"))
                    writeInteger(byte)
                case 0..<0x20:
                    let hex = String(byte, radix: 16)
                    writeString("\\u" + String(repeating: "0", count: 4 - hex.count) + hex)
                default:
                    writeInteger(byte)
                }
            }
        }
        writeInteger(UInt8(ascii: "\""))
    }

    /// Whether a byte stands for itself inside of a JSON text.
    private static func isPlain(_ byte: UInt8) -> Bool {
        byte >= 0x20 && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
    }
}
