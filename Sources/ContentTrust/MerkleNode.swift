/// One hash of a Merkle tree: 32 bytes held in place, so that a tree of them lies in one allocation.
struct MerkleNode: Hashable, Sendable {
    private var words: SIMD4<UInt64> = .zero

    /// What fills the leaves up to a power of two: 32 zero bytes (Docs/Certificates.md §1.1).
    static let fillingLeaf = MerkleNode()

    private init() {}

    /// The leaf of one block of content.
    init(block: UnsafeRawBufferPointer) {
        withUnsafeMutableBytes(of: &words) { SHA256.hash(block, into: $0) }
    }

    /// The parent of two nodes.
    init(left: MerkleNode, right: MerkleNode) {
        withUnsafeBytes(of: (left.words, right.words)) { children in
            withUnsafeMutableBytes(of: &words) { SHA256.hash(children, into: $0) }
        }
    }

    /// Takes exactly 32 bytes; nil for any other number.
    init?(bytes: some Collection<UInt8>) {
        guard bytes.count == SHA256.byteCount else { return nil }
        withUnsafeMutableBytes(of: &words) { $0.copyBytes(from: bytes) }
    }

    /// The root of a tree of this height whose leaves are all filling.
    static func filling(height: Int) -> MerkleNode {
        (0..<height).reduce(fillingLeaf) { node, _ in MerkleNode(left: node, right: node) }
    }

    /// Calls `body` with the 32 bytes in order.
    func withBytes<R>(_ body: (UnsafeRawBufferPointer) -> R) -> R {
        withUnsafeBytes(of: words) { body($0) }
    }
}
