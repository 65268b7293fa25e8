/// What is known of content without its bytes: identity, length and the hashes of its pieces (Docs/Certificates.md §1).
public struct MerkleTree: Hashable, Sendable {
    public let contentID: ContentID
    /// Length of the content in bytes, 1 or more.
    public let length: Int
    public let pieceLength: PieceLength
    /// The hashes of all pieces in order, 32 bytes each; empty when the content is one piece.
    public let layer: [UInt8]

    /// For ``MerkleHasher``, whose layer needs no proof.
    init(computedID: ContentID, length: Int, pieceLength: PieceLength, layer: [UInt8]) {
        self.contentID = computedID
        self.length = length
        self.pieceLength = pieceLength
        self.layer = layer
    }

    /// Takes a layer from somebody who is not trusted; nil unless it has the right length and its root is `contentID`.
    public init?(contentID: ContentID, length: Int, layer: [UInt8]) {
        guard length > 0 else { return nil }
        let pieceLength = PieceLength(contentLength: length)
        let pieceCount = pieceLength.count(contentLength: length)
        if pieceCount == 1 {
            guard layer.isEmpty else { return nil }
        } else {
            guard layer.count == pieceCount * SHA256.byteCount,
                Self.root(ofLayer: layer, pieceLength: pieceLength.bytes) == contentID
            else { return nil }
        }
        self.init(computedID: contentID, length: length, pieceLength: pieceLength, layer: layer)
    }

    public var pieceCount: Int { pieceLength.count(contentLength: length) }

    /// The length in bytes of the piece of this index, which is from 0 to `pieceCount` - 1.
    public func length(ofPiece index: Int) -> Int {
        precondition((0..<pieceCount).contains(index))
        return min(pieceLength.bytes, length - index * pieceLength.bytes)
    }

    /// Whether `bytes` are the piece of this index; false for an index or a length that the content does not have.
    public func isPiece(_ index: Int, _ bytes: UnsafeRawBufferPointer) -> Bool {
        guard (0..<pieceCount).contains(index), bytes.count == length(ofPiece: index) else { return false }
        let leaves = stride(from: 0, to: bytes.count, by: PieceLength.block).map { start in
            MerkleNode(block: .init(rebasing: bytes[start..<min(start + PieceLength.block, bytes.count)]))
        }
        guard !layer.isEmpty else {
            return Self.root(of: leaves, filling: .fillingLeaf).withBytes { ContentID(bytes: $0) } == contentID
        }
        let leavesOfPiece = pieceLength.bytes / PieceLength.block
        let padded = leaves + Array(repeating: .fillingLeaf, count: leavesOfPiece - leaves.count)
        let expected = layer[index * SHA256.byteCount..<(index + 1) * SHA256.byteCount]
        return Self.root(of: padded, filling: .fillingLeaf) == MerkleNode(bytes: expected)
    }

    /// See ``isPiece(_:_:)-(_,UnsafeRawBufferPointer)``.
    public func isPiece(_ index: Int, _ bytes: [UInt8]) -> Bool {
        bytes.withUnsafeBytes { isPiece(index, $0) }
    }

    /// The root above a layer of whole hashes at the height of pieces of `pieceLength` bytes, a power of two of at least 16 KiB.
    ///
    /// Nil for an empty layer or one that is not made of whole hashes.
    public static func root(ofLayer layer: [UInt8], pieceLength: Int) -> ContentID? {
        precondition(pieceLength >= PieceLength.block && pieceLength.nonzeroBitCount == 1)
        guard !layer.isEmpty, layer.count % SHA256.byteCount == 0 else { return nil }
        let nodes = stride(from: 0, to: layer.count, by: SHA256.byteCount).compactMap {
            MerkleNode(bytes: layer[$0..<$0 + SHA256.byteCount])
        }
        let height = (pieceLength / PieceLength.block).trailingZeroBitCount
        return root(of: nodes, filling: .filling(height: height)).withBytes { ContentID(bytes: $0) }
    }

    /// The root above at least one node, filled up to a power of two with `filling`, the root of an all-filling tree of their height.
    ///
    /// Filling grows with the height instead of being laid out in full, so the work is proportional to the nodes given.
    static func root(of nodes: [MerkleNode], filling: MerkleNode) -> MerkleNode {
        precondition(!nodes.isEmpty)
        var nodes = nodes
        var filling = filling
        while nodes.count > 1 {
            if nodes.count % 2 == 1 { nodes.append(filling) }
            nodes = stride(from: 0, to: nodes.count, by: 2).map { MerkleNode(left: nodes[$0], right: nodes[$0 + 1]) }
            filling = MerkleNode(left: filling, right: filling)
        }
        return nodes[0]
    }
}
