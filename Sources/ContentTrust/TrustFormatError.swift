/// Why bytes are not a well-formed signature, key, certificate or keyset: a sentence for a person.
public struct TrustFormatError: Error, Hashable, Sendable, CustomStringConvertible {
    public let description: String

    public init(_ description: String) { self.description = description }
}
