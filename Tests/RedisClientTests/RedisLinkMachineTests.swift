import NIOCore
import Presence
import TestSupport
import Testing

@testable import RedisClient

@Suite("RedisLinkMachine")
struct RedisLinkMachineTests {
    @Test("Commands are refused until the handshake has ended, and nothing is kept for later")
    func refusals() throws {
        var machine = machine()
        #expect(machine.send("a", now: at(0)) == .stopped)
        machine.connect(now: at(0))
        #expect(machine.send("a", now: at(0)) == .notConnected(reason: "it is being made"))
        machine.connected()
        #expect(machine.send("a", now: at(0)) == .notConnected(reason: "it is being made"))
        try shakeHands(&machine)
        #expect(machine.send("a", now: at(0)) == nil)
        #expect(machine.unansweredCount == 1)
        var random = SplitMix64(seed: 1)
        #expect(machine.failed(.loading, now: at(1), using: &random) == ["a"])
        #expect(machine.send("b", now: at(1)) == .loading)
        #expect(machine.unansweredCount == 0)
    }

    @Test("As many unanswered commands as the limit")
    func queueLimit() throws {
        var machine = machine(queueLimit: 3)
        try makeReady(&machine)
        for token in ["a", "b", "c"] { #expect(machine.send(token, now: at(0)) == nil) }
        #expect(machine.send("d", now: at(0)) == .queueFull(limit: 3))
        #expect(try received(":1\r\n", &machine) == .answer("a", nil))
        #expect(machine.send("e", now: at(0)) == nil)
        #expect(machine.send("f", now: at(0)) == .queueFull(limit: 3))
        #expect(machine.stop() == ["b", "c", "e"])
    }

    @Test("One deadline: that of the oldest unanswered command")
    func deadline() throws {
        var machine = machine()
        try makeReady(&machine)
        #expect(machine.deadline == nil)
        #expect(machine.send("a", now: at(0)) == nil)
        #expect(machine.send("b", now: at(150)) == nil)
        #expect(machine.deadline == at(200))
        #expect(try received("+OK\r\n", &machine) == .answer("a", nil))
        #expect(machine.deadline == at(350))
        #expect(machine.due(at: at(349)) == .nothing)
        #expect(machine.due(at: at(350)) == .fail(.timedOut(after: .milliseconds(200))))
        var random = SplitMix64(seed: 1)
        #expect(machine.failed(.timedOut(after: .milliseconds(200)), now: at(350), using: &random) == ["b"])
        #expect(machine.deadline == machine.session.deadline)
    }

    @Test("An error is the command's own; one that another connection may not have ends this one too")
    func errors() throws {
        var machine = machine()
        try makeReady(&machine)
        for token in ["a", "b", "c", "d"] { #expect(machine.send(token, now: at(0)) == nil) }
        #expect(try received("-OOM command not allowed\r\n", &machine) == .answer("a", .outOfMemory))
        #expect(
            try received("-WRONGTYPE x\r\n", &machine)
                == .answer("b", .other(prefix: "WRONGTYPE", message: "WRONGTYPE x"))
        )
        #expect(try received("*1\r\n-READONLY x\r\n", &machine) == .answer("c", nil))
        #expect(try received("-READONLY x\r\n", &machine) == .fail(.readOnly, answering: "d"))
    }

    @Test("A reply that no command waits for ends the connection")
    func unsolicited() throws {
        var machine = machine()
        try makeReady(&machine)
        let violation = RedisError.protocolViolation("a reply came and no command waited for one")
        #expect(try received("+OK\r\n", &machine) == .fail(violation, answering: nil))
    }

    @Test("A refusal of the handshake ends the connection")
    func refusedHandshake() throws {
        var machine = machine()
        machine.connect(now: at(0))
        machine.connected()
        #expect(
            try received("-NOAUTH Authentication required.\r\n", &machine) == .fail(.passwordRequired, answering: nil)
        )
    }

    /// A model keeps the accepted tokens that have no answer; whatever happens in whatever order, the machine gives back exactly these.
    @Test("Every accepted token comes out exactly once, in order, under random events", arguments: 0..<40)
    func everyTokenOnce(seed: Int) throws {
        var random = SplitMix64(seed: UInt64(seed))
        var jitter = SplitMix64(seed: UInt64(seed) &+ 1)
        let queueLimit = Int.random(in: 1...8, using: &random)
        var machine = machine(queueLimit: queueLimit)
        var waiting: [String] = []
        var sent = 0
        var now = 0
        func expectAll(_ tokens: [String]) {
            #expect(tokens == waiting)
            waiting = []
        }
        for _ in 0..<2_000 {
            now += Int.random(in: 0...40, using: &random)
            switch Int.random(in: 0..<20, using: &random) {
            case 0..<9:
                let token = "\(sent)"
                let isReady = machine.session.isReady
                let refusal = machine.send(token, now: at(now))
                #expect((refusal == nil) == (isReady && waiting.count < queueLimit))
                if refusal == nil { waiting.append(token) }
                sent += 1
            case 9..<15:
                guard !waiting.isEmpty else { break }
                let token = waiting.removeFirst()
                if random.oneIn(20) {
                    #expect(try received("-READONLY x\r\n", &machine) == .fail(.readOnly, answering: token))
                    expectAll(machine.failed(.readOnly, now: at(now), using: &jitter))
                } else {
                    #expect(try received("+OK\r\n", &machine) == .answer(token, nil))
                }
            case 15:
                if random.oneIn(4) {
                    expectAll(machine.failed(.notConnected(reason: "dropped"), now: at(now), using: &jitter))
                }
            case 16:
                if random.oneIn(8) { expectAll(machine.stop()) }
            default:
                switch machine.due(at: at(now)) {
                case .nothing: break
                case .connect: machine.connect(now: at(now))
                case .fail(let error): expectAll(machine.failed(error, now: at(now), using: &jitter))
                }
                switch machine.session.phase {
                case .stopped: machine.connect(now: at(now))
                case .connecting: machine.connected()
                case .handshaking: try shakeHands(&machine)
                case .ready, .waiting: break
                }
            }
            #expect(machine.unansweredCount == waiting.count)
            #expect(machine.session.isReady || waiting.isEmpty)
        }
        #expect(sent > 100)
        expectAll(machine.stop())
    }

    // MARK: Helpers

    private func machine(queueLimit: Int = 100) -> RedisLinkMachine<String> {
        let session = RedisSession(usesPassword: false, connectTimeout: .seconds(1), backoff: Backoff())
        return RedisLinkMachine(session: session, timeout: .milliseconds(200), queueLimit: queueLimit)
    }

    private func makeReady(_ machine: inout RedisLinkMachine<String>) throws {
        machine.connect(now: at(0))
        machine.connected()
        try shakeHands(&machine)
    }

    private func shakeHands(_ machine: inout RedisLinkMachine<String>) throws {
        #expect(try received("+PONG\r\n", &machine) == .handshake)
        #expect(try received("$13\r\nrole:master\r\n\r\n", &machine) == .handshake)
        #expect(try received("$19\r\ncluster_enabled:0\r\n\r\n", &machine) == .ready)
    }

    private func received(_ text: String, _ machine: inout RedisLinkMachine<String>) throws
        -> RedisLinkMachine<String>.Received
    {
        var reader = RESPReader()
        var results: [RedisLinkMachine<String>.Received] = []
        try reader.read(ByteBuffer(string: text)) { results.append(machine.received($0)) }
        #expect(results.count == 1)
        return try #require(results.first)
    }
}
