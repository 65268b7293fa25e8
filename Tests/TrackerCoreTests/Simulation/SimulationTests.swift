import ContentTrust
import NIOCore
import Presence
import TestSupport
import Testing
import TrackerProtocol

@testable import TrackerCore

/// Many connections on two nodes do at random what connections do, while a plain model says what must come of it.
///
/// The invariants: presence is the union of what living connections announced; nobody is introduced to itself, or to a peer that did not
/// have the content when it was looked for; a signal passes between introduced peers only; every request is answered once; memory is
/// bounded. ``SimulatedCluster`` checks each action, this suite chooses what happens.
@Suite struct SimulationTests {
    private static let limits: ProtocolLimits = {
        var limits = ProtocolLimits()
        limits.messageRate = 100_000
        limits.messageBurst = 100_000
        limits.announcedContents = 5
        limits.introductions = 4
        limits.introductionMemory = 6
        limits.introductionLifetime = 60
        return limits
    }()

    @Test(arguments: 1...12 as ClosedRange<UInt64>)
    func holdsItsInvariants(seed: UInt64) throws {
        var cluster = SimulatedCluster(seed: seed, limits: Self.limits)
        var id = 0
        var reached = Reached()
        for _ in 0..<2_000 {
            id += 1
            switch Int.random(in: 0..<100, using: &cluster.random) {
            case 0..<12: if cluster.peers.count < 20 { cluster.connect(to: .random(in: 0...1, using: &cluster.random)) }
            case 12..<25: Self.announce(&cluster, id, &reached)
            case 25..<32: Self.leave(&cluster, id)
            case 32..<50: Self.find(&cluster, id)
            case 50..<62: Self.signal(&cluster, &reached)
            case 62..<65:
                if let peer = cluster.peers.randomElement(using: &cluster.random) { cluster.disconnect(peer) }
            case 65..<70: Self.pass(&cluster, &reached)
            default:
                guard !cluster.pending.isEmpty else { continue }
                cluster.deliver(Int.random(in: cluster.pending.indices, using: &cluster.random))
            }
            cluster.checkInvariants()
        }
        while !cluster.pending.isEmpty { cluster.deliver(0) }
        cluster.checkInvariants()
        #expect(cluster.connections.values.allSatisfy { $0.finds.isEmpty }, "a find was never answered")
        for peer in cluster.peers { cluster.disconnect(peer) }
        cluster.checkInvariants()
        reached.check()
    }

    /// What a run has to have reached, or it shows nothing.
    private struct Reached {
        var relayed = 0
        var notIntroduced = 0
        var tooMuch = 0
        var idle = 0

        func check() {
            #expect(relayed > 20)
            #expect(notIntroduced > 5)
            #expect(tooMuch > 0)
            #expect(idle > 0)
        }
    }

    private static func announce(_ cluster: inout SimulatedCluster, _ id: Int, _ reached: inout Reached) {
        guard let peer = cluster.peers.randomElement(using: &cluster.random), var expected = cluster.connections[peer]
        else { return }
        let count = Int.random(in: 1...4, using: &cluster.random)
        // Content IDs and error codes.
        var results: [String] = []
        let certificates = (0..<count).map { _ in
            let number = Int.random(in: 0..<SimulatedCluster.contents, using: &cluster.random)
            guard !cluster.random.oneIn(8) else {
                results.append(ProtocolError.Code.badCertificate.rawValue)
                return "nonsense"
            }
            let content = Sample.content(number)
            if expected.announced.contains(content) || expected.announced.count < limits.announcedContents {
                expected.announced.insert(content)
                results.append(content.text)
            } else {
                results.append(ProtocolError.Code.tooMuchAnnounced.rawValue)
                reached.tooMuch += 1
            }
            return Sample.certificate(number)
        }
        cluster.connections[peer] = expected
        let actions = cluster.send(
            #"{"action":"announce","id":\#(id),"certificates":\#(CoreFixture.json(certificates))}"#,
            from: peer
        )
        guard case .send(.announced(id, let answer), peer)? = actions.last, actions.count <= 2 else {
            Issue.record("\(actions)")
            return
        }
        let outcomes = answer.map { result in
            switch result {
            case .success(let content): content.text
            case .failure(let error): error.code.rawValue
            }
        }
        #expect(outcomes == results)
        cluster.run(actions, on: expected.node)
    }

