import ContentTrust
import NIOCore
import Presence
import Testing
import TrackerProtocol

@testable import TrackerCore

/// Two nodes with one presence store and a relay between them, beside what the protocol demands of them.
///
/// What takes time in reality (the directory's answers, the store's replies, signals) waits in ``pending`` until a step lets it happen, in
/// any order. Every action of a core is checked where it is carried out.
struct SimulatedCluster {
    enum Pending {
        case lookUp(FindToken, node: Int, urls: [String])
        case reply(FindToken, node: Int, [PresenceReply])
        case signal(PeerSignal)
        case bounced(PeerSignal)
    }

    static let contents = 10
    private static let nobody = PeerAddress(node: 0, peer: 0)

    let judge = FakeJudge()
    let limits: ProtocolLimits
    var cores: [TrackerCore]
    var connections: [PeerID: ExpectedConnection] = [:]
    /// Peers in the order of their arrival: a dictionary's own order differs from run to run.
    var peers: [PeerID] = []
    var pending: [Pending] = []
    var now = Moment(uptimeMilliseconds: 1_000_000, unixSeconds: 1_800_000_000)
    var random: SplitMix64
    private var presence = MemoryPresence()
    /// The find that each token stands for.
    private var tokens: [FindToken: (peer: PeerID, id: Int)] = [:]
    private var lastPeer: UInt64 = 0

    init(seed: UInt64, limits: ProtocolLimits) {
        self.limits = limits
        random = SplitMix64(seed: seed)
        cores = [11, 22].map { [judge] in TrackerCore(node: $0, limits: limits, judge: judge) }
    }

    // MARK: What happens

    mutating func connect(to node: Int) {
        lastPeer += 1
        let peer = PeerID(rawValue: lastPeer)
        let address = PeerAddress(node: cores[node].node, peer: lastPeer)
        connections[peer] = ExpectedConnection(address: address, node: node, now: now)
        peers.append(peer)
        var random = random
        let actions = step(node) { core, now, actions in
            core.connected(peer, site: Sample.site(), now: now, using: &random, actions: &actions)
        }
        self.random = random
        #expect(actions == [.send(.welcome(peer: peer, limits: limits, ice: []), to: peer)])
    }

    mutating func disconnect(_ peer: PeerID) {
        guard let node = connections[peer]?.node else { return }
        forget(peer)
        run(step(node) { core, _, actions in core.disconnected(peer, actions: &actions) }, on: node)
    }

    /// A peer's connection has ended.
    mutating func forget(_ peer: PeerID) {
        connections[peer] = nil
        peers.removeAll { $0 == peer }
    }

    /// Sends a message, and gives what the core wants done, not carried out yet.
    mutating func send(_ text: String, from peer: PeerID) -> [TrackerAction] {
        guard let node = connections[peer]?.node else { return [] }
        connections[peer]?.lastHeard = now.uptimeMilliseconds
        let message = WebSocketMessage(isText: true, payload: ByteBuffer(string: text))
        return step(node) { core, now, actions in
            core.received(.message(message), from: peer, now: now, actions: &actions)
        }
    }

    mutating func step(
        _ node: Int,
        _ body: (inout TrackerCore, Moment, inout [TrackerAction]) -> Void
    ) -> [TrackerAction] {
        var actions: [TrackerAction] = []
        body(&cores[node], now, &actions)
        return actions
    }

    /// Notes which find a token stands for.
    mutating func expect(_ token: FindToken, _ peer: PeerID, id: Int) { tokens[token] = (peer, id) }

    // MARK: What the cores want done

    mutating func run(_ actions: [TrackerAction], on node: Int) {
        for action in actions {
            switch action {
            case .send(let message, let peer): sent(message, to: peer)
            case .ping(let peer), .pong(_, let peer): #expect(connections[peer] != nil)
            case .close(let peer, _, _): #expect(connections[peer] == nil)
            case .lookUp(let token, let site, let urls):
                #expect(site == Sample.site())
                pending.append(.lookUp(token, node: node, urls: urls))
            case .presence(let commands, let token): perform(commands, token, on: node)
            case .relay(let signal): pending.append(.signal(signal))
            }
        }
    }

    /// The store takes commands at once, as the cores' order demands; only its replies are late.
    private mutating func perform(_ commands: [PresenceCommand], _ token: FindToken?, on node: Int) {
        let asker = token.flatMap { tokens[$0] }.flatMap { connections[$0.peer] }
        var replies: [PresenceReply] = []
        for command in commands {
            if case .find(let content, let limit, let excluded) = command {
                #expect(excluded == asker?.address)
                guard random.next() % 10 > 0 else {
                    replies.append(.unavailable(retry: 2))
                    continue
                }
                let reply = presence.perform(command, using: &random)
                let holders = Set(
                    connections.values.filter { $0.announced.contains(content) }.map(\.address)
                ).subtracting([excluded])
                guard case .peers(let found) = reply else { continue }
                #expect(holders.isSuperset(of: found))
                #expect(found.count == min(limit, holders.count))
                replies.append(reply)
            } else {
                #expect(token == nil)
                #expect(presence.perform(command, using: &random) == .done)
            }
        }
        if let token { pending.append(.reply(token, node: node, replies)) }
    }

