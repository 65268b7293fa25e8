/// The addresses that begin with the same bits: a CIDR block (RFC 4632, RFC 4291 §2.3).
public struct AddressBlock: Hashable, Sendable {
    /// The first address: all bits behind the prefix are zero.
    public let first: IPAddress
    /// How many bits the addresses have in common.
    public let prefixLength: Int

    /// The block of an address.
    ///
    /// - Parameter prefixLength: 0 to 32 for IPv4, 0 to 128 for IPv6; a greater one counts as that.
    public init(of address: IPAddress, prefixLength: Int) {
        self.prefixLength = min(prefixLength, address.bytes.count * 8)
        first = address.prefix(self.prefixLength)
    }

    /// Takes an address, which is a block of one, or an address, a slash and the number of bits in common, behind which all bits are zero;
    /// nil for other texts. An address has only the one spelling of ``IPAddress/init(canonical:)``.
    public init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let address = IPAddress(canonical: parts[0]) else { return nil }
        let bits = address.bytes.count * 8
        guard parts.count == 2 else {
            self.init(of: address, prefixLength: bits)
            return
        }
        guard let length = Int(parts[1]), (0...bits).contains(length), String(length) == parts[1] else { return nil }
        self.init(of: address, prefixLength: length)
        guard first == address else { return nil }
    }

    public func contains(_ address: IPAddress) -> Bool {
        address.bytes.count == first.bytes.count && address.prefix(prefixLength) == first
    }
}

extension IPAddress {
    /// Four or sixteen bytes, network order.
    public var bytes: [UInt8] {
        switch self {
        case .v4(let bytes), .v6(let bytes): bytes
        }
    }

    /// The IPv4 address that an IPv6 socket shows as `::ffff:a.b.c.d` (RFC 4291 §2.5.5.2); any other address itself.
    public var unmapped: IPAddress {
        guard case .v6(let bytes) = self, bytes.starts(with: Self.mappedPrefix) else { return self }
        return .v4(Array(bytes.dropFirst(Self.mappedPrefix.count)))
    }

    private static let mappedPrefix: [UInt8] = Array(repeating: 0, count: 10) + [0xFF, 0xFF]

    /// The same address with all bits behind the first `length` set to zero.
    fileprivate func prefix(_ length: Int) -> IPAddress {
        let kept = bytes.enumerated().map { index, byte in
            byte & ~UInt8(truncatingIfNeeded: 0xFF >> min(max(length - index * 8, 0), 8))
        }
        return switch self {
        case .v4: .v4(kept)
        case .v6: .v6(kept)
        }
    }
}

extension AddressBlock: CustomStringConvertible {
    public var description: String { "\(first)/\(prefixLength)" }
}