    private static func leave(_ cluster: inout SimulatedCluster, _ id: Int) {
        guard let peer = cluster.peers.randomElement(using: &cluster.random), let expected = cluster.connections[peer]
        else { return }
        let all = cluster.random.oneIn(3)
        let named = (0..<3).map { _ in
            Sample.content(.random(in: 0..<SimulatedCluster.contents, using: &cluster.random))
        }
        let left = all ? expected.announced : expected.announced.intersection(named)
        cluster.connections[peer]?.announced.subtract(left)
        let contents = all ? "" : #","contents":\#(CoreFixture.json(named.map(\.text)))"#
        let actions = cluster.send(#"{"action":"leave","id":\#(id)\#(contents)}"#, from: peer)
        #expect(actions.last == .send(.left(id: id, count: left.count), to: peer))
        #expect(actions.count == (left.isEmpty ? 1 : 2))
        cluster.run(actions, on: expected.node)
    }

    private static func find(_ cluster: inout SimulatedCluster, _ id: Int) {
        guard let peer = cluster.peers.randomElement(using: &cluster.random), let expected = cluster.connections[peer]
        else { return }
        func numbers() -> [Int] {
            (0..<Int.random(in: 0...3, using: &cluster.random)).map { _ in
                Int.random(in: 0..<SimulatedCluster.contents, using: &cluster.random)
            }
        }
        let (urls, certificates) = (numbers(), numbers())
        guard urls.count + certificates.count > 0, expected.finds.count < ProtocolLimits.openFinds else { return }
        let wanted = Int.random(in: 0...limits.introductions, using: &cluster.random)
        let find = ExpectedConnection.Find(
            entries: urls.map(SimulatedCluster.entry) + certificates.map { .content($0, isURL: false) },
            wanted: wanted
        )
        cluster.connections[peer]?.finds[id] = find
        let actions = cluster.send(
            #"{"action":"find","id":\#(id),"urls":\#(CoreFixture.json(urls.map(Sample.url))),"#
                + #""certificates":\#(CoreFixture.json(certificates.map { Sample.certificate($0) })),"peers":\#(wanted)}"#,
            from: peer
        )
        #expect(actions.count == 1)
        switch actions.first {
        case .lookUp(let token, _, let asked)?:
            #expect(asked == urls.map(Sample.url))
            cluster.expect(token, peer, id: id)
        case .presence(let commands, let token?)?:
            #expect(urls.isEmpty)
            #expect(commands == find.contents.map { .find($0, limit: wanted, excluded: expected.address) })
            cluster.expect(token, peer, id: id)
        default:
            #expect(urls.isEmpty && wanted == 0)
        }
        cluster.run(actions, on: expected.node)
    }

    private static func signal(_ cluster: inout SimulatedCluster, _ reached: inout Reached) {
        guard let peer = cluster.peers.randomElement(using: &cluster.random), var expected = cluster.connections[peer]
        else { return }
        let known = expected.introduced.randomElement(using: &cluster.random)
        let anybody = cluster.peers.randomElement(using: &cluster.random) ?? peer
        let target = cluster.random.oneIn(4) ? anybody : known.map { PeerID(rawValue: $0.peer) } ?? anybody
        let data = #"{"n":\#(cluster.random.next() % 1_000)}"#
        let mayPass = expected.maySignal(target, now: cluster.now, limits: limits)
        cluster.connections[peer] = expected
        let actions = cluster.send(#"{"action":"signal","to":"\#(target.text)","data":\#(data)}"#, from: peer)
        if mayPass {
            guard case .relay(let signal)? = actions.first else {
                Issue.record("not relayed: \(actions)")
                return
            }
            #expect(signal.from == expected.address)
            #expect(PeerID(rawValue: signal.to.peer) == target)
            #expect(signal.data == ByteBuffer(string: data))
            reached.relayed += 1
        } else {
            #expect(actions.map { $0.sentError?.error.code } == [.notIntroduced])
            reached.notIntroduced += 1
        }
        cluster.run(actions, on: expected.node)
    }

    /// Time passes; then the silent are closed, and no others.
    private static func pass(_ cluster: inout SimulatedCluster, _ reached: inout Reached) {
        let seconds = cluster.random.oneIn(8) ? 50 : Int.random(in: 0...6, using: &cluster.random)
        cluster.now.uptimeMilliseconds += seconds * 1000 + Int.random(in: 0..<1000, using: &cluster.random)
        cluster.now.unixSeconds += seconds
        for node in cluster.cores.indices {
            let silent = cluster.peers.filter { peer in
                guard let connection = cluster.connections[peer], connection.node == node else { return false }
                return cluster.now.uptimeMilliseconds - connection.lastHeard > limits.idleTimeout * 1000
            }
            let actions = cluster.step(node) { core, now, actions in core.tick(now: now, actions: &actions) }
            let closed = actions.compactMap { action in
                if case .close(let peer, .goingAway, _) = action { peer } else { nil as PeerID? }
            }
            #expect(Set(closed) == Set(silent))
            #expect(closed.count == silent.count)
            reached.idle += closed.count
            for peer in silent { cluster.forget(peer) }
            cluster.run(actions, on: node)
        }
    }
}
