import ContentTrust
import Presence
import Testing
import TestSupport

struct LibtorrentVectors: Decodable {
    struct Case: Decodable {
        let length: Int
        let piecesRootHex: String
        let piecesRootBase64url: String
        let sha256Hex: String
        let pieceLength: Int
        let pieceLayerCount: Int?
        let pieceLayerHex: String?
        let pieceLayerSha256Hex: String?
    }

    let cases: [Case]

    /// The content of the vectors: SHA-256("shoal-<length>" ‖ counter as 8 bytes), concatenated and cut.
    static func content(length: Int) -> [UInt8] {
        var content: [UInt8] = []
        content.reserveCapacity(length + 32)
        let prefix = Array("shoal-\(length)".utf8)
        var block = prefix + [UInt8](repeating: 0, count: 8)
        var counter: UInt64 = 0
        while content.count < length {
            withUnsafeBytes(of: counter.bigEndian) { block.replaceSubrange(prefix.count..., with: $0) }
            content += SHA256.hash(block)
            counter += 1
        }
        content.removeLast(content.count - length)
        return content
    }
}

@Suite struct MerkleTests {
    /// Hashes in chunks whose sizes come from `generator`, or in one chunk without it.
    private func tree(of content: [UInt8], chunkLimit: Int? = nil, seed: UInt64 = 0) throws -> MerkleTree {
        var hasher = MerkleHasher()
        if let chunkLimit {
            var generator = SplitMix64(seed: seed)
            var start = 0
            while start < content.count {
                let end = min(content.count, start + Int.random(in: 0...chunkLimit, using: &generator))
                hasher.update(Array(content[start..<end]))
                start = end
            }
        } else {
            hasher.update(content)
        }
        return try #require(hasher.finish())
    }

