/// How content is cut into pieces, the unit of verification (Docs/Certificates.md §1.2).
public struct PieceLength: Hashable, Sendable {
    /// The length of a leaf of the tree (BEP 52) in bytes.
    public static let block = 16_384
    /// The shortest piece in bytes.
    public static let shortest = 65_536
    /// The most pieces of one content.
    public static let pieceCountLimit = 1_024

    /// The length of every piece but the last one, in bytes: a power of two, 64 KiB or more.
    public let bytes: Int

    /// The smallest power of two, 64 KiB or more, that cuts `contentLength` bytes into at most 1,024 pieces.
    public init(contentLength: Int) {
        precondition(contentLength >= 0)
        var bytes = Self.shortest
        // Compares quotients, not products: a length out of a certificate may be as large as 2⁵³−1.
        while contentLength > 0, (contentLength - 1) / bytes >= Self.pieceCountLimit { bytes *= 2 }
        self.bytes = bytes
    }

    /// The height of a piece's root above the leaves.
    var height: Int { (bytes / Self.block).trailingZeroBitCount }

    /// The number of pieces of content of this length; 0 for empty content.
    public func count(contentLength: Int) -> Int {
        contentLength == 0 ? 0 : (contentLength - 1) / bytes + 1
    }
}
