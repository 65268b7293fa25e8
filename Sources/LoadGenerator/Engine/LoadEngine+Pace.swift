import NIOCore
import TrackerProtocol

/// When operations are done: at rates, or as answers make room; and what time brings besides.
extension LoadEngine {
    /// To be called every ``LoadLimits/tick`` milliseconds.
    func tick() {
        let now = Self.now
        expire(now: now)
        retry(now: now)
        for index in starved {
            starved.remove(index)
            pump(clients[index])
        }
        heartbeat(now: now)
        if isDriving { drive(seconds: Double(now - lastTick) / 1e9) }
        lastTick = now
        flush()
        ticks += 1
        guard ticks % LoadLimits.ticksPerCondition == 0 else { return }
        let isMet = conditions.map { $0.isMet(self) }
        for (condition, isMet) in zip(conditions, isMet) where isMet { condition.promise.succeed() }
        conditions = zip(conditions, isMet).filter { !$1 }.map(\.0)
    }

    private func expire(now: Int) {
        while let deadline = deadlines.first, deadline.at <= now {
            _ = deadlines.popFirst()
            let client = clients[deadline.client]
            guard client.generation == deadline.generation else { continue }
            guard let id = deadline.id else {
                guard client.peer == nil else { continue }
                fault("no welcome came in time")
                // A channel that is still connecting has a time-out of its own.
                client.channel?.close(promise: nil)
                continue
            }
            guard let open = client.open.removeValue(forKey: id) else { continue }
            if case .announce = open.request { client.openAnnounces -= 1 }
            fault("no answer came in time: \(open.request)")
            failed(open, of: client)
        }
        while let deadline = signalDeadlines.first, deadline.at <= now {
            _ = signalDeadlines.popFirst()
            guard let signal = signals[deadline.serial] else { continue }
            let bothThere = clientsByPeer[signal.from] != nil && clientsByPeer[signal.to] != nil
            finishSignal(deadline.serial) { if bothThere { $0.signalsLost += 1 } }
        }
    }

    private func retry(now: Int) {
        while let retry = retries.first, retry.at <= now {
            _ = retries.popFirst()
            let client = clients[retry.client]
            // On another connection, everything is announced anyway.
            guard client.generation == retry.generation, client.failedOnce.contains(retry.content),
                client.contents.contains(retry.content)
            else { continue }
            client.backlog.append(retry.content)
            pump(client)
        }
    }

    private func heartbeat(now: Int) {
        guard let interval = plan.heartbeat, now - lastHeartbeat >= Int(interval.nanoseconds) else { return }
        lastHeartbeat = now
        for client in openClients { ping(client) }
    }

    // MARK: Operations

    private enum Operation {
        case announce, leave, find, signal, disconnect
    }

    private func drive(seconds: Double) {
        let rates = plan.rates
        switch plan.pace {
        case .rates:
            // What could not be done for a second is not made up for: a burst would follow every stall.
            func add(_ due: inout Double, _ rate: Double) { due = min(due + rate * seconds, max(1, rate)) }
            add(&due.announces, rates.announces)
            add(&due.leaves, rates.leaves)
            add(&due.finds, rates.finds)
            add(&due.signals, rates.signals)
            add(&due.disconnects, rates.disconnects)
            spend(&due.announces, .announce)
            spend(&due.leaves, .leave)
            spend(&due.finds, .find)
            spend(&due.signals, .signal)
            spend(&due.disconnects, .disconnect)
        case .outstanding(let limit):
            due.disconnects += rates.disconnects * seconds
            spend(&due.disconnects, .disconnect)
            while paced < limit { guard doNext() else { return } }
        }
    }

    private func spend(_ due: inout Double, _ operation: Operation) {
        while due >= 1 {
            due -= 1
            if !perform(operation, isPaced: false) { counts.skipped += 1 }
        }
    }

    /// An operation of a closed loop is over.
    func makeRoom() {
        paced -= 1
        guard isDriving, case .outstanding(let limit) = plan.pace, paced < limit else { return }
        // What cannot be done now is done by a tick.
        _ = doNext()
    }

    /// Does one operation of a closed loop, drawn in proportion to the rates.
    private func doNext() -> Bool {
        let rates = plan.rates
        let sum = rates.announces + rates.leaves + rates.finds + rates.signals
        guard sum > 0 else { return false }
        var drawn = Double.random(in: 0..<sum, using: &random)
        for (operation, rate) in [
            (Operation.find, rates.finds), (.announce, rates.announces), (.leave, rates.leaves),
        ] {
            if drawn < rate { return perform(operation, isPaced: true) }
            drawn -= rate
        }
        return perform(.signal, isPaced: true)
    }

    /// Lets a random client do something; false when none of those drawn can.
    private func perform(_ operation: Operation, isPaced: Bool) -> Bool {
        guard !openClients.isEmpty else { return false }
        for _ in 0..<LoadLimits.draws {
            let client = openClients[Int.random(in: openClients.indices, using: &random)]
            if perform(operation, by: client, isPaced: isPaced) { return true }
        }
        return false
    }

    private func perform(_ operation: Operation, by client: LoadClient, isPaced: Bool) -> Bool {
        let now = Self.now
        switch operation {
        case .announce:
            let content = sampler.draw(using: &random)
            guard client.extras.count < LoadLimits.extraContents, !client.contents.contains(content),
                !client.leaving.contains(content), client.budget.take(now: now)
            else { return false }
            client.extras.append(content)
            announce([content], by: client, isPaced: isPaced)
        case .leave:
            guard !client.extras.isEmpty, client.budget.take(now: now) else { return false }
            let content = client.extras.remove(at: Int.random(in: client.extras.indices, using: &random))
            client.failedOnce.remove(content)
            leave([content], by: client, isPaced: isPaced)
        case .find:
            let content = sampler.draw(using: &random)
            guard client.notBefore[content].map({ $0 <= now }) ?? true, client.budget.take(now: now) else {
                return false
            }
            find(content, by: client, isPaced: isPaced)
        case .signal:
            guard let target = client.introduced.randomElement(using: &random),
                now - target.at < LoadLimits.introductionLifetime, clientsByPeer[target.peer] != nil,
                client.budget.take(now: now)
            else { return false }
            signal(target.peer, by: client, isPaced: isPaced)
        case .disconnect:
            disconnect(client)
        }
        return true
    }
}
