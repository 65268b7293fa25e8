import NIOCore

/// The members of one JSON object in place: found, not yet read. What a client uses to read a tracker's messages.
struct JSONMembers {
    /// Why an object cannot be read; names the field.
    struct Failure: Error, Equatable, CustomStringConvertible {
        var description: String
    }

    private let bytes: UnsafeRawBufferPointer
    private var members: [(name: Range<Int>, value: JSONScanner.Value)] = []

    /// Takes one object that fills `bytes`, and checks all of it.
    init(_ bytes: UnsafeRawBufferPointer) throws(Failure) {
        self.bytes = bytes
        var members = members
        do throws(JSONScanner.Failure) {
            var scanner = JSONScanner(bytes)
            try scanner.members { scanner, name throws(JSONScanner.Failure) in
                // Without its quotes.
                let inside = (name.range.lowerBound + 1)..<(name.range.upperBound - 1)
                members.append((inside, try scanner.value(nesting: ProtocolLimits.nesting - 1)))
            }
            try scanner.end()
        } catch {
            throw Failure(description: "not a JSON object: \(error)")
        }
        self.members = members
    }

    /// The value of a field, or nil when it is absent; §1.3 forbids that it occurs twice.
    private func value(_ name: StaticString, _ kind: JSONScanner.Kind) throws(Failure) -> JSONScanner.Value? {
        var found: JSONScanner.Value?
        for member in members where isNamed(member.name, name) {
            guard found == nil else { throw Failure(description: "\(name) occurs twice") }
            found = member.value
        }
        guard found == nil || found?.kind == kind else {
            throw Failure(description: "\(name) is not of type \(kind.rawValue)")
        }
        return found
    }

    private func isNamed(_ range: Range<Int>, _ name: StaticString) -> Bool {
        range.count == name.utf8CodeUnitCount
            && bytes[range].elementsEqual(UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
    }

    private func required<Value>(_ name: StaticString, _ value: Value?) throws(Failure) -> Value {
        guard let value else { throw Failure(description: "\(name) is missing") }
        return value
    }

    func textIfPresent(_ name: StaticString) throws(Failure) -> String? {
        guard let value = try value(name, .text) else { return nil }
        guard let text = JSONText.decode(value, in: bytes) else {
            throw Failure(description: "\(name) is not a text of Unicode scalars")
        }
        return text
    }

    func text(_ name: StaticString) throws(Failure) -> String { try required(name, textIfPresent(name)) }

    func integerIfPresent(_ name: StaticString) throws(Failure) -> Int? {
        guard let value = try value(name, .number) else { return nil }
        guard let integer = Int(String(decoding: bytes[value.range], as: UTF8.self)), integer >= 0 else {
            throw Failure(description: "\(name) is not an integer from 0")
        }
        return integer
    }

    func integer(_ name: StaticString) throws(Failure) -> Int { try required(name, integerIfPresent(name)) }

    /// A text or an integer, for the one field that may be either.
    func has(_ name: StaticString, _ kind: JSONScanner.Kind) -> Bool {
        members.contains { isNamed($0.name, name) && $0.value.kind == kind }
    }

    func peerID(_ name: StaticString) throws(Failure) -> PeerID {
        guard let peer = PeerID(text: try text(name).utf8) else {
            throw Failure(description: "\(name) is not a peer ID")
        }
        return peer
    }

    func object(_ name: StaticString) throws(Failure) -> JSONMembers {
        let range = try required(name, value(name, .object)).range
        return try JSONMembers(UnsafeRawBufferPointer(rebasing: bytes[range]))
    }

    /// The extent of a value of any type.
    func extent(_ name: StaticString) throws(Failure) -> Range<Int> {
        try required(name, members.first { isNamed($0.name, name) }?.value.range)
    }

    /// Reads each element of an array.
    func elements<Element>(
        _ name: StaticString,
        _ kind: JSONScanner.Kind,
        _ read: (UnsafeRawBufferPointer, JSONScanner.Value) throws(Failure) -> Element
    ) throws(Failure) -> [Element] {
        let array = try required(name, value(name, .array)).range
        let inside = UnsafeRawBufferPointer(rebasing: bytes[array])
        var values: [JSONScanner.Value] = []
        var scanner = JSONScanner(inside)
        // It has been checked as part of the whole.
        try? scanner.elements { scanner throws(JSONScanner.Failure) in
            values.append(try scanner.value(nesting: ProtocolLimits.nesting))
        }
        var elements: [Element] = []
        elements.reserveCapacity(values.count)
        for value in values {
            guard value.kind == kind else {
                throw Failure(description: "an element of \(name) is not of type \(kind.rawValue)")
            }
            elements.append(try read(inside, value))
        }
        return elements
    }

    func objects<Element>(
        _ name: StaticString,
        _ read: (JSONMembers) throws(Failure) -> Element
    ) throws(Failure) -> [Element] {
        try elements(name, .object) { bytes, value throws(Failure) in
            try read(JSONMembers(UnsafeRawBufferPointer(rebasing: bytes[value.range])))
        }
    }

    func texts(_ name: StaticString) throws(Failure) -> [String] {
        try elements(name, .text) { bytes, value throws(Failure) in
            guard let text = JSONText.decode(value, in: bytes) else {
                throw Failure(description: "an element of \(name) is not a text of Unicode scalars")
            }
            return text
        }
    }

    func peerIDs(_ name: StaticString) throws(Failure) -> [PeerID] {
        try elements(name, .text) { bytes, value throws(Failure) in
            guard let peer = PeerID(text: bytes[(value.range.lowerBound + 1)..<(value.range.upperBound - 1)]) else {
                throw Failure(description: "an element of \(name) is not a peer ID")
            }
            return peer
        }
    }
}
