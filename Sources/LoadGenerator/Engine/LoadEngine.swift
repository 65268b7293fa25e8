import ContentTrust
import NIOCore
import NIOPosix
import Presence
import TrackerProtocol

/// All clients of a generator, on one event loop: their connections, what they send and what they are answered, and the ledger that judges it.
///
/// One loop on purpose: the ledger is shared by all clients and needs no lock, and a client's message costs less than the tracker's work on
/// it, so that one core loads more than one tracker core. Not `Sendable`; ``LoadGenerator`` is what others hold.
final class LoadEngine {
    /// Faults kept in words.
    private static let faultLimit = 10

    let plan: LoadPlan
    let eventLoop: any EventLoop
    private let bootstrap: ClientBootstrap
    private let sources: SourceAddresses
    var mint: CertificateMint
    let sampler: ContentSampler
    var random: SplitMix64
    let clients: [LoadClient]
    /// Those that have been welcomed, in no order.
    private(set) var openClients: [LoadClient] = []
    var clientsByPeer: [PeerID: LoadClient] = [:]
    var ledger: PresenceLedger
    var counts = LoadCounts()
    var latencies = LoadLatencies()
    private(set) var faults: [String] = []

    // Requests.
    var nextID = 1
    var deadlines = FirstInFirstOut<Deadline>()
    var retries = FirstInFirstOut<Retry>()
    var signals: [Int: OpenSignal] = [:]
    var signalDeadlines = FirstInFirstOut<(serial: Int, at: Int)>()
    /// Clients whose backlog waits for their message budget.
    var starved: Set<Int> = []
    private var unflushed: [LoadClient] = []

    // Pace.
    /// Whether operations are being done.
    var isDriving = false
    /// Whether clients announce as soon as they are connected.
    var announcesOnConnect = true
    var due = OperationRates()
    var lastTick: Int
    var ticks = 0
    var lastHeartbeat: Int
    /// Operations of a closed loop that wait.
    var paced = 0
    var conditions: [(isMet: (LoadEngine) -> Bool, promise: EventLoopPromise<Void>)] = []

    // Connecting.
    private var toOpen = FirstInFirstOut<Int>()
    private var opening = 0
    private var isClosing = false

    /// Something that should have been answered by a time.
    struct Deadline {
        var client: Int
        var generation: Int
        /// Nil for `welcome`.
        var id: Int?
        var at: Int
    }

    struct Retry {
        var client: Int
        var generation: Int
        var content: Int
        var at: Int
    }

    struct OpenSignal {
        var from: PeerID
        var to: PeerID
        var sentAt: Int
        var isSameTracker: Bool
        var isPaced: Bool
    }

    init(plan: LoadPlan, mint: CertificateMint, sources: SourceAddresses, eventLoop: any EventLoop) {
        self.plan = plan
        self.mint = mint
        self.sources = sources
        self.eventLoop = eventLoop
        bootstrap = ClientBootstrap(group: eventLoop)
            .connectTimeout(.seconds(5))
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
        sampler = ContentSampler(count: plan.contents, plan.popularity)
        var random = SplitMix64(seed: plan.seed)
        let sampler = sampler
        clients = (0..<plan.connections).map { index in
            LoadClient(
                index: index,
                base: sampler.draw(plan.contentsPerConnection, using: &random),
                tracker: index % plan.trackers.count
            )
        }
        self.random = random
        ledger = PresenceLedger(
            contents: plan.contents,
            grace: Int(plan.grace.nanoseconds),
            answerLimit: LoadLimits.answerTimeout
        )
        lastTick = Self.now
        lastHeartbeat = Self.now
    }

    /// Nanoseconds.
    static var now: Int { Int(NIODeadline.now().uptimeNanoseconds) }

    func fault(_ text: @autoclosure () -> String) {
        guard faults.count < Self.faultLimit else { return }
        let text = text()
        if !faults.contains(text) { faults.append(text) }
    }

    // MARK: Connections

    func openAll() {
        for client in clients { toOpen.append(client.index) }
        openMore()
    }

    private func openMore() {
        while opening < LoadLimits.opening, !isClosing, let index = toOpen.popFirst() { connect(clients[index]) }
    }