    /// Lets one of the things happen that are on their way.
    mutating func deliver(_ index: Int) {
        switch pending.remove(at: index) {
        case .lookUp(let token, let node, let urls):
            let answers = urls.map(Self.certified)
            let actions = step(node) { core, _, actions in core.lookedUp(token, answers, actions: &actions) }
            guard let (peer, id) = tokens[token], let find = connections[peer]?.finds[id] else {
                #expect(actions == [])
                return
            }
            if case .presence(let commands, token)? = actions.first {
                #expect(commands.count == find.contents.count)
            } else {
                #expect(find.contents.isEmpty)
            }
            run(actions, on: node)
        case .reply(let token, let node, let replies): reply(token, node, replies)
        case .signal(let signal): deliver(signal)
        case .bounced(let signal):
            guard let node = cores.firstIndex(where: { $0.node == signal.from.node }) else { return }
            let sender = PeerID(rawValue: signal.from.peer)
            let actions = step(node) { core, _, actions in core.undeliverable(signal, actions: &actions) }
            let gone = TrackerAction.send(.gone(peer: PeerID(rawValue: signal.to.peer)), to: sender)
            #expect(actions == (connections[sender] == nil ? [] : [gone]))
        }
    }

    /// What the authority says of a URL depends on its number alone.
    private static func certified(_ url: String) -> CertificateLookUp {
        let number = number(of: url)
        switch entry(number) {
        case .pending: return .pending(retry: 3)
        case .refused(let code): return .refused(ProtocolError(code, "no"))
        case .content:
            let verdict = JudgedCertificate(content: Sample.content(number), url: url, notBefore: 0, expires: .max)
            return .certified(verdict, IssuedCertificate(text: "\(number)", layer: ""))
        }
    }

    private static func number(of url: String) -> Int { url.split(separator: "/").last.flatMap { Int($0) } ?? -1 }

    /// What must come back for the URL of a number.
    static func entry(_ number: Int) -> ExpectedConnection.Entry {
        switch number % 5 {
        case 3: .pending
        case 4: .refused(.notCertifiable)
        default: .content(number, isURL: true)
        }
    }

    private mutating func reply(_ token: FindToken, _ node: Int, _ replies: [PresenceReply]) {
        let actions = step(node) { core, now, actions in
            core.foundPeers(token, replies, now: now, actions: &actions)
        }
        guard let (peer, id) = tokens[token], connections[peer] != nil else {
            #expect(actions == [])
            return
        }
        for case .peers(let found) in replies {
            for address in found { connections[peer]?.introduce(address, now: now, limits: limits) }
        }
        guard case .send(.found(id, let results), peer)? = actions.first, actions.count == 1 else {
            Issue.record("\(actions)")
            return
        }
        // Entry by entry, the peers are those that the store gave for that very content.
        let named = results.compactMap { result -> [PeerID]? in
            switch result {
            case .certified(_, _, let peers): peers
            case .degraded: []
            default: nil
            }
        }
        #expect(
            named
                == replies.map {
                    if case .peers(let peers) = $0 { peers.map { PeerID(rawValue: $0.peer) } } else { [] }
                }
        )
        run(actions, on: node)
    }

    private mutating func deliver(_ signal: PeerSignal) {
        guard let node = cores.firstIndex(where: { $0.node == signal.to.node }) else { return }
        let target = PeerID(rawValue: signal.to.peer)
        var isDelivered = false
        let actions = step(node) { core, now, actions in
            isDelivered = core.deliver(signal, now: now, actions: &actions)
        }
        #expect(isDelivered == (connections[target] != nil))
        guard isDelivered else {
            #expect(actions == [])
            pending.append(.bounced(signal))
            return
        }
        connections[target]?.introduce(signal.from, now: now, limits: limits)
        let from = PeerID(rawValue: signal.from.peer)
        #expect(actions == [.send(.signal(from: from, data: signal.data), to: target)])
    }

    /// A find's answer belongs to one that is open, and says what must be said of each entry.
    private mutating func sent(_ message: TrackerMessage, to peer: PeerID) {
        guard case .found(let id, let results) = message else { return }
        guard let find = connections[peer]?.finds.removeValue(forKey: id) else {
            Issue.record("an answer to no open find: \(message) to \(peer)")
            return
        }
        let entries = results.enumerated().map { index, result -> ExpectedConnection.Entry in
            let isURL =
                if case .content(_, true) = find.entries[min(index, find.entries.count - 1)] { true } else { false }
            switch result {
            case .pending: return .pending
            case .refused(let error): return .refused(error.code)
            case .certified(let content, let certificate, _), .degraded(let content, let certificate, _):
                #expect((certificate != nil) == isURL)
                let number = (0..<Self.contents).first { Sample.content($0) == content }
                return .content(number ?? -1, isURL: certificate != nil)
            }
        }
        #expect(entries == find.entries)
    }

    // MARK: What holds after every step

    mutating func checkInvariants() {
        var union: [ContentID: Set<PeerAddress>] = [:]
        for connection in connections.values {
            for content in connection.announced { union[content, default: []].insert(connection.address) }
        }
        #expect(presence.contentCount == union.count)
        for number in 0..<Self.contents {
            let content = Sample.content(number)
            let all = presence.perform(.find(content, limit: 1_000, excluded: Self.nobody), using: &random)
            guard case .peers(let found) = all else { continue }
            #expect(Set(found) == union[content, default: []])
        }
        for node in cores.indices {
            let own = connections.values.filter { $0.node == node }
            #expect(cores[node].connectionCount == own.count)
            #expect(cores[node].announcedCount == own.reduce(0) { $0 + $1.announced.count })
            for connection in cores[node].connections.values {
                #expect(connection.introductions.count <= limits.introductionMemory)
                #expect(connection.announced.count <= limits.announcedContents)
                #expect(connection.finds.count <= ProtocolLimits.openFinds)
            }
        }
    }
}
