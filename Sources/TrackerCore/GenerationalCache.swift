/// A bounded memory of at most two generations, for what can be had again: when the younger one is full it becomes the older one,
/// and the older one is forgotten. What is in use moves to the younger.
///
/// Keeps at least the `generationSize` entries used last, without the list and the pointers of an LRU cache.
public struct GenerationalCache<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    public let generationSize: Int
    private var young: [Key: Value] = [:]
    private var old: [Key: Value] = [:]

    public init(generationSize: Int) { self.generationSize = generationSize }

    /// Entries held; at most twice ``generationSize``.
    public var count: Int { young.count + old.count }

    /// What is known of a key. Counts as a use.
    public mutating func use(_ key: Key) -> Value? {
        if let value = young[key] { return value }
        guard let value = old.removeValue(forKey: key) else { return nil }
        self[key] = value
        return value
    }

    /// What is known of a key; setting it counts as a use, setting nil forgets it.
    public subscript(key: Key) -> Value? {
        get { young[key] ?? old[key] }
        set {
            old.removeValue(forKey: key)
            guard let newValue else {
                young.removeValue(forKey: key)
                return
            }
            if young.count >= generationSize, young[key] == nil {
                old = young
                young = [:]
            }
            young[key] = newValue
        }
    }
}
