import Logging
import CoreMetrics
import NIOCore
import Presence
import RedisClient
import Synchronization
import TrackerCore

/// What all event loops of a node share of its membership: the leases, everybody else's leases, the topology and the inbox.
///
/// Confined to one event loop, the node's first. It has a link of its own to each shard, so that a lease is never renewed late
/// because a long pipeline of finds is before it.
final class LeaseKeeper {
    /// How often in a row a node must be without a lease before its number is struck off the list of nodes.
    static let absencesBeforeRemoval = 4

    let eventLoop: any EventLoop
    let node: UInt64
    let configuration: RedisPresenceConfiguration
    let counters: ClusterCounters
    let logger: Logger
    let shared: SharedLease
    let handlers: ClusterHandlers
    private(set) var loops: [LoopReference] = []

    private(set) var topology: Topology?
    private(set) var shards: [KeptShard] = []
    private var lease: NodeLease
    /// Of each loop, the topology that it has carried out.
    private var settled: [Int]
    private(set) var problem = ""
    var isDraining = false
    private var ticks = 0
    private var isStopped = false

    init(
        eventLoop: any EventLoop,
        node: UInt64,
        loopCount: Int,
        configuration: RedisPresenceConfiguration,
        shared: SharedLease,
        handlers: ClusterHandlers,
        counters: ClusterCounters,
        logger: Logger
    ) {
        self.eventLoop = eventLoop
        self.node = node
        self.configuration = configuration
        self.shared = shared
        self.handlers = handlers
        self.counters = counters
        self.logger = logger
        lease = NodeLease(loopCount: loopCount)
        settled = Array(repeating: 0, count: loopCount)
    }

    var now: Int { Int(NIODeadline.now().uptimeNanoseconds / 1_000_000) }
    var floor: UInt32 { lease.floor }
    var settledTopology: Int { settled.min() ?? 0 }
    /// Whether every loop has carried out the topology in force.
    var isSettled: Bool { settledTopology == topology?.epoch }

    func start(_ topology: Topology, loops: [LoopReference]) throws {
        self.loops = loops
        tellLoops { [floor] in $0.floor = floor }
        try adopt(topology)
        tick()
    }

    /// Gives the leases back, so that nobody waits for them to run out.
    func stop() -> EventLoopFuture<Void> {
        isStopped = true
        let gone = eventLoop.makePromise(of: Void.self)
        let farewell = Farewell(count: shards.count, promise: gone)
        for shard in shards {
            let error = shard.link?.send(.farewell(farewell)) { writer in
                writer.command("DEL", arguments: 1)
                writer.argument(PresenceKey.node(node))
            }
            if shard.link == nil || error != nil { farewell.arrived() }
        }
        gone.futureResult.assumeIsolated().whenComplete { [shards] _ in
            for shard in shards { shard.stop() }
        }
        return gone.futureResult
    }

    // MARK: Topology

    /// - Throws: when a shard's address cannot be used; then nothing has changed.
    func adopt(_ new: Topology) throws {
        let former = shards
        let servers = try configuration.servers(of: new)
        let kept = new.shards.map { shard in
            former.firstIndex { $0.shard.name == shard.name && $0.shard.url == shard.url }
        }
        lease.adopt(kept: kept)
        shards = zip(new.shards, zip(kept, servers)).map { shard, others in
            let (index, server) = others
            guard let index else { return open(shard, server) }
            former[index].shard = shard
            return former[index]
        }
        topology = new
        for shard in former where !shards.contains(where: { $0 === shard }) {
            _ = shard.link?.send(.upkeep) { writer in
                writer.command("DEL", arguments: 1)
                writer.argument(PresenceKey.node(node))
            }
            shard.link?.flush()
            shard.stop()
        }
        problem = ""
        logger.info(
            "topology in force",
            metadata: [
                "epoch": "\(new.epoch)", "phase": "\(new.phase.rawValue)", "shards": "\(new.shards.map(\.name))",
            ]
        )
        tellLoops { $0.adopt(new, servers: servers) }
    }

