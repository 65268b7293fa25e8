import ContentTrust

/// Tells addresses of the public Internet from all others, so that nobody can use the authority to reach what only it can reach.
///
/// Ranges are those of the IANA special-purpose address registries (RFC 6890) that are not globally reachable. Addresses that carry an IPv4
/// address inside are judged by that one: a packet to them ends there.
enum AddressPolicy {
    /// The name of the special range that an address is in; nil for one of the public Internet.
    static func specialRange(of address: IPAddress) -> String? {
        switch address {
        case .v4(let bytes): v4Ranges.first { $0.contains(bytes) }?.name
        case .v6(let bytes): specialRange(v6: bytes)
        }
    }

    private static func specialRange(v6 bytes: [UInt8]) -> String? {
        for (range, start) in v6Carriers where range.contains(bytes) {
            return specialRange(of: .v4(Array(bytes[start..<start + 4])))
        }
        if let range = v6Ranges.first(where: { $0.contains(bytes) }) { return range.name }
        // All of the public Internet is in 2000::/3 (RFC 4291 §2.4 and IANA's registry); what is not known is not public.
        return globalUnicast.contains(bytes) ? nil : "reserved"
    }

    private struct Range {
        let name: String
        let prefix: [UInt8]
        let length: Int

        init(_ name: String, _ prefix: [UInt8], _ length: Int) {
            self.name = name
            self.prefix = prefix
            self.length = length
        }

        func contains(_ bytes: [UInt8]) -> Bool {
            for (index, byte) in prefix.enumerated() {
                let bits = min(8, length - 8 * index)
                guard bits > 0 else { break }
                let mask = ~UInt8(0) << UInt8(8 - bits)
                guard bytes[index] & mask == byte & mask else { return false }
            }
            return true
        }
    }

    private static let v4Ranges = [
        Range("this network", [0], 8),
        Range("private", [10], 8),
        Range("shared (carrier-grade NAT)", [100, 64], 10),
        Range("loopback", [127], 8),
        Range("cloud metadata", [168, 63, 129, 16], 32),
        Range("cloud metadata", [169, 254, 169, 254], 32),
        Range("link-local", [169, 254], 16),
        Range("private", [172, 16], 12),
        Range("protocol assignments", [192, 0, 0], 24),
        Range("documentation", [192, 0, 2], 24),
        Range("6to4 relay", [192, 88, 99], 24),
        Range("private", [192, 168], 16),
        Range("benchmarking", [198, 18], 15),
        Range("documentation", [198, 51, 100], 24),
        Range("documentation", [203, 0, 113], 24),
        Range("multicast", [224], 4),
        Range("broadcast", [255, 255, 255, 255], 32),
        Range("reserved", [240], 4),
    ]

    /// IPv6 ranges that carry an IPv4 address, and the index of its first byte.
    private static let v6Carriers: [(Range, Int)] = [
        (Range("IPv4-mapped", [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF], 96), 12),
        (Range("NAT64", [0, 0x64, 0xFF, 0x9B, 0, 0, 0, 0, 0, 0, 0, 0], 96), 12),
        (Range("6to4", [0x20, 0x02], 16), 2),
    ]

    private static let globalUnicast = Range("global unicast", [0x20], 3)

    private static let v6Ranges = [
        Range("unspecified", [UInt8](repeating: 0, count: 16), 128),
        Range("loopback", [UInt8](repeating: 0, count: 15) + [1], 128),
        Range("unique local", [0xFC], 7),
        Range("link-local", [0xFE, 0x80], 10),
        Range("multicast", [0xFF], 8),
        // Teredo, ORCHID, benchmarking and others.
        Range("protocol assignments", [0x20, 0x01, 0x00], 23),
        Range("documentation", [0x20, 0x01, 0x0D, 0xB8], 32),
        Range("documentation", [0x3F, 0xFF, 0x00], 20),
    ]
}
