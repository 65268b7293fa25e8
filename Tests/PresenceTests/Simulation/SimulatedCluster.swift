import ContentTrust
import TestSupport
import Testing

@testable import Presence

/// Nodes, their event loops and shards, with links between them that take their time; and an oracle that sees all of it.
///
/// Time passes in steps. In each of them every link lets some commands and answers through, and every node that is not paused does what it
/// does every few milliseconds. Everything is drawn from one seed.
final class SimulatedCluster {
    static let duration = NodeLease.duration

    private(set) var now = 0
    /// Commands of links that broke, which their shards get round to later.
    private var stragglers: [(shard: Int, at: Int, SimulatedShard.Command)] = []
    var random: SplitMix64
    let seed: UInt64
    var shards: [SimulatedShard]
    private(set) var nodes: [SimulatedNode] = []
    private(set) var topology: Topology
    /// When nodes that are no more were killed.
    private var killed: [UInt64: Int] = [:]
    private var nodeCount: UInt64 = 0
    private var stamps = 0
    /// By how much nodes overestimate the cluster, so that few peers make many parts.
    var exaggeration = 1
    /// When the coordinator of changes saw a lease of each node last.
    private var seen: [UInt64: Int] = [:]
    var reached = Reached()

    /// What a run has come by.
    struct Reached {
        var wholeFinds = 0
        var failedFinds = 0
        var changes = 0
        var fences = 0
        var parts = 0
    }

    init(seed: UInt64, shards count: Int) throws {
        self.seed = seed
        random = SplitMix64(seed: seed)
        shards = (0..<count).map { SimulatedShard(name: "s\($0)") }
        topology = try Topology(initial: shards.map { ($0.name, "redis://\($0.name)") })
    }

    func nextStamp() -> Int {
        stamps += 1
        return stamps
    }

    func place(_ topology: Topology) -> PlacedTopology {
        PlacedTopology(topology) { name in shards.firstIndex { $0.name == name } ?? -1 }
    }

    // MARK: Steps

    /// Lets some time pass.
    ///
    /// - Parameter isHealthy: everything that was sent arrives within the step.
    func step(_ milliseconds: Int, isHealthy: Bool = false) {
        now += milliseconds
        carryOutStragglers(all: isHealthy)
        for node in nodes where !node.isPaused { node.tick() }
        for _ in 0..<(isHealthy ? 3 : 2) {
            for node in nodes {
                for link in node.links where !link.isIdle && shards[link.shard].isUp {
                    if !isHealthy { stall(link) }
                    if isHealthy || now >= link.requestsStalledUntil { carryOut(link, .max) }
                    if !node.isPaused, isHealthy || now >= link.repliesStalledUntil { receive(link, on: node) }
                }
            }
        }
        coordinate()
    }

    /// Most of what is sent passes within a step; some takes up to half a second.
    private func stall(_ link: SimulatedLink) {
        if random.oneIn(8) { link.requestsStalledUntil = now + .random(in: 0...500, using: &random) }
        if random.oneIn(8) { link.repliesStalledUntil = now + .random(in: 0...500, using: &random) }
    }

    private func carryOutStragglers(all: Bool) {
        for straggler in stragglers where all || straggler.at <= now {
            guard shards[straggler.shard].isUp else { continue }
            _ = shards[straggler.shard].carryOut(straggler.2, now: now, topology: topology, using: &random)
        }
        stragglers.removeAll { all || $0.at <= now }
    }

    private func carryOut(_ link: SimulatedLink, _ count: Int) {
        for (command, token) in link.take(count) {
            let reply = shards[link.shard].carryOut(command, now: now, topology: topology, using: &random)
            link.replies.append((reply, token))
        }
    }

    private func receive(_ link: SimulatedLink, on node: SimulatedNode) {
        while link.isUp, !link.replies.isEmpty {
            let (reply, token) = link.replies.removeFirst()
            if let home = node.homes.first(where: { $0.link === link }) {
                node.received(reply, token, from: home)
            } else {
                for loop in node.loops {
                    if let slot = loop.slots.first(where: { $0.link === link }) {
                        loop.received(reply, token, from: slot)
                    }
                }
            }
        }
    }

    // MARK: Nodes