    private func open(_ description: Topology.Shard, _ server: RedisServer) -> KeptShard {
        let shard = KeptShard(description, loopCount: loops.count)
        let link = RedisLink<KeeperToken>(
            to: server,
            eventLoop: eventLoop,
            configuration: configuration.link,
            onReply: { [weak self, weak shard] token, answer in
                guard let self, let shard else { return }
                self.received(answer, for: token, from: shard)
            },
            onStateChange: { [weak self, weak shard] state in
                guard let self, let shard else { return }
                self.linkChanged(shard, state)
            }
        )
        let inbox = RedisSubscription(
            to: String(decoding: PresenceKey.inbox(node), as: UTF8.self),
            of: server,
            eventLoop: eventLoop,
            configuration: configuration.link,
            onMessage: { [weak self] in self?.receivedPack($0) },
            onStateChange: { [logger] state in
                logger.debug("inbox", metadata: ["shard": "\(description.name)", "state": "\(state)"])
            }
        )
        shard.link = link
        shard.inbox = inbox
        link.start()
        inbox.start()
        return shard
    }

    private func linkChanged(_ shard: KeptShard, _ state: RedisLinkState) {
        guard !isStopped else { return }
        switch state {
        case .ready:
            logger.info("shard connected", metadata: ["shard": "\(shard.shard.name)"])
            shard.trouble = nil
            shard.isReading = false
            shard.isTaking = false
            renew(shard)
            read(shard)
        case .waiting(let error, _):
            if shard.trouble != error {
                logger.warning(
                    "shard not usable; trying again",
                    metadata: ["shard": "\(shard.shard.name)", "reason": "\(error)"]
                )
            }
            shard.trouble = error
            shard.isReading = false
            // Who waits for leases cannot be told; the loops' searches have deadlines of their own.
            shard.wantsReading = false
        case .connecting, .stopped:
            break
        }
    }

    // MARK: The node's own lease

    private func tick() {
        guard !isStopped else { return }
        // Weak: the timer must not keep a node that has left.
        eventLoop.assumeIsolated().scheduleTask(in: .milliseconds(Int64(NodeLease.readInterval))) { [weak self] in
            self?.tick()
        }
        checkLease()
        ticks += 1
        let renews = ticks % (NodeLease.renewInterval / NodeLease.readInterval) == 0
        for shard in shards where shard.link?.state.isReady == true {
            if renews || index(of: shard).map({ lease.isNew(on: $0) }) ?? false { renew(shard) }
            read(shard)
        }
    }

    /// Notices that leases have run out, before anything is believed that came from outside.
    func checkLease() {
        perform(lease.check(now: now))
        shared.heldUntil.store(lease.heldUntil, ordering: .releasing)
    }

    private func perform(_ actions: [NodeLease.Action]) {
        for action in actions {
            switch action {
            case .refill(let index, let lapsed):
                let shard = shards[index]
                logger.warning("lease lost; presence is written again", metadata: ["shard": "\(shard.shard.name)"])
                let name = shard.shard.name
                for loop in lapsed { loops[loop].perform { $0.lapsed(shard: name) } }
                // The loops have forgotten what they knew; a reading that began before the lapse is not to be believed.
                if shard.isReading { shard.wantsReading = true }
                shard.mustTell = true
                renew(shard)
                read(shard)
            case .fenced(let floor):
                counters.fences.increment()
                logger.warning(
                    "no lease is left: the node was paused or is cut off, and speaks for its peers no more until it has new ones",
                    metadata: ["floor": "\(floor)"]
                )
                tellLoops { $0.floor = floor }
                handlers.onFenced(floor)
            }
        }
    }

    /// A loop's link to a shard is up again.
    func reconnected(loop: Int, shard name: String) {
        guard let index = shards.firstIndex(where: { $0.shard.name == name }) else { return }
        lease.reconnected(loop: loop, shard: index)
        renew(shards[index])
    }

