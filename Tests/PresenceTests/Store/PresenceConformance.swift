import ContentTrust
import Dispatch
import Presence
import Synchronization
import TestSupport
import Testing

/// What ``PresenceStore`` promises beyond its signatures, held against every implementation.
@Suite(.timeLimit(.minutes(5))) struct PresenceConformance {
    private typealias Model = PresenceModel
    private static let nobody = PeerAddress(node: 99, peer: 99)

    @Test(arguments: StoreUnderTest.all, 1...10 as ClosedRange<UInt64>)
    func doesWhatAPlainSetDoes(under test: StoreUnderTest, seed: UInt64) async throws {
        let store = try await test.make()
        var random = SplitMix64(seed: seed)
        var model = Model()
        for _ in 0..<200 {
            let batch = Model.randomBatch(using: &random)
            let replies = await store.perform(batch)
            #expect(replies.count == batch.count)
            for (command, reply) in zip(batch, replies) { model.check(command, reply) }
        }
        #expect(try await test.contentCount(store) == model.contentCount)
    }

    /// Batches of one caller take effect in their order, also when it does not wait for the replies.
    @Test(arguments: StoreUnderTest.all, 1...5 as ClosedRange<UInt64>)
    func keepsTheOrderOfOneCallersBatches(under test: StoreUnderTest, seed: UInt64) async throws {
        let store = try await test.make()
        var random = SplitMix64(seed: seed)
        let batches = (0..<200).map { _ in Model.randomBatch(using: &random) }
        let collector = ReplyCollector(expected: batches.count)
        for (index, batch) in batches.enumerated() { store.perform(batch) { collector.add($0, to: index) } }
        var model = Model()
        for (batch, replies) in zip(batches, try await collector.complete()) {
            #expect(replies.count == batch.count)
            for (command, reply) in zip(batch, replies) { model.check(command, reply) }
        }
    }

    @Test(arguments: StoreUnderTest.all)
    func answersAnEmptyBatch(under test: StoreUnderTest) async throws {
        let store = try await test.make()
        #expect(await store.perform([]) == [])
    }

    @Test(arguments: StoreUnderTest.all)
    func addsAndRemovesAnyNumberOfTimes(under test: StoreUnderTest) async throws {
        let store = try await test.make()
        let (content, peer) = (Model.content(0), Model.peer(0))
        #expect(await store.perform([.remove(content, peer)]) == [.done])
        #expect(await store.perform([.add(content, peer), .add(content, peer)]) == [.done, .done])
        #expect(try await store.find(content, limit: 5, excluded: Self.nobody) == [peer])
        #expect(await store.perform([.remove(content, peer)]) == [.done])
        #expect(try await store.find(content, limit: 5, excluded: Self.nobody) == [])
        #expect(await store.perform([.remove(content, peer)]) == [.done])
    }

    @Test(arguments: StoreUnderTest.all, [0, 1, 2, 9, 10, 11, 64])
    func givesAsManyAsAreAskedForAndThere(under test: StoreUnderTest, limit: Int) async throws {
        let store = try await test.make()
        let content = Model.content(0)
        let peers = (0..<10).map(Model.peer)
        _ = await store.perform(peers.map { .add(content, $0) })
        let everybody = try await store.find(content, limit: limit, excluded: Self.nobody)
        #expect(everybody.count == min(limit, 10))
        #expect(Set(everybody).count == everybody.count)
        let others = try await store.find(content, limit: limit, excluded: peers[3])
        #expect(others.count == min(limit, 9))
        #expect(!others.contains(peers[3]))
        #expect(try await store.find(Model.content(1), limit: limit, excluded: Self.nobody) == [])
    }

    /// Whatever place the excluded peer has, and whatever was removed before.
    @Test(arguments: StoreUnderTest.all)
    func neverGivesTheExcludedPeer(under test: StoreUnderTest) async throws {
        let store = try await test.make()
        let content = Model.content(0)
        let peers = (0..<12).map(Model.peer)
        _ = await store.perform(peers.map { .add(content, $0) })
        for removed in [5, 0, 11] {
            _ = await store.perform([.remove(content, peers[removed])])
            for excluded in peers {
                for limit in [1, 4, 11] {
                    let found = try await store.find(content, limit: limit, excluded: excluded)
                    #expect(!found.contains(excluded))
                    #expect(!found.contains(peers[removed]))
                }
            }
        }
    }

    /// "About as likely as any other": a store may trade exactness for speed, but neither starve a peer nor send everybody to one.
    @Test(arguments: StoreUnderTest.all)
    func givesEachPeerAboutAsOften(under test: StoreUnderTest) async throws {
        let store = try await test.make()
        let content = Model.content(0)
        let peers = (0..<25).map(Model.peer)
        _ = await store.perform(peers.map { .add(content, $0) })
        let find = PresenceCommand.find(content, limit: 8, excluded: peers[0])
        var given: [PeerAddress: Int] = [:]
        for case .peers(let found) in await store.perform([PresenceCommand](repeating: find, count: 6_000)) {
            for peer in found { given[peer, default: 0] += 1 }
        }
        let mean = 6_000 * 8 / 24
        for peer in peers.dropFirst() { #expect(((mean / 8)...(mean * 4)).contains(given[peer, default: 0])) }
    }

    @Test(arguments: StoreUnderTest.all)
    func keepsNothingOfContentThatNobodyHas(under test: StoreUnderTest) async throws {
        let store = try await test.make()
        let contents = (0..<50).map(Model.content)
        for content in contents {
            _ = await store.perform([
                .find(content, limit: 3, excluded: Self.nobody), .remove(content, Model.peer(0)),
            ])
        }
        #expect(try await test.contentCount(store) == 0)
        for peer in (0..<4).map(Model.peer) { _ = await store.perform(contents.map { .add($0, peer) }) }
        #expect(try await test.contentCount(store) == 50)
        for peer in (0..<4).map(Model.peer) { _ = await store.perform(contents.map { .remove($0, peer) }) }
        #expect(try await test.contentCount(store) == 0)
    }

    /// A find of one caller sees what another was replied to.
    @Test(arguments: StoreUnderTest.all)
    func showsOneCallersEffectsToAnother(under test: StoreUnderTest) async throws {
        let store = try await test.make()
        let content = Model.content(0)
        for number in 0..<50 {
            let peer = Model.peer(number)
            await Task { _ = await store.perform([.add(content, peer)]) }.value
            let found = try await Task { try await store.find(content, limit: 64, excluded: Self.nobody) }.value
            #expect(found == [peer])
            await Task { _ = await store.perform([.remove(content, peer)]) }.value
        }
    }

    /// Callers on many threads: every reply comes exactly once, and each caller sees its own order on contents of its own.
    @Test(arguments: StoreUnderTest.all)
    func servesManyThreads(under test: StoreUnderTest) async throws {
        let store = try await test.make()
        let shared = Model.content(0)
        let callers = 8
        let rounds = 100
        let collector = ReplyCollector(expected: callers * rounds)
        DispatchQueue.concurrentPerform(iterations: callers) { caller in
            let own = Model.content(1 + caller)
            for round in 0..<rounds {
                let peer = Model.peer(caller * rounds + round)
                let batch: [PresenceCommand] = [
                    .add(shared, peer), .add(own, peer), .find(own, limit: 1_000, excluded: Self.nobody),
                ]
                store.perform(batch) { collector.add($0, to: caller * rounds + round) }
            }
        }
        for (index, replies) in try await collector.complete().enumerated() {
            #expect(replies.count == 3)
            let added = (0...(index % rounds)).map { Model.peer(index / rounds * rounds + $0) }
            guard case .peers(let found)? = replies.last else {
                Issue.record("\(replies)")
                continue
            }
            // A store that asks in several steps may see what the caller has added since; never less than what it added before.
            let missing = Set(added).subtracting(found).count
            let foreign = found.count { Int($0.peer) / rounds != index / rounds }
            #expect(missing == 0 && foreign == 0)
        }
        let everybody = try await store.find(shared, limit: 10_000, excluded: Self.nobody)
        #expect(everybody.count == callers * rounds)
    }
}

/// Gathers replies from any thread, and notes one that comes twice.
private final class ReplyCollector: Sendable {
    private struct State {
        var replies: [[PresenceReply]?]
        var repeated = 0
    }

    private let state: Mutex<State>

    init(expected: Int) { state = Mutex(State(replies: Array(repeating: nil, count: expected))) }

    func add(_ replies: [PresenceReply], to index: Int) {
        state.withLock { state in
            if state.replies[index] != nil { state.repeated += 1 }
            state.replies[index] = replies
        }
    }

    /// Waits for every reply.
    func complete() async throws -> [[PresenceReply]] {
        let replies = try await eventually("a reply to each batch") {
            state.withLock { state in state.replies.contains { $0 == nil } ? nil : state.replies.compactMap { $0 } }
        }
        #expect(state.withLock { $0.repeated } == 0)
        return replies
    }
}