    @discardableResult
    func join(loops: Int) -> SimulatedNode {
        nodeCount += 1
        let node = SimulatedNode(number: nodeCount, loopCount: loops, cluster: self)
        nodes.append(node)
        return node
    }

    func kill(_ node: SimulatedNode) {
        for link in node.links {
            spill(link, isHome: node.homes.contains { $0.link === link })
            link.breakDown()
        }
        nodes.removeAll { $0 === node }
        killed[node.number] = now
    }

    func fenced(_ node: SimulatedNode, floor: UInt32) {
        reached.fences += 1
        for shard in shards {
            let epochs = shard.leases(now: now).nodes[node.number]?.epochs ?? []
            expect(epochs.allSatisfy { $0 < floor }, "\(node.number) is fenced below epochs that shards know")
        }
    }

    // MARK: Faults

    /// Before a link breaks: the shard still carries out some of what is on its way, now or later, and nobody learns of how much.
    ///
    /// Of a home link nothing comes later: the few commands that are on it a shard reads before it turns to the next connection.
    private func spill(_ link: SimulatedLink, isHome: Bool) {
        guard shards[link.shard].isUp else { return }
        carryOut(link, .random(in: 0...20, using: &random))
        guard !isHome, random.oneIn(2) else { return }
        let at = now + .random(in: 0...2_000, using: &random)
        stragglers += link.requests.prefix(.random(in: 0...20, using: &random)).map { (link.shard, at, $0.0) }
    }

    func loseHome(_ home: SimulatedNode.Home) {
        spill(home.link, isHome: true)
        home.link.breakDown()
    }

    func loseLink(of node: SimulatedNode, loop: Int, _ slot: SimulatedSlot) {
        spill(slot.link, isHome: false)
        node.breakLink(loop: loop, slot)
    }

    func crash(_ shard: Int) {
        shards[shard].forget()
        shards[shard].isUp = false
        stragglers.removeAll { $0.shard == shard }
        for node in nodes {
            for home in node.homes where home.link.shard == shard { home.link.breakDown() }
            for loop in node.loops { for slot in loop.slots where slot.shard == shard { loop.down(slot) } }
        }
    }

    /// Restores links whose shard is up.
    ///
    /// - Parameter probability: one in so many of them.
    func restoreLinks(oneIn probability: Int = 1) {
        for node in nodes where !node.isPaused {
            for home in node.homes where !home.link.isUp && shards[home.link.shard].isUp && random.oneIn(probability) {
                node.restoreHome(home)
            }
            for loop in node.loops {
                for slot in loop.slots where !slot.link.isUp && shards[slot.shard].isUp && random.oneIn(probability) {
                    node.restoreLink(loop: loop.index, slot)
                }
            }
        }
    }

    // MARK: Changes of the topology

    func change(_ next: Topology) {
        for shard in next.shards where !shards.contains(where: { $0.name == shard.name }) {
            shards.append(SimulatedShard(name: shard.name))
        }
        topology = next
        reached.changes += 1
    }

    /// Takes the next step once every node has carried out the last one. A node that had a lease a moment ago counts, though none is to
    /// be seen now: it may go by a lease that its shard has forgotten.
    private func coordinate() {
        guard topology.phase != .stable, random.oneIn(3) else { return }
        // An operator may lose patience at any time.
        if random.oneIn(60), let abandoned = topology.abandoned { return change(abandoned) }
        let members = topology.shards.compactMap { shard in shards.first { $0.name == shard.name } }
        guard members.allSatisfy(\.isUp) else { return }
        var settled: [UInt64: Int] = [:]
        for shard in members {
            for (node, record) in shard.leases(now: now).nodes {
                seen[node] = now
                settled[node] = max(record.topology, settled[node] ?? 0)
            }
        }
        seen = seen.filter { now - $0.value <= Self.duration }
        guard seen.keys.allSatisfy({ settled[$0] == topology.epoch }) else { return }
        if let next = topology.advanced { change(next) }
    }

    // MARK: Finds and their oracle

