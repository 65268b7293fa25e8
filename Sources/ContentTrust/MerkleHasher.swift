/// Hashes content as it streams by, in any chunks, into its ``MerkleTree`` (Docs/Certificates.md §1).
///
/// The length need not be known before the end: the layer starts at the shortest piece length, and whenever it is full and more
/// bytes come, it is folded in two, which is the layer at twice the piece length. So at most 1,024 hashes, one path and one block
/// are held, however long the content is.
public struct MerkleHasher: Sendable {
    /// The number of bytes taken so far.
    public private(set) var length = 0

    /// The beginning of a block whose end has not come yet; always shorter than a block.
    private var block: [UInt8] = []
    /// Finished subtrees of the unfinished piece, highest first: the binary digits of its number of leaves.
    private var path: [(node: MerkleNode, height: Int)] = []
    private var pieces: [MerkleNode] = []
    private var pieceHeight = PieceLength(contentLength: 0).height

    public init() {}

    /// Takes the next bytes of the content, any number of them.
    public mutating func update(_ bytes: UnsafeRawBufferPointer) {
        length += bytes.count
        var rest = bytes[...]
        if !block.isEmpty {
            let missing = rest.prefix(PieceLength.block - block.count)
            block.append(contentsOf: missing)
            rest = rest.dropFirst(missing.count)
            guard block.count == PieceLength.block else { return }
            append(leaf: block.withUnsafeBytes { MerkleNode(block: $0) })
            block.removeAll(keepingCapacity: true)
        }
        while rest.count >= PieceLength.block {
            append(leaf: MerkleNode(block: UnsafeRawBufferPointer(rebasing: rest.prefix(PieceLength.block))))
            rest = rest.dropFirst(PieceLength.block)
        }
        block.append(contentsOf: rest)
    }

    /// See ``update(_:)-(UnsafeRawBufferPointer)``.
    public mutating func update(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { update($0) }
    }

    /// The tree of all bytes taken; nil when there were none, since empty content has no content ID (§1.4).
    public consuming func finish() -> MerkleTree? {
        guard length > 0 else { return nil }
        if !block.isEmpty { append(leaf: block.withUnsafeBytes { MerkleNode(block: $0) }) }

        let isOnePiece = pieces.isEmpty || (pieces.count == 1 && path.isEmpty)
        if !path.isEmpty { pieces.append(lastPiece(isOnlyPiece: isOnePiece)) }
        let root = MerkleTree.root(of: pieces, filling: .filling(height: pieceHeight))
        var layer: [UInt8] = []
        if !isOnePiece {
            layer.reserveCapacity(pieces.count * SHA256.byteCount)
            for piece in pieces { piece.withBytes { layer.append(contentsOf: $0) } }
        }
        return root.withBytes { ContentID(bytes: $0) }.map {
            MerkleTree(
                computedID: $0,
                length: length,
                pieceLength: PieceLength(contentLength: length),
                layer: layer
            )
        }
    }

    private mutating func append(leaf: MerkleNode) {
        if pieces.count == PieceLength.pieceCountLimit { fold() }
        var node = leaf
        var height = 0
        while let last = path.last, last.height == height {
            path.removeLast()
            node = MerkleNode(left: last.node, right: node)
            height += 1
        }
        if height == pieceHeight {
            pieces.append(node)
        } else {
            path.append((node, height))
        }
    }

    /// Doubles the piece length. The path is empty here: a layer that is full ends with a whole piece.
    private mutating func fold() {
        pieces = stride(from: 0, to: pieces.count, by: 2).map { MerkleNode(left: pieces[$0], right: pieces[$0 + 1]) }
        pieceHeight += 1
    }

    /// The root of the unfinished piece, filled up: to a whole piece, or, when it is the only one, to the next power of two.
    private func lastPiece(isOnlyPiece: Bool) -> MerkleNode {
        var upwards = path.reversed().makeIterator()
        guard var (node, height) = upwards.next() else { return .filling(height: pieceHeight) }
        func raise(to target: Int) {
            while height < target {
                node = MerkleNode(left: node, right: .filling(height: height))
                height += 1
            }
        }
        while let next = upwards.next() {
            raise(to: next.height)
            node = MerkleNode(left: next.node, right: node)
            height += 1
        }
        if !isOnlyPiece { raise(to: pieceHeight) }
        return node
    }
}
