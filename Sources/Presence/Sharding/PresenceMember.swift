/// One entry of a part as a shard keeps it: 20 bytes, node, epoch and peer in network order.
///
/// Beside peers there are markers: a node that has put peers into parts other than 0 says in part 0 up to which level, for as long as it
/// has any there. A search that comes up short sees the markers, because a short answer is a whole part.
public struct PresenceMember: Hashable, Sendable {
    /// The length in bytes.
    public static let byteCount = 20
    /// The first byte of a marker's peer number. No event loop has this index.
    public static let markerIndex: UInt8 = 0xFF

    public let node: UInt64
    public let epoch: UInt32
    public let peer: UInt64

    public init(node: UInt64, epoch: UInt32, peer: UInt64) {
        self.node = node
        self.epoch = epoch
        self.peer = peer
    }

    /// The marker of an event loop of a node.
    public static func marker(node: UInt64, epoch: UInt32, loop: Int, level: Int) -> PresenceMember {
        PresenceMember(node: node, epoch: epoch, peer: UInt64(markerIndex) << 56 | UInt64(loop) << 8 | UInt64(level))
    }

    /// The level, if this is a marker.
    var markedLevel: Int? {
        peer >> 56 == UInt64(Self.markerIndex) ? min(Int(peer & 0xFF), SwarmPart.levelLimit) : nil
    }

    /// The event loop of the node whose epoch this is.
    var loop: Int { markedLevel == nil ? Int(peer >> 56) : Int(peer >> 8 & 0xFF) }

    /// Takes exactly 20 bytes; nil for any other number.
    public init?(bytes: UnsafeRawBufferPointer) {
        guard bytes.count == Self.byteCount else { return nil }
        node = UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self))
        epoch = UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt32.self))
        peer = UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 12, as: UInt64.self))
    }

    /// Calls `body` with the 20 bytes.
    public func withBytes<R>(_ body: (UnsafeRawBufferPointer) -> R) -> R {
        withUnsafeTemporaryAllocation(byteCount: Self.byteCount, alignment: 1) { buffer in
            buffer.storeBytes(of: node.bigEndian, as: UInt64.self)
            buffer.storeBytes(of: epoch.bigEndian, toByteOffset: 8, as: UInt32.self)
            buffer.storeBytes(of: peer.bigEndian, toByteOffset: 12, as: UInt64.self)
            return body(UnsafeRawBufferPointer(buffer))
        }
    }
}