    func find(_ content: ContentID, limit: Int, excluded: PeerAddress, on loop: SimulatedLoop) {
        guard loop.node.isHeld else { return }
        let search = PeerSearch(
            content,
            limit: limit,
            excluded: excluded,
            level: loop.local.level(of: content),
            random: SplitMix64(seed: random.next())
        )
        let find = SimulatedFind(
            search,
            content: content,
            excluded: excluded,
            limit: limit,
            began: now,
            topology: loop.placed.epoch,
            expected: expected(content, by: loop.placed)
        )
        loop.advance(find)
    }

    /// Peers that a find must show: those of nodes that serve the shard where it looks for them.
    private func expected(
        _ content: ContentID,
        by placed: PlacedTopology
    ) -> [PeerAddress: SimulatedFind.Expectation] {
        var result: [PeerAddress: SimulatedFind.Expectation] = [:]
        for node in nodes where abs(node.topology.epoch - placed.epoch) <= 1 {
            for loop in node.loops {
                for entry in loop.entries where entry.content == content {
                    // Where the peer is, and where a marker says so, which may be on its way on behalf of another peer.
                    guard let part = loop.part(of: entry), let own = loop.slot(placed.reader(of: part)),
                        let marked = loop.slot(placed.reader(of: SwarmPart(content: content))),
                        own.phase == .serving, !own.unconfirmed.contains(entry), marked.phase == .serving,
                        part.number == 0 || !marked.unconfirmed.contains(where: { $0.content == content })
                    else { continue }
                    let slots = part.number == 0 ? [own] : [own, marked]
                    result[PeerAddress(node: node.number, peer: entry.peer)] = SimulatedFind.Expectation(
                        stamp: loop.stamps[entry] ?? 0,
                        node: node,
                        slots: slots.map { ($0, $0.disturbances) }
                    )
                }
            }
        }
        return result
    }

    /// A find is over.
    ///
    /// - Parameter isWhole: no shard failed it.
    func answered(_ find: SimulatedFind, on loop: SimulatedLoop, isWhole: Bool) {
        find.isDone = true
        if isWhole { reached.wholeFinds += 1 } else { reached.failedFinds += 1 }
        let found = find.search.peers
        expect(found.count <= find.limit && Set(found).count == found.count, "found \(found) of \(find.limit)")
        expect(!found.contains(find.excluded), "found the asker")
        for peer in found { checkShown(peer, find) }
        guard isWhole, found.count < find.limit, loop.placed.epoch == find.topology else { return }
        for (peer, expectation) in find.expected where peer != find.excluded && !found.contains(peer) {
            let entry = LocalPresence.Entry(content: find.content, peer: peer.peer)
            let isHere =
                nodes.contains { $0 === expectation.node }
                && expectation.node.loops[Int(peer.peer >> 56)].stamps[entry] == expectation.stamp
            let isUndisturbed = expectation.slots.allSatisfy { slot, disturbances in
                // A lease that has run out while its node was paused, or cut off, is no longer seen.
                slot.phase == .serving && slot.disturbances == disturbances
                    && shards[slot.shard].leases(now: now).nodes[peer.node] != nil
            }
            expect(!(isHere && isUndisturbed && expectation.node.isHeld), "missed \(peer) of a find of \(find.began)")
        }
    }

    /// Nobody is shown who was gone before the find began, unless nobody could know.
    private func checkShown(_ peer: PeerAddress, _ find: SimulatedFind) {
        guard let (shard, leasesAt) = find.shown[peer] else { return expect(false, "\(peer) came from nowhere") }
        if let killed = killed[peer.node] {
            return expect(leasesAt < killed + Self.duration, "\(peer) of a node that died at \(killed)")
        }
        guard let node = nodes.first(where: { $0.number == peer.node }) else {
            return expect(false, "\(peer) of no node")
        }
        let loop = node.loops[Int(peer.peer >> 56)]
        let entry = LocalPresence.Entry(content: find.content, peer: peer.peer)
        guard let gone = loop.gone[entry], gone < find.began, let slot = loop.slot(shard) else { return }
        // Of what was not confirmed before a link broke, or a lease was lost, only the next epoch rids the shard.
        expect(!slot.takesWrites || leasesAt <= slot.grantedAt, "\(peer) was gone at \(gone)")
    }

    func expect(_ condition: Bool, _ comment: @autoclosure () -> String) {
        guard !condition else { return }
        Issue.record("seed \(seed), time \(now), topology \(topology.epoch) (\(topology.phase)): \(comment())")
    }
}