    private func renew(_ shard: KeptShard) {
        guard !isStopped, let index = index(of: shard), let link = shard.link, link.state.isReady else { return }
        let epochs = lease.epochs(on: index)
        let isNew = lease.isNew(on: index)
        guard !isNew || !shard.isTaking else { return }
        let counts = shared.counts()
        let record = NodeRecord(
            name: configuration.name,
            floor: lease.floor,
            epochs: epochs,
            topology: settledTopology,
            connections: counts.connections,
            announced: counts.announced,
            isDraining: isDraining,
            problem: problem
        )
        if isNew {
            _ = link.send(.upkeep) { writer in
                writer.command("SADD", arguments: 2)
                writer.argument(PresenceKey.nodes)
                writer.argument(PresenceKey.hexadecimal(node))
            }
        }
        let error = link.send(.renew(sentAt: now, epochs: epochs)) { writer in
            writer.command("SET", arguments: isNew ? 4 : 5)
            writer.argument(PresenceKey.node(node))
            writer.argument(record.encoded)
            writer.argument("PX")
            writer.argument(NodeLease.duration)
            // A lease that is gone must not come back by itself: others may have begun to clear its entries away.
            if !isNew { writer.argument("XX") }
        }
        if isNew { shard.isTaking = error == nil }
    }

    private func renewed(_ shard: KeptShard, sentAt: Int, epochs: [UInt32], isThere: Bool) {
        guard let index = index(of: shard) else { return }
        guard isThere else { return perform(lease.missing(on: index)) }
        lease.confirmed(on: index, sentAt: sentAt, epochs: epochs)
        shared.heldUntil.store(lease.heldUntil, ordering: .releasing)
        // Loops have taken new epochs meanwhile.
        guard epochs == lease.epochs(on: index) else { return renew(shard) }
        let name = shard.shard.name
        for (loop, epoch) in epochs.enumerated() where shard.granted[loop] != epoch {
            shard.granted[loop] = epoch
            loops[loop].perform { $0.granted(shard: name, epoch: epoch) }
        }
    }

    // MARK: Everybody's leases, and the topology

    /// A loop met an entry that may be newer than the leases it knows.
    ///
    /// - Parameter request: the loop's number of this request; it is told which of its requests a reading began after.
    func readLeases(shard name: String, loop: Int, request: Int) {
        guard let shard = shards.first(where: { $0.shard.name == name }) else { return }
        shard.asked[loop] = request
        readAnew(shard)
    }

    private func readAnew(_ shard: KeptShard) {
        // What is being read now may have been read before the entry was.
        if shard.isReading { shard.wantsReading = true }
        shard.mustTell = true
        read(shard)
    }

    private func read(_ shard: KeptShard) {
        guard !shard.isReading, let link = shard.link, link.state.isReady else { return }
        let error = link.send(.members) { writer in
            writer.command("SMEMBERS", arguments: 1)
            writer.argument(PresenceKey.nodes)
        }
        shard.isReading = error == nil
        shard.begunAfter = shard.asked
    }

    private func readRecords(_ shard: KeptShard, _ members: [UInt64]) {
        let error = shard.link?.send(.records(members)) { writer in
            writer.command("MGET", arguments: 1 + members.count)
            writer.argument(PresenceKey.topology)
            for member in members { writer.argument(PresenceKey.node(member)) }
        }
        if error != nil { shard.isReading = false }
    }

    private func receivedRecords(_ values: [[UInt8]?], of members: [UInt64], _ shard: KeptShard) {
        shard.isReading = false
        guard !isStopped, values.count == members.count + 1 else { return }
        compare(document: values[0], on: shard)
        var table = LeaseTable()
        for (member, value) in zip(members, values.dropFirst()) {
            if let record = value.flatMap({ NodeRecord(encoded: $0) }) {
                table.nodes[member] = record
                shard.absences[member] = nil
            } else {
                strikeOff(member, shard)
            }
        }
        let isNews = shard.leases.map { !$0.saysTheSame(as: table) } ?? true
        shard.leases = table
        guard !shard.wantsReading else {
            shard.wantsReading = false
            return read(shard)
        }
        guard isNews || shard.mustTell else { return }
        shard.mustTell = false
        let loopsInCluster = shards.compactMap { $0.leases?.loopCount }.max() ?? 1
        let name = shard.shard.name
        for (loop, request) in zip(loops, shard.begunAfter) {
            loop.perform { [table] in
                $0.read(table, shard: name, loopsInCluster: loopsInCluster, answering: request)
            }
        }
    }