    private func connect(_ client: LoadClient) {
        opening += 1
        client.generation += 1
        let generation = client.generation
        deadlines.append(
            Deadline(
                client: client.index,
                generation: generation,
                id: nil,
                at: Self.now + LoadLimits.answerTimeout
            )
        )
        let tracker = plan.trackers[client.tracker]
        let engine = NIOLoopBound(self, eventLoop: eventLoop)
        let bound = NIOLoopBound(client, eventLoop: eventLoop)
        let site = mint.site.text
        var bootstrap = bootstrap
        if let source = sources.address(of: client.index) { bootstrap = bootstrap.bind(to: source) }
        let connecting = bootstrap.channelInitializer { channel in
            channel.eventLoop.makeCompletedFuture {
                let handler = LoadConnectionHandler(
                    engine: engine.value,
                    client: bound.value,
                    host: "\(tracker.host):\(tracker.port)",
                    site: site
                )
                try channel.pipeline.syncOperations.addHandler(handler)
            }
        }
        .connect(host: tracker.host, port: tracker.port)
        connecting.assumeIsolated().whenComplete { [self] result in
            switch result {
            case .success(let channel):
                guard client.generation == generation, channel.isActive else { return channel.close(promise: nil) }
                client.channel = channel
            case .failure(let error):
                fault("connecting to \(tracker.host):\(tracker.port): \(error)")
                // Nothing was added to the channel, or it has told of its end already.
                ended(client, generation)
            }
        }
    }

    func handshakeRefused(_ answer: String) { fault("the handshake was answered \"\(answer)\"") }

    /// A client's connection has its peer ID.
    func welcomed(_ client: LoadClient, as peer: PeerID, limits: ProtocolLimits) {
        guard client.peer == nil else { return fault("a second welcome came") }
        opening -= 1
        if client.hasConnected { counts.reconnects += 1 }
        client.hasConnected = true
        client.backoff.succeeded()
        client.peer = peer
        client.place = openClients.count
        client.budget = MessageBudget(ratePerSecond: limits.messageRate, burst: limits.messageBurst)
        openClients.append(client)
        clientsByPeer[peer] = client
        ledger.connected(peer, now: Self.now)
        if announcesOnConnect { announceAll(client) }
        openMore()
    }

    /// A connection has ended, or was not established; the client comes back later.
    func ended(_ client: LoadClient, _ generation: Int) {
        guard client.generation == generation else { return }
        // Nothing of this connection means anything from here on.
        client.generation += 1
        if let peer = client.peer {
            let last = openClients.removeLast()
            if last !== client {
                openClients[client.place] = last
                last.place = client.place
            }
            clientsByPeer[peer] = nil
            ledger.ended(peer, now: Self.now)
        } else {
            opening -= 1
            counts.connectsFailed += 1
        }
        let requests = client.open
        let isOnPurpose = client.isClosedOnPurpose
        counts.missesExcused += client.probes.count
        client.forgetConnection()
        for (_, request) in requests { if isOnPurpose { completed(request) } else { failed(request, of: client) } }
        guard !isClosing else { return openMore() }
        // As behind a load balancer: whoever was lost, somebody else serves.
        client.tracker = Int.random(in: plan.trackers.indices, using: &random)
        let generation = client.generation
        let delay = client.backoff.next(using: &random)
        eventLoop.assumeIsolated().scheduleTask(in: .milliseconds(Int64(delay))) { [self] in
            guard client.generation == generation else { return }
            toOpen.append(client.index)
            openMore()
        }
        openMore()
    }

    /// Ends a client's connection without a word, as a closed laptop does.
    func disconnect(_ client: LoadClient) {
        client.isClosedOnPurpose = true
        client.channel?.close(promise: nil)
    }

    /// Ends all connections, for good.
    func closeAll() {
        isClosing = true
        for client in clients { disconnect(client) }
    }

    // MARK: Sending

    /// Sends one frame, flushed with others.
    func write(_ opcode: WebSocketOpcode = .text, to client: LoadClient, _ payload: (inout ByteBuffer) -> Void) {
        guard let channel = client.channel else { return }
        let mask = UInt32(truncatingIfNeeded: random.next())
        let frame = WebSocketEncoder.frame(
            opcode,
            mask: mask,
            allocator: channel.allocator,
            capacity: 1_024,
            payload: payload
        )
        channel.write(frame, promise: nil)
        guard !client.hasUnflushed else { return }
        client.hasUnflushed = true
        unflushed.append(client)
    }

    func flush() {
        guard !unflushed.isEmpty else { return }
        let clients = unflushed
        unflushed.removeAll(keepingCapacity: true)
        for client in clients {
            client.hasUnflushed = false
            client.channel?.flush()
        }
    }

    // MARK: Reporting

    var currentCounts: LoadCounts {
        var counts = counts
        counts.connections = openClients.count
        counts.announced = ledger.announcedCount
        return counts
    }
}
