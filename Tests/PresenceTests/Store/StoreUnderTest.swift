import ContentTrust
import Dispatch
import Presence
import Testing

/// An implementation that ``PresenceConformance`` is held against.
struct StoreUnderTest: Sendable, CustomTestStringConvertible {
    var name: String
    /// Makes an empty store.
    var make: @Sendable () async throws -> any PresenceStore
    /// How many contents a store made by ``make`` keeps anything about.
    var contentCount: @Sendable (any PresenceStore) async throws -> Int

    var testDescription: String { name }

    /// Every implementation there is; a new one is added here.
    static let all: [StoreUnderTest] = [
        StoreUnderTest(name: "memory", make: { MemoryPresenceStore() }, contentCount: memoryContentCount),
        // Not for use: shows that the suite holds for a store that answers later, on a thread of its own.
        StoreUnderTest(name: "remote", make: { RemoteStore() }, contentCount: memoryContentCount),
    ]

    private static let memoryContentCount: @Sendable (any PresenceStore) async throws -> Int = { store in
        ((store as? RemoteStore)?.inner ?? store as? MemoryPresenceStore)?.contentCount ?? -1
    }
}

/// A store behind a queue: replies come in order, after `perform` has returned, on another thread.
private final class RemoteStore: PresenceStore {
    let inner = MemoryPresenceStore()
    private let queue = DispatchQueue(label: "remote store")

    var node: UInt64 { inner.node }

    func perform(_ batch: [PresenceCommand], reply: @escaping @Sendable ([PresenceReply]) -> Void) {
        queue.async { self.inner.perform(batch, reply: reply) }
    }
}
