import ContentTrust

/// What one key of one shard holds: the peers of a content, or of one part of a content that is too hot for one key and one shard.
///
/// A swarm at level L has 2ᴸ parts, and a peer's part is L bits of its ID's hash. Part 0 is where every search can begin: it is in use at
/// every level. Nodes choose the level for what they add from what they see themselves, without agreeing on it, and searches cope with
/// every mixture (``PeerSearch``). So no announce has to ask how large a swarm is.
public struct SwarmPart: Hashable, Sendable {
    /// Peers of one part that are aimed at. Redis keeps a hash of this size in one compact block: 27 to 31 bytes an entry, where a larger
    /// one takes 75 and more.
    public static let targetSize = 64
    /// At most 1,024 parts: 65,536 peers of one content before a part grows over its target.
    public static let levelLimit = 10

    public let content: ContentID
    public let number: UInt16

    public init(content: ContentID, number: UInt16 = 0) {
        self.content = content
        self.number = number
    }

    /// Decides the shard.
    var placementKey: UInt64 {
        let bits = content.withBytes { $0.loadUnaligned(as: UInt64.self).bigEndian }
        return number == 0 ? bits : scrambled(bits ^ UInt64(number) &* 0x9E37_79B9_7F4A_7C15)
    }

    /// The level at which so many peers fill parts of ``targetSize``.
    static func level(population: Int) -> Int {
        var level = 0
        while level < levelLimit, population > targetSize << level { level += 1 }
        return level
    }

    /// The part of a peer at a level.
    static func number(of peer: UInt64, level: Int) -> UInt16 { UInt16(scrambled(peer) & (1 << level - 1)) }
}
