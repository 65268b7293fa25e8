/// base64url without padding (RFC 4648 §5), as JOSE uses it (RFC 7515 §2).
///
/// Decoding is strict: padding, white space, characters outside the alphabet, an impossible length and non-zero spare bits
/// are all refused, so that one value has exactly one text. Foundation's decoder was rejected because it accepts the other
/// alphabet and spare bits.
public enum Base64URL {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

    /// The value of each byte in the alphabet, or 0xFF.
    private static let values: [UInt8] = {
        var values = [UInt8](repeating: 0xFF, count: 256)
        for (value, character) in alphabet.enumerated() { values[Int(character)] = UInt8(value) }
        return values
    }()

    /// The number of characters that `byteCount` bytes take.
    public static func encodedLength(_ byteCount: Int) -> Int { (byteCount * 4 + 2) / 3 }

    /// Encodes any bytes; the empty sequence gives the empty text.
    public static func encode(_ bytes: some Collection<UInt8>) -> String {
        let length = encodedLength(bytes.count)
        return String(unsafeUninitializedCapacity: length) { text in
            write(bytes, to: UnsafeMutableRawBufferPointer(text))
        }
    }

    /// The same text as ASCII bytes, for writers that have no need of a `String`.
    public static func encodedBytes(_ bytes: some Collection<UInt8>) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: encodedLength(bytes.count)) { text, count in
            count = write(bytes, to: UnsafeMutableRawBufferPointer(text))
        }
    }

    /// Writes the text of bytes to memory that has room for ``encodedLength(_:)``; gives that length.
    @discardableResult
    public static func write(_ bytes: some Collection<UInt8>, to text: UnsafeMutableRawBufferPointer) -> Int {
        var place = 0
        var pending: UInt32 = 0
        var bits: UInt32 = 0
        for byte in bytes {
            pending = pending << 8 | UInt32(byte)
            bits += 8
            while bits >= 6 {
                bits -= 6
                text[place] = alphabet[Int(pending >> bits & 0x3F)]
                place += 1
            }
        }
        if bits > 0 {
            text[place] = alphabet[Int(pending << (6 - bits) & 0x3F)]
            place += 1
        }
        return place
    }

    /// The bytes of a text, or nil when it is not exactly what ``encode(_:)`` would have written for them.
    public static func decode(_ text: some Collection<UInt8>) -> [UInt8]? {
        guard text.count % 4 != 1 else { return nil }
        var bytes = [UInt8]()
        bytes.reserveCapacity(text.count * 3 / 4)
        var pending: UInt32 = 0
        var bits: UInt32 = 0
        for character in text {
            let value = values[Int(character)]
            guard value != 0xFF else { return nil }
            pending = pending << 6 | UInt32(value)
            bits += 6
            if bits >= 8 {
                bits -= 8
                bytes.append(UInt8(truncatingIfNeeded: pending >> bits))
            }
        }
        guard pending & (1 << bits - 1) == 0 else { return nil }
        return bytes
    }

    /// The 8 bytes of a text as a number, the first one in the highest place, without an array for them.
    public static func decodeInteger(_ text: some Collection<UInt8>) -> UInt64? {
        guard text.count == encodedLength(8) else { return nil }
        var number: UInt64 = 0
        var rest = 64
        for character in text {
            let value = values[Int(character)]
            guard value != 0xFF else { return nil }
            guard rest >= 6 else {
                // Of the last character, 4 bits count and 2 are spare.
                guard value & 3 == 0 else { return nil }
                return number << 4 | UInt64(value >> 2)
            }
            number = number << 6 | UInt64(value)
            rest -= 6
        }
        return nil
    }

    /// See ``decode(_:)-(Collection<UInt8>)``.
    public static func decode(_ text: some StringProtocol) -> [UInt8]? { decode(text.utf8) }
}
