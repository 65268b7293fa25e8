import ContentTrust
import Presence
import TrackerProtocol

/// Announcing and leaving (Docs/Protocol.md §3.1, §3.3).
extension TrackerCore {
    mutating func announce(
        _ certificates: [String],
        id: Int,
        _ peer: PeerID,
        now: Moment,
        actions: inout [TrackerAction]
    ) {
        guard let site = connections[peer]?.site else { return }
        tally.announces += 1
        var commands: [PresenceCommand] = []
        var results: [Result<ContentID, ProtocolError>] = []
        for (index, certificate) in certificates.enumerated() {
            do throws(ProtocolError) {
                let content = try judge(certificate, "certificates[\(index)]", site: site, now: now).content
                if try hold(content, peer, field: "certificates[\(index)]") {
                    commands.append(.add(content, address(of: peer)))
                }
                results.append(.success(content))
            } catch {
                results.append(.failure(error))
            }
        }
        if !commands.isEmpty { actions.append(.presence(commands, nil)) }
        actions.append(.send(.announced(id: id, results: results), to: peer))
    }

    /// Notes that a connection has a content; false when that was known.
    private mutating func hold(_ content: ContentID, _ peer: PeerID, field: String) throws(ProtocolError) -> Bool {
        // In place: a set that is held twice would be copied by the insertion.
        guard let index = connections.index(forKey: peer) else { return false }
        let count = connections.values[index].announced.count
        guard !connections.values[index].announced.contains(content) else { return false }
        guard count < limits.announcedContents else {
            throw ProtocolError(
                .tooMuchAnnounced,
                "One connection announces at most \(limits.announcedContents) contents.",
                field: field,
                limit: limits.announcedContents,
                got: .integer(count + 1)
            )
        }
        connections.values[index].announced.insert(content)
        return true
    }

    mutating func leave(
        _ contents: [ContentID]?,
        id: Int,
        _ peer: PeerID,
        actions: inout [TrackerAction]
    ) {
        tally.leaves += 1
        var commands: [PresenceCommand] = []
        for content in contents ?? Array(connections[peer]?.announced ?? []) {
            guard connections[peer]?.announced.remove(content) != nil else { continue }
            commands.append(.remove(content, address(of: peer)))
        }
        if !commands.isEmpty { actions.append(.presence(commands, nil)) }
        actions.append(.send(.left(id: id, count: commands.count), to: peer))
    }

    /// Judges a certificate for a connection's site; `field` is where it stood.
    mutating func judge(
        _ certificate: String,
        _ field: String,
        site: WebOrigin,
        now: Moment
    ) throws(ProtocolError) -> JudgedCertificate {
        do throws(ProtocolError) {
            return try verdicts.judge(certificate, site: site, now: now.unixSeconds)
        } catch {
            var error = error
            error.field = field
            throw error
        }
    }
}
