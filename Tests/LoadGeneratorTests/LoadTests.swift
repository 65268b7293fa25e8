import ContentTrust
import LoadGenerator
import Presence
import Signing
import Synchronization
import TestSupport
import Testing

/// The generator against real nodes: one that keeps its word, and some that do not.
@Suite struct LoadTests {
    @Test func aNodeThatKeepsItsWordIsClean() async throws {
        let report = try await LoadedNode.run { node in
            try await node.load(node.plan(), until: "everything has happened often") { counts in
                counts.finds > 1_000 && counts.announces > 300 && counts.leaves > 100 && counts.reconnects > 10
                    && counts.signalsArrived > 100
            }
        }
        let counts = report.counts
        #expect(report.isClean, "\(report.faults)")
        #expect(counts.misses == 0)
        #expect(counts.staleIntroductions == 0)
        #expect(counts.foreign == 0)
        #expect(counts.introductions > 1_000)
        #expect(counts.signalsLost == 0)
        #expect(counts.errors.isEmpty, "\(report.faults)")
        #expect(report.latencies.find?.count ?? 0 >= 1_000)
        #expect(report.latencies.signalSameTracker?.count == counts.signalsArrived)
        #expect(report.latencies.signalOtherTracker == nil)
    }

    @Test func aClosedLoopKeepsItsOutstandingOperations() async throws {
        let report = try await LoadedNode.run { node in
            var plan = node.plan()
            plan.pace = .outstanding(20)
            plan.rates.disconnects = 0
            return try await node.load(plan, until: "many finds") { $0.finds > 2_000 && $0.signalsArrived > 100 }
        }
        #expect(report.isClean, "\(report.faults)")
        // Its clients stay within the message rate of the node's welcome.
        #expect(report.counts.errors.isEmpty, "\(report.faults)")
    }

    @Test func allContentsAreLeftAndAnnouncedAgain() async throws {
        try await LoadedNode.run { node in
            let plan = node.plan()
            let generator = try await LoadGenerator(
                plan,
                key: node.authority.signingKey,
                site: WebOrigin(LoadedNode.site)
            )
            let all = plan.connections * plan.contentsPerConnection
            try await generator.connect(announcing: false)
            #expect(try await generator.report().counts.announced == 0)
            try await generator.announceAll()
            #expect(try await generator.report().counts.announced == all)
            try await generator.leaveAll()
            #expect(try await generator.report().counts.announced == 0)
            let report = try await generator.close()
            #expect(report.counts.announces == all)
            #expect(report.isClean)
        }
    }

    /// A store that does not do what it says.
    private struct LyingStore: PresenceStore {
        let honest = MemoryPresenceStore()
        var node: UInt64 { honest.node }
        let isCarriedOut: @Sendable (PresenceCommand) -> Bool

        func perform(_ batch: [PresenceCommand], reply: @escaping @Sendable ([PresenceReply]) -> Void) {
            honest.perform(batch.filter(isCarriedOut)) { replies in
                // Nobody waits for the replies to what was left out: it is never a find.
                reply(replies + Array(repeating: .done, count: batch.count - replies.count))
            }
        }
    }

    @Test func peersThatAreNeverRemovedAreStale() async throws {
        let store = LyingStore { if case .remove = $0 { false } else { true } }
        let report = try await LoadedNode.run(store: store) { node in
            try await node.load(node.plan(), until: "a stale introduction") { $0.staleIntroductions > 0 }
        }
        #expect(!report.isClean)
        #expect(report.faults.contains { $0.contains("stale") || $0.contains("never") }, "\(report.faults)")
    }

    @Test func peersThatAreNotAddedAreMissed() async throws {
        let adds = Atomic(0)
        let store = LyingStore { command in
            guard case .add = command else { return true }
            return adds.add(1, ordering: .relaxed).newValue % 20 != 0
        }
        let report = try await LoadedNode.run(store: store) { node in
            var plan = node.plan()
            plan.peersWanted = 16
            return try await node.load(plan, until: "a miss") { $0.misses > 0 }
        }
        #expect(!report.isClean)
        #expect(report.faults.contains { $0.contains("was not shown") }, "\(report.faults)")
    }

    @Test func aKeyThatIsNotInTheKeysetIsAFault() async throws {
        let report = try await LoadedNode.run { node in
            let generator = try await LoadGenerator(
                node.plan(),
                key: try SigningKey.generate(),
                site: WebOrigin(LoadedNode.site)
            )
            try await generator.connect()
            return try await generator.close()
        }
        #expect(!report.isClean)
        #expect(report.counts.announces == 0)
        #expect(report.counts.errors["unknown-key"] ?? 0 > 0)
        #expect(report.counts.announcesUncovered > 0)
    }
}
