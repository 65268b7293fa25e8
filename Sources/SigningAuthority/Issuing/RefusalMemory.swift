import ContentTrust

/// What content is about: a URL, as a certain site uses it.
struct ContentKey: Hashable, Sendable {
    let site: WebOrigin
    let url: ContentURL
}

/// Remembers refusals for a while, so that a URL that cannot be certified does not cost a fetch each time it is asked for.
struct RefusalMemory: Sendable {
    private struct Entry {
        let refusal: Refusal
        let expiresAt: Int
    }

    /// Seconds.
    let lifetime: Int
    let capacity: Int
    private var entries: [ContentKey: Entry] = [:]
    /// Every remembered key, oldest first; the lifetime is one for all, so this is the order of expiry, too.
    private var order: [(key: ContentKey, expiresAt: Int)] = []

    init(lifetime: Int, capacity: Int) {
        self.lifetime = lifetime
        self.capacity = capacity
    }

    var count: Int { entries.count }

    func refusal(of key: ContentKey, now: Int) -> Refusal? {
        guard let entry = entries[key], now < entry.expiresAt else { return nil }
        return entry.refusal
    }

    mutating func remember(_ refusal: Refusal, of key: ContentKey, now: Int) {
        forget(key)
        let expired = order.prefix { $0.expiresAt <= now }.count
        removeOldest(max(expired, entries.count - capacity + 1))
        entries[key] = Entry(refusal: refusal, expiresAt: now + lifetime)
        order.append((key, now + lifetime))
    }

    mutating func forget(_ key: ContentKey) {
        guard entries.removeValue(forKey: key) != nil else { return }
        order.removeAll { $0.key == key }
    }

    /// For a site whose registration has changed: what was refused before may be allowed now.
    mutating func forget(site: WebOrigin) {
        entries = entries.filter { $0.key.site != site }
        order.removeAll { $0.key.site == site }
    }

    private mutating func removeOldest(_ count: Int) {
        for (key, _) in order.prefix(max(0, count)) { entries[key] = nil }
        order.removeFirst(max(0, count))
    }
}
