import ContentTrust
import Presence
import TestSupport
import Testing

/// Who has what, kept in the plainest way, and what a store may answer by it.
struct PresenceModel {
    private(set) var peers: [ContentID: Set<PeerAddress>] = [:]

    /// Carries out a command and checks a store's reply to it.
    mutating func check(
        _ command: PresenceCommand,
        _ reply: PresenceReply,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        switch command {
        case .add(let content, let peer):
            peers[content, default: []].insert(peer)
            #expect(reply == .done, sourceLocation: sourceLocation)
        case .remove(let content, let peer):
            peers[content]?.remove(peer)
            #expect(reply == .done, sourceLocation: sourceLocation)
        case .find(let content, let limit, let excluded):
            guard case .peers(let found) = reply else {
                Issue.record("\(reply) to a find", sourceLocation: sourceLocation)
                return
            }
            let candidates = peers[content, default: []].subtracting([excluded])
            #expect(found.count == min(limit, candidates.count), sourceLocation: sourceLocation)
            #expect(Set(found).count == found.count, sourceLocation: sourceLocation)
            #expect(candidates.isSuperset(of: found), sourceLocation: sourceLocation)
        }
    }

    /// Contents that somebody has.
    var contentCount: Int { peers.values.count { !$0.isEmpty } }

    /// A batch about few contents and peers, so that commands meet.
    static func randomBatch(using random: inout SplitMix64) -> [PresenceCommand] {
        (0..<Int.random(in: 0...12, using: &random)).map { _ in
            let content = content(Int.random(in: 0..<6, using: &random))
            let peer = peer(Int.random(in: 0..<24, using: &random))
            return switch Int.random(in: 0..<5, using: &random) {
            case 0, 1: .add(content, peer)
            case 2: .remove(content, peer)
            default: .find(content, limit: .random(in: 0...26, using: &random), excluded: peer)
            }
        }
    }

    static func content(_ number: Int) -> ContentID {
        let bytes = SHA256.hash(withUnsafeBytes(of: number) { Array($0) })
        guard let content = ContentID(bytes: bytes) else { preconditionFailure("SHA-256 gives 32 bytes") }
        return content
    }

    /// The node that the stores under test belong to.
    static let node: UInt64 = 7

    /// Peers of that node's first event loop.
    static func peer(_ number: Int) -> PeerAddress { PeerAddress(node: node, peer: UInt64(number)) }
}

extension PresenceStore {
    func perform(_ batch: [PresenceCommand]) async -> [PresenceReply] {
        await withCheckedContinuation { continuation in perform(batch) { continuation.resume(returning: $0) } }
    }

    /// The peers that a find gives.
    func find(_ content: ContentID, limit: Int, excluded: PeerAddress) async throws -> [PeerAddress] {
        let replies = await perform([.find(content, limit: limit, excluded: excluded)])
        guard case .peers(let peers)? = replies.first else { throw UnexpectedReplies(replies: replies) }
        return peers
    }
}

struct UnexpectedReplies: Error {
    var replies: [PresenceReply]
}
