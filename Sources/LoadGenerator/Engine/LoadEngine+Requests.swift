import NIOCore
import TrackerProtocol

/// What clients ask of a tracker.
extension LoadEngine {
    private func register(_ request: LoadClient.Request, of client: LoadClient, isPaced: Bool) -> Int {
        let id = nextID
        nextID += 1
        let now = Self.now
        client.open[id] = LoadClient.OpenRequest(request: request, sentAt: now, isPaced: isPaced)
        deadlines.append(
            Deadline(
                client: client.index,
                generation: client.generation,
                id: id,
                at: now + LoadLimits.answerTimeout
            )
        )
        if isPaced { paced += 1 }
        return id
    }

    private func certificate(_ content: Int) -> String {
        do { return try mint.certificate(content) } catch {
            // OpenSSL cannot sign with a key that it has accepted: out of memory, or broken.
            preconditionFailure("a certificate cannot be signed: \(error)")
        }
    }

    // MARK: Announcing

    /// Announces all that a client has, in as few messages as the plan says.
    func announceAll(_ client: LoadClient) {
        client.backlog = client.contents.reversed()
        pump(client)
    }

    /// Sends announces of a client's backlog as far as it may.
    func pump(_ client: LoadClient) {
        guard client.peer != nil else { return }
        while !client.backlog.isEmpty, client.openAnnounces < LoadLimits.openAnnounces {
            guard client.budget.take(now: Self.now) else {
                starved.insert(client.index)
                return
            }
            let batch = min(plan.certificatesPerMessage, client.backlog.count)
            let contents = Array(client.backlog.suffix(batch))
            client.backlog.removeLast(batch)
            announce(contents, by: client, isPaced: false)
        }
    }

    func announce(_ contents: [Int], by client: LoadClient, isPaced: Bool) {
        guard let peer = client.peer else { return }
        for content in contents { ledger.announcing(content, by: peer) }
        client.openAnnounces += 1
        let id = register(.announce(contents), of: client, isPaced: isPaced)
        let certificates = contents.map { certificate($0) }
        write(to: client) { ClientMessage.announce(id: id, certificates: certificates).encode(into: &$0) }
    }

    // MARK: Leaving

    /// Leaves all that a client has, a few contents at a time: all clients at once would be more than a shard takes.
    func leaveAll(_ client: LoadClient) {
        client.toLeave = client.contents
        leaveMore(client)
    }

    /// To be called when a leave was answered.
    func leaveMore(_ client: LoadClient) {
        guard !client.toLeave.isEmpty else { return }
        let contents = Array(client.toLeave.suffix(LoadLimits.leavesPerMessage))
        client.toLeave.removeLast(contents.count)
        leave(contents, by: client, isPaced: false)
    }

    func leave(_ contents: [Int], by client: LoadClient, isPaced: Bool) {
        guard let peer = client.peer else { return }
        for content in contents { ledger.leaving(content, by: peer) }
        client.leaving.formUnion(contents)
        let id = register(.leave(contents), of: client, isPaced: isPaced)
        let named = contents.map { mint.contents[$0] }
        write(to: client) { ClientMessage.leave(id: id, contents: named).encode(into: &$0) }
    }

    // MARK: Finding

    func find(_ content: Int, by client: LoadClient, isPaced: Bool) {
        guard let peer = client.peer else { return }
        let answer = FindAnswer(
            asker: peer,
            content: content,
            wanted: plan.peersWanted,
            sentAt: Self.now,
            answeredAt: 0
        )
        let id = register(.find(answer), of: client, isPaced: isPaced)
        let find = ClientMessage.Find(urls: [], certificates: [certificate(content)], peers: plan.peersWanted)
        write(to: client) { ClientMessage.find(id: id, find).encode(into: &$0) }
    }

    // MARK: Signals

    /// The data is `[serial,"padding"]`.
    func signal(_ target: PeerID, by client: LoadClient, isPaced: Bool) {
        guard let peer = client.peer, let other = clientsByPeer[target] else { return }
        let serial = nextID
        nextID += 1
        let now = Self.now
        signals[serial] = OpenSignal(
            from: peer,
            to: target,
            sentAt: now,
            isSameTracker: other.tracker == client.tracker,
            isPaced: isPaced
        )
        signalDeadlines.append((serial, now + LoadLimits.answerTimeout))
        client.openSignals.append(serial)
        counts.signalsSent += 1
        if isPaced { paced += 1 }
        var data = ByteBuffer(string: "[\(serial),\"")
        data.writeRepeatingByte(UInt8(ascii: "x"), count: max(0, plan.signalSize - data.readableBytes - 2))
        data.writeStaticString("\"]")
        write(to: client) { ClientMessage.signal(to: target, data: data).encode(into: &$0) }
    }

    // MARK: Pings

    /// Asks a client's node for a sign of life.
    func ping(_ client: LoadClient) {
        guard client.peer != nil, client.pingsSent - client.pongsSeen < LoadLimits.openPings,
            client.budget.take(now: Self.now)
        else { return }
        client.pingsSent += 1
        client.pingsSentAt.append(Self.now)
        write(.ping, to: client) { _ in }
    }
}
