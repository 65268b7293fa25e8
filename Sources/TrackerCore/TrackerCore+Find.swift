import ContentTrust
import Presence
import TrackerProtocol

/// Finding (Docs/Protocol.md §3.2): first what a URL's content is, from the directory, then who has it, from the store.
extension TrackerCore {
    mutating func find(
        _ find: ClientMessage.Find,
        id: Int,
        _ peer: PeerID,
        now: Moment,
        actions: inout [TrackerAction]
    ) {
        tally.finds += 1
        guard let place = connections.index(forKey: peer) else { return }
        let site = connections.values[place].site
        guard connections.values[place].finds.count < ProtocolLimits.openFinds else {
            let error = ProtocolError(
                .tooFast,
                "At most \(ProtocolLimits.openFinds) finds wait for an answer at the same time.",
                limit: ProtocolLimits.openFinds
            )
            return reject(RejectedMessage(error: error, id: id), peer, &actions)
        }
        var entries: [PendingFind.Entry] = []
        var urls: [String] = []
        for (index, url) in find.urls.enumerated() {
            do throws(WebAddressError) {
                urls.append(try ContentURL(url).text)
                entries.append(.unknown)
            } catch {
                let refusal = ProtocolError(
                    .badValue,
                    "A URL is absolute, without fragment, as a browser writes it: \(error).",
                    field: "urls[\(index)]",
                    got: .text(url)
                )
                entries.append(.refused(refusal))
            }
        }
        for (index, certificate) in find.certificates.enumerated() {
            do throws(ProtocolError) {
                let verdict = try judge(certificate, "certificates[\(index)]", site: site, now: now)
                entries.append(.certified(verdict.content, nil))
            } catch {
                entries.append(.refused(error))
            }
        }
        let token = FindToken(peer: peer, serial: connections.values[place].nextFind)
        connections.values[place].nextFind += 1
        connections.values[place].finds[token.serial] = PendingFind(id: id, peers: find.peers, entries: entries)
        if urls.isEmpty {
            findPeers(token, actions: &actions)
        } else {
            actions.append(.lookUp(token, site: site, urls: urls))
        }
    }

    /// The directory has answered a `lookUp`, one result for each URL. Of a connection that has ended: nothing.
    public mutating func lookedUp(_ token: FindToken, _ results: [CertificateLookUp], actions: inout [TrackerAction]) {
        guard var find = connections[token.peer]?.finds[token.serial] else { return }
        var results = results.makeIterator()
        for (index, entry) in find.entries.enumerated() {
            guard case .unknown = entry, let result = results.next() else { continue }
            find.entries[index] =
                switch result {
                case .certified(let verdict, let certificate): .certified(verdict.content, certificate)
                case .pending(let retry): .pending(retry: retry)
                case .refused(let error): .refused(error)
                }
        }
        connections[token.peer]?.finds[token.serial] = find
        findPeers(token, actions: &actions)
    }

    private mutating func findPeers(_ token: FindToken, actions: inout [TrackerAction]) {
        guard let find = connections[token.peer]?.finds[token.serial] else { return }
        let contents = find.peers > 0 ? find.contents : []
        guard !contents.isEmpty else { return answer(token, [], actions: &actions) }
        let asker = address(of: token.peer)
        actions.append(.presence(contents.map { .find($0, limit: find.peers, excluded: asker) }, token))
    }

    /// The store has answered, one reply for each content. Of a connection that has ended: nothing.
    public mutating func foundPeers(
        _ token: FindToken,
        _ replies: [PresenceReply],
        now: Moment,
        actions: inout [TrackerAction]
    ) {
        // By its index: `connections[peer]?` takes the connection out of the table and puts it back at each use.
        guard let index = connections.index(forKey: token.peer),
            connections.values[index].finds[token.serial] != nil
        else { return }
        for case .peers(let peers) in replies {
            tally.introductions += peers.count
            connections.values[index].introductions.introduce(peers, now: now, capacity: limits.introductionMemory)
        }
        answer(token, replies, actions: &actions)
    }

    private mutating func answer(_ token: FindToken, _ replies: [PresenceReply], actions: inout [TrackerAction]) {
        guard let find = connections[token.peer]?.finds.removeValue(forKey: token.serial) else { return }
        var replies = replies.makeIterator()
        let results = find.entries.map { entry -> TrackerMessage.FindResult in
            switch entry {
            case .unknown:
                .refused(ProtocolError(.unavailable, "The certificate directory gave no answer; try again."))
            case .pending(let retry): .pending(retry: retry)
            case .refused(let error): .refused(error)
            case .certified(let content, let certificate):
                switch replies.next() {
                case .peers(let peers):
                    .certified(
                        content: content,
                        certificate: certificate,
                        peers: peers.map { PeerID(rawValue: $0.peer) }
                    )
                case .unavailable(let retry): .degraded(content: content, certificate: certificate, retry: retry)
                case .done, nil: .certified(content: content, certificate: certificate, peers: [])
                }
            }
        }
        actions.append(.send(.found(id: find.id, results: results), to: token.peer))
    }
}
