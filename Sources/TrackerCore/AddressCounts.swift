import ContentTrust

/// How many connections each client address has, to hold it to a limit. What has no connection takes no memory.
///
/// An IPv6 address counts with its /64: that much is given to one household, which can use any address in it.
public struct AddressCounts: Sendable {
    static let v6PrefixLength = 64

    /// Connections of one address at the same time; nil: any number, and nothing is counted.
    public let limit: Int?
    private var counts: [AddressBlock: Int] = [:]

    public init(limit: Int?) { self.limit = limit }

    /// Addresses (of IPv6: networks) that have connections.
    public var addressCount: Int { counts.count }

    /// Whether an address may have one connection more.
    public func hasRoom(_ address: IPAddress) -> Bool {
        guard let limit else { return true }
        return counts[Self.block(address), default: 0] < limit
    }

    public mutating func add(_ address: IPAddress) {
        guard limit != nil else { return }
        counts[Self.block(address), default: 0] += 1
    }

    /// Of an address that was added.
    public mutating func remove(_ address: IPAddress) {
        let block = Self.block(address)
        guard let count = counts[block] else { return }
        counts[block] = count > 1 ? count - 1 : nil
    }

    private static func block(_ address: IPAddress) -> AddressBlock {
        let address = address.unmapped
        return switch address {
        case .v4: AddressBlock(of: address, prefixLength: 32)
        case .v6: AddressBlock(of: address, prefixLength: v6PrefixLength)
        }
    }
}
