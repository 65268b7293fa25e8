import ContentTrust
import NIOCore
import TrackerProtocol

/// What a tracker sends, and what it means for the counts and the ledger.
extension LoadEngine {
    func received(_ event: WebSocketDecoder.Event, by client: LoadClient, _ generation: Int) {
        guard client.generation == generation else { return }
        switch event {
        case .message(let message):
            do throws(TrackerMessage.Malformed) {
                guard let message = try TrackerMessage.decode(message.payload) else { return }
                received(message, by: client)
            } catch {
                fault("a tracker's message cannot be read: \(error)")
                counts.errors["malformed", default: 0] += 1
            }
        case .ping(let payload):
            write(.pong, to: client) { $0.writeImmutableBuffer(payload) }
        case .pong:
            receivedPong(by: client)
        case .close:
            client.channel?.close(promise: nil)
        case .oversize(let got):
            fault("a tracker's message has \(got) bytes")
            client.channel?.close(promise: nil)
        }
    }

    private func received(_ message: TrackerMessage, by client: LoadClient) {
        switch message {
        case .welcome(let peer, let limits, _):
            welcomed(client, as: peer, limits: limits)
        case .announced(let id, let results):
            guard let open = take(id, of: client), case .announce(let contents) = open.request else { return }
            announced(contents, results, open, by: client)
        case .left(let id, _):
            guard let open = take(id, of: client), case .leave(let contents) = open.request else { return }
            left(contents, by: client)
            completed(open)
            leaveMore(client)
        case .found(let id, let results):
            guard let open = take(id, of: client), case .find(let answer) = open.request else { return }
            found(answer, results, open, by: client)
        case .signal(let sender, let data):
            received(data, from: sender)
        case .gone(let peer):
            for serial in client.openSignals where signals[serial]?.to == peer {
                finishSignal(serial) { $0.signalsGone += 1 }
            }
            client.introduced.removeAll { $0.peer == peer }
        case .move(let delay):
            move(client, after: delay)
        case .error(let rejected):
            counts.errors[rejected.error.code.rawValue, default: 0] += 1
            fault("\(rejected.error.code.rawValue): \(rejected.error.message)")
            if let id = rejected.id, let open = take(id, of: client) { failed(open, of: client) }
        }
    }

    /// The request that a message answers.
    private func take(_ id: Int, of client: LoadClient) -> LoadClient.OpenRequest? {
        guard let open = client.open.removeValue(forKey: id) else { return nil }
        if case .announce = open.request { client.openAnnounces -= 1 }
        return open
    }

    /// Follows a `move` (Docs/Protocol.md §4.8): ends this connection after the delay, or soon after it when an answer is awaited.
    private func move(_ client: LoadClient, after milliseconds: Int) {
        let generation = client.generation
        eventLoop.assumeIsolated().scheduleTask(in: .milliseconds(Int64(min(milliseconds, LoadLimits.moveDelay)))) {
            [self] in
            guard client.generation == generation else { return }
            guard client.open.isEmpty else { return move(client, after: LoadLimits.moveRetry) }
            counts.moves += 1
            disconnect(client)
        }
    }

    // MARK: Announces and leaves

    private func announced(
        _ contents: [Int],
        _ results: [Result<ContentID, ProtocolError>],
        _ open: LoadClient.OpenRequest,
        by client: LoadClient
    ) {
        guard let peer = client.peer else { return }
        let now = Self.now
        guard results.count == contents.count else {
            fault("\(results.count) results came for \(contents.count) certificates")
            return failed(open, of: client)
        }
        latencies.announce.record(now - open.sentAt)
        for (content, result) in zip(contents, results) {
            switch result {
            case .success(let id) where id == mint.contents[content]:
                counts.announces += 1
                client.failedOnce.remove(content)
                ledger.announced(content, by: peer, now: now)
            case .success:
                fault("an announce was acknowledged for another content")
                announceFailed(content, of: client)
            case .failure(let error):
                counts.errors[error.code.rawValue, default: 0] += 1
                fault("announce: \(error.code.rawValue): \(error.message)")
                ledger.left(content, by: peer, now: now)
                announceFailed(content, of: client)
            }
        }
        completed(open)
        pump(client)
    }

    /// An announce that failed is made once more: on the same connection after a second, or on the next one with all the others.
    private func announceFailed(_ content: Int, of client: LoadClient) {
        counts.announcesFailed += 1
        // What was left meanwhile is owed no retry.
        guard client.contents.contains(content) else { return }
        guard client.failedOnce.insert(content).inserted else {
            counts.announcesUncovered += 1
            client.failedOnce.remove(content)
            return
        }
        retries.append(
            Retry(
                client: client.index,
                generation: client.generation,
                content: content,
                at: Self.now + LoadLimits.retryDelay
            )
        )
    }