    /// The list of nodes must not grow for ever.
    private func strikeOff(_ member: UInt64, _ shard: KeptShard) {
        shard.absences[member, default: 0] += 1
        guard shard.absences[member, default: 0] >= Self.absencesBeforeRemoval, member != node else { return }
        shard.absences[member] = nil
        _ = shard.link?.send(.upkeep) { writer in
            writer.command("SREM", arguments: 2)
            writer.argument(PresenceKey.nodes)
            writer.argument(PresenceKey.hexadecimal(member))
        }
    }

    /// A shard's topology is newer than the one in force, or older, or missing because the shard came back empty.
    private func compare(document: [UInt8]?, on shard: KeptShard) {
        guard let topology, document != topology.document else { return }
        guard let document else { return write(topology, to: shard) }
        do {
            let found = try Topology(document: document)
            if found.epoch > topology.epoch {
                try adopt(found)
            } else {
                write(topology, to: shard)
            }
        } catch {
            guard problem != "\(error)" else { return }
            problem = "\(error)"
            logger.error(
                "the cluster has a topology that this node cannot serve; it goes on with the old one",
                metadata: ["shard": "\(shard.shard.name)", "reason": "\(error)"]
            )
        }
    }

    private func write(_ topology: Topology, to shard: KeptShard) {
        _ = shard.link?.send(.upkeep) { TopologyScript.write(topology, into: &$0) }
    }

    /// A loop has carried out a topology.
    func settled(loop: Int, topology epoch: Int) {
        settled[loop] = epoch
        // At once, because whoever changes the topology waits for it.
        if settledTopology == epoch { for shard in shards { renew(shard) } }
    }

    // MARK: Inbox

    private func receivedPack(_ pack: ByteBuffer) {
        // A process that was stopped reads what was sent to it meanwhile, possibly before its clock has told it so.
        checkLease()
        guard lease.isHeld(now: now) else { return }
        guard let (kind, signals) = SignalPack.read(pack, receiver: node) else {
            return counters.unreadablePacks.increment()
        }
        if case .deliver = kind, let sender = signals.first?.from.node { readLeasesOfStranger(sender) }
        for signal in signals {
            switch kind {
            case .deliver: handlers.onSignal(signal)
            case .undeliverable: handlers.onUndeliverable(signal)
            }
        }
    }

    /// The answer to a signal of a node that has just come must not be held back because its lease was not read yet.
    private func readLeasesOfStranger(_ sender: UInt64) {
        for shard in shards where shard.leases?.nodes[sender] == nil { readAnew(shard) }
    }

    // MARK: Answers

    private func received(_ answer: borrowing RedisAnswer, for token: KeeperToken, from shard: KeptShard) {
        let error = answer.error
        if let error, error != .stopped, shard.trouble != error {
            shard.trouble = error
            logger.warning(
                "a shard did not carry out a command",
                metadata: ["shard": "\(shard.shard.name)", "reason": "\(error)"]
            )
        }
        switch token {
        case .upkeep:
            break
        case .farewell(let farewell):
            farewell.arrived()
        case .renew(let sentAt, let epochs):
            shard.isTaking = false
            guard error == nil else { return }
            let isMissing = if case .null = RedisValue(answer) { true } else { false }
            renewed(shard, sentAt: sentAt, epochs: epochs, isThere: !isMissing)
        case .members:
            guard let members = RedisValue(answer).array else { return shard.isReading = false }
            readRecords(shard, members.compactMap { $0.string.flatMap { UInt64($0, radix: 16) } })
        case .records(let members):
            guard let records = RedisValue(answer).array else { return shard.isReading = false }
            receivedRecords(records.map(\.bytes), of: members, shard)
        case .ask(let promise):
            promise.succeed(RedisValue(answer))
        }
    }

    // MARK: Helpers

    /// Nil for a shard that has just left the topology, whose link ends at the end of this turn.
    private func index(of shard: KeptShard) -> Int? { shards.firstIndex { $0 === shard } }

    private func tellLoops(_ work: @escaping @Sendable (LoopPresence) -> Void) {
        for loop in loops { loop.perform(work) }
    }
}
