import NIOCore

/// Writes one JSON object, field by field, at the end of a buffer.
public struct JSONObjectWriter {
    private var buffer = ByteBuffer()
    private var isEmpty = true

    private init() {}

    /// Writes an object at the end of `buffer`; `fields` writes its fields, in order.
    ///
    /// The buffer is swapped in and out again: a second reference to its storage would make the first write copy all of it.
    public static func write(into buffer: inout ByteBuffer, _ fields: (inout JSONObjectWriter) -> Void) {
        var writer = JSONObjectWriter()
        swap(&writer.buffer, &buffer)
        writer.buffer.writeInteger(UInt8(ascii: "{"))
        fields(&writer)
        writer.buffer.writeInteger(UInt8(ascii: "}"))
        swap(&writer.buffer, &buffer)
    }

    private mutating func name(_ name: StaticString) {
        if !isEmpty { buffer.writeInteger(UInt8(ascii: ",")) }
        isEmpty = false
        buffer.writeInteger(UInt8(ascii: "\""))
        buffer.writeStaticString(name)
        buffer.writeStaticString("\":")
    }

    public mutating func text(_ name: StaticString, _ value: String) {
        self.name(name)
        buffer.writeJSONText(value)
    }

    public mutating func integer(_ name: StaticString, _ value: Int) {
        self.name(name)
        buffer.writeString(String(value))
    }

    public mutating func texts(_ name: StaticString, _ values: some Collection<String>) {
        array(name, values) { $1.writeJSONText($0) }
    }

    /// A value that is JSON already.
    public mutating func raw(_ name: StaticString, _ value: ByteBuffer) {
        self.name(name)
        buffer.writeImmutableBuffer(value)
    }

    public mutating func object(_ name: StaticString, _ write: (inout JSONObjectWriter) -> Void) {
        self.name(name)
        Self.write(into: &buffer, write)
    }

    public mutating func objects<Values: Collection>(
        _ name: StaticString,
        _ values: Values,
        _ write: (Values.Element, inout JSONObjectWriter) -> Void
    ) {
        array(name, values) { value, buffer in Self.write(into: &buffer) { write(value, &$0) } }
    }

    private mutating func array<Values: Collection>(
        _ name: StaticString,
        _ values: Values,
        _ write: (Values.Element, inout ByteBuffer) -> Void
    ) {
        self.name(name)
        buffer.writeInteger(UInt8(ascii: "["))
        var isFirst = true
        for value in values {
            if !isFirst { buffer.writeInteger(UInt8(ascii: ",")) }
            isFirst = false
            write(value, &buffer)
        }
        buffer.writeInteger(UInt8(ascii: "]"))
    }
}