    @Test func agreesWithLibtorrent() throws {
        let vectors: LibtorrentVectors = try Fixtures.load("bep52-pieces-root.json")
        #expect(vectors.cases.count > 20)
        for vector in vectors.cases {
            let content = LibtorrentVectors.content(length: vector.length)
            let tree = try tree(of: content, chunkLimit: 70_000, seed: UInt64(vector.length))
            #expect(tree.contentID.text == vector.piecesRootBase64url, "\(vector.length)")
            #expect(tree.contentID.bytes == Fixtures.hex(vector.piecesRootHex))
            #expect(tree.length == vector.length)

            if let layer = vector.pieceLayerHex.map(Fixtures.hex) {
                // Also where libtorrent was told to use shorter pieces than ours.
                #expect(MerkleTree.root(ofLayer: layer, pieceLength: vector.pieceLength) == tree.contentID)
            }
            if vector.pieceLength == tree.pieceLength.bytes, let count = vector.pieceLayerCount {
                #expect(tree.layer.count == count * 32)
                if let hex = vector.pieceLayerHex { #expect(tree.layer == Fixtures.hex(hex)) }
                #expect(MerkleTree.root(ofLayer: tree.layer, pieceLength: tree.pieceLength.bytes) == tree.contentID)
            }
            #expect(MerkleTree(contentID: tree.contentID, length: tree.length, layer: tree.layer) == tree)
        }
    }

    @Test func anyChunkingGivesTheSameTree() throws {
        for length in [1, 16_383, 16_384, 16_385, 65_536, 65_537, 200_000, 1_048_577] {
            let content = LibtorrentVectors.content(length: length)
            let whole = try tree(of: content)
            for (seed, limit) in [1, 100, 16_384, 16_385, 65_536, 300_000].enumerated() where length / limit < 20_000 {
                #expect(try tree(of: content, chunkLimit: limit, seed: UInt64(seed)) == whole, "\(length) in \(limit)")
            }
        }
    }

    /// 1,024 pieces of 64 KiB, and one byte more: the layer folds, and the root is still the root of the longer layer.
    @Test func foldsTheLayerWhenItIsFull() throws {
        var generator = SplitMix64(seed: 7)
        let megabyte = generator.bytes(1 << 20)
        var hasher = MerkleHasher()
        for _ in 0..<64 { hasher.update(megabyte) }
        let full = try #require(hasher.finish())
        #expect(full.pieceLength.bytes == 65_536)
        #expect(full.pieceCount == 1_024)

        hasher.update([42])
        let folded = try #require(hasher.finish())
        #expect(folded.pieceLength.bytes == 131_072)
        #expect(folded.pieceCount == 513)
        #expect(folded.layer.count == 513 * 32)
        #expect(MerkleTree.root(ofLayer: folded.layer, pieceLength: 131_072) == folded.contentID)
        // The 64 KiB layer of the same content: the full one, and the padded piece of the last byte.
        let zero = [UInt8](repeating: 0, count: 32)
        let pair = SHA256.hash(zero + zero)
        let lastPiece = SHA256.hash(SHA256.hash(SHA256.hash([42]) + zero) + pair)
        #expect(MerkleTree.root(ofLayer: full.layer + lastPiece, pieceLength: 65_536) == folded.contentID)
        #expect(folded.isPiece(512, [42]))
        #expect(folded.isPiece(0, Array(megabyte[..<131_072])))
    }

    @Test func emptyContentHasNoTree() {
        var hasher = MerkleHasher()
        hasher.update([])
        #expect(hasher.finish() == nil)
    }

    @Test(arguments: [
        (1, 65_536, 1), (65_536, 65_536, 1), (65_537, 65_536, 2), (67_108_864, 65_536, 1_024),
        (67_108_865, 131_072, 513), (1 << 30, 1 << 20, 1_024), ((1 << 30) + 1, 1 << 21, 513),
    ])
    func pieceLength(length: Int, bytes: Int, count: Int) {
        let pieceLength = PieceLength(contentLength: length)
        #expect(pieceLength.bytes == bytes)
        #expect(pieceLength.count(contentLength: length) == count)
    }

    @Test func pieceLengthOfTheLongestLengthThereIs() {
        #expect(PieceLength(contentLength: JSONValue.largestInteger).bytes == 1 << 43)
    }

    @Test(arguments: [1, 20_000, 65_536, 65_537, 300_000])
    func piecesAreToldFromOtherBytes(length: Int) throws {
        let content = LibtorrentVectors.content(length: length)
        let tree = try tree(of: content)
        var generator = SplitMix64(seed: 3)
        for index in 0..<tree.pieceCount {
            let start = index * tree.pieceLength.bytes
            let piece = Array(content[start..<start + tree.length(ofPiece: index)])
            #expect(tree.isPiece(index, piece))
            #expect(!tree.isPiece(index + 1, piece))
            #expect(!tree.isPiece(-1, piece))
            #expect(!tree.isPiece(index, Array(piece.dropLast())))
            #expect(!tree.isPiece(index, piece + [0]))
            for _ in 0..<8 {
                var flipped = piece
                flipped[Int.random(in: 0..<piece.count, using: &generator)] ^=
                    1 << UInt8.random(in: 0..<8, using: &generator)
                #expect(!tree.isPiece(index, flipped))
            }
        }
    }

    @Test func aLayerThatIsNotTheContentsIsRefused() throws {
        let tree = try tree(of: LibtorrentVectors.content(length: 300_000))
        var flipped = tree.layer
        flipped[100] ^= 1
        #expect(MerkleTree(contentID: tree.contentID, length: tree.length, layer: flipped) == nil)
        #expect(MerkleTree(contentID: tree.contentID, length: tree.length, layer: []) == nil)
        #expect(MerkleTree(contentID: tree.contentID, length: tree.length, layer: tree.layer + [0]) == nil)
        #expect(MerkleTree(contentID: tree.contentID, length: 400_000, layer: tree.layer) == nil)
        #expect(MerkleTree(contentID: tree.contentID, length: 0, layer: tree.layer) == nil)
        #expect(MerkleTree(contentID: tree.contentID, length: 1, layer: tree.layer) == nil)
        #expect(MerkleTree.root(ofLayer: [], pieceLength: 65_536) == nil)
        #expect(MerkleTree.root(ofLayer: [1, 2, 3], pieceLength: 65_536) == nil)
    }
}