    private func left(_ contents: [Int], by client: LoadClient) {
        guard let peer = client.peer else { return }
        counts.leaves += 1
        let now = Self.now
        for content in contents {
            ledger.left(content, by: peer, now: now)
            client.leaving.remove(content)
        }
    }

    // MARK: Finds

    private func found(
        _ question: FindAnswer,
        _ results: [TrackerMessage.FindResult],
        _ open: LoadClient.OpenRequest,
        by client: LoadClient
    ) {
        let now = Self.now
        var answer = question
        answer.answeredAt = now
        guard results.count == 1 else {
            fault("\(results.count) results came for one certificate")
            return failed(open, of: client)
        }
        switch results[0] {
        case .certified(_, _, let shown):
            counts.finds += 1
            counts.introductions += shown.count
            latencies.find.record(now - open.sentAt)
            judge(answer, shown)
            remember(shown, by: client, now: now)
        case .degraded(_, _, let retry):
            counts.degraded += 1
            latencies.degradedFind.record(now - open.sentAt)
            client.notBefore[answer.content] = now + retry * 1_000_000_000
        case .pending(let retry):
            counts.pending += 1
            client.notBefore[answer.content] = now + retry * 1_000_000_000
        case .refused(let error):
            counts.errors[error.code.rawValue, default: 0] += 1
            fault("find: \(error.code.rawValue): \(error.message)")
            return failed(open, of: client)
        }
        completed(open)
    }

    private func judge(_ answer: FindAnswer, _ shown: [PeerID]) {
        let verdict = ledger.judge(answer, shown: shown)
        counts.foreign += verdict.foreign
        for violation in verdict.violations {
            switch violation {
            case .selfIntroduction: counts.selfIntroductions += 1
            case .duplicate: counts.duplicates += 1
            case .stale, .neverAnnounced: counts.staleIntroductions += 1
            }
            fault("content \(answer.content): \(violation)")
        }
        for suspect in verdict.suspects {
            guard let client = clientsByPeer[suspect] else { continue }
            // The pong says that the missed peer's node was alive after the answer.
            ping(client)
            client.probes.append(LoadClient.Probe(ping: client.pingsSent, answer: answer))
        }
    }

    private func receivedPong(by client: LoadClient) {
        guard let peer = client.peer, let sentAt = client.pingsSentAt.popFirst() else { return }
        client.pongsSeen += 1
        let now = Self.now
        if now - sentAt > LoadLimits.pongTimeout { ledger.interrupted(peer, now: now) }
        let decided = client.probes.filter { $0.ping <= client.pongsSeen }
        guard !decided.isEmpty else { return }
        client.probes.removeAll { $0.ping <= client.pongsSeen }
        for probe in decided {
            guard ledger.isMissed(peer, probe.answer) else {
                counts.missesExcused += 1
                continue
            }
            counts.misses += 1
            fault("content \(probe.answer.content): \(peer) was not shown")
        }
    }

    private func remember(_ shown: [PeerID], by client: LoadClient, now: Int) {
        guard plan.rates.signals > 0 else { return }
        for peer in shown where clientsByPeer[peer] != nil {
            client.introduced.removeAll { $0.peer == peer }
            if client.introduced.count >= LoadLimits.introductions { client.introduced.removeFirst() }
            client.introduced.append((peer, now))
        }
    }

    // MARK: Signals

    private func received(_ data: ByteBuffer, from sender: PeerID) {
        let digits = data.readableBytesView.dropFirst().prefix { $0 != UInt8(ascii: ",") }
        guard let serial = Int(String(decoding: digits, as: UTF8.self)), let signal = signals[serial],
            signal.from == sender
        else { return }
        let latency = Self.now - signal.sentAt
        if signal.isSameTracker {
            latencies.signalSameTracker.record(latency)
        } else {
            latencies.signalOtherTracker.record(latency)
        }
        finishSignal(serial) { $0.signalsArrived += 1 }
    }

    func finishSignal(_ serial: Int, _ count: (inout LoadCounts) -> Void) {
        guard let signal = signals.removeValue(forKey: serial) else { return }
        count(&counts)
        clientsByPeer[signal.from]?.openSignals.removeAll { $0 == serial }
        if signal.isPaced { makeRoom() }
    }

    // MARK: Ends of requests

    func completed(_ open: LoadClient.OpenRequest) {
        if open.isPaced { makeRoom() }
    }

    /// A request was refused, not answered in time, or its connection has ended.
    func failed(_ open: LoadClient.OpenRequest, of client: LoadClient) {
        switch open.request {
        case .announce(let contents): for content in contents { announceFailed(content, of: client) }
        case .leave(let contents):
            counts.leavesFailed += 1
            client.leaving.subtract(contents)
        case .find: counts.findsFailed += 1
        }
        completed(open)
    }
}
