import Presence
import TestSupport
import Testing
import TrackerCore

/// The bounded memory behind verdicts and certificates.
@Suite struct GenerationalCacheTests {
    @Test func keepsTheLatestAndForgetsTheOldest() {
        var cache = GenerationalCache<Int, String>(generationSize: 3)
        for key in 1...3 { cache[key] = "\(key)" }
        #expect((1...3).allSatisfy { cache[$0] == "\($0)" })
        for key in 4...6 { cache[key] = "\(key)" }
        #expect((1...6).allSatisfy { cache[$0] == "\($0)" })
        cache[7] = "7"
        #expect((1...3).allSatisfy { cache[$0] == nil })
        #expect((4...7).allSatisfy { cache[$0] == "\($0)" })
    }

    @Test func keepsWhatIsUsed() {
        var cache = GenerationalCache<Int, Int>(generationSize: 3)
        for key in 0..<1_000 {
            cache[key] = key
            #expect(cache.use(0) == 0)
        }
    }

    @Test func forgetsWhatIsSetToNil() {
        var cache = GenerationalCache<Int, Int>(generationSize: 2)
        for key in 1...4 { cache[key] = key }
        cache[1] = nil
        cache[4] = nil
        cache[9] = nil
        #expect([1, 2, 3, 4].map { cache[$0] } == [nil, 2, 3, nil])
        #expect(cache.count == 2)
    }

    /// Bounded by two generations, never wrong, and never without one of the entries used last.
    @Test(arguments: 1...8 as ClosedRange<UInt64>)
    func isABoundedDictionary(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let size = Int.random(in: 1...10, using: &random)
        var cache = GenerationalCache<Int, Int>(generationSize: size)
        var model: [Int: Int] = [:]
        var lastUsed: [Int] = []
        for step in 0..<3_000 {
            let key = Int.random(in: 0..<25, using: &random)
            lastUsed.removeAll { $0 == key }
            // Whatever is done with a key, those used before it are one place further back.
            lastUsed.append(key)
            switch Int.random(in: 0..<5, using: &random) {
            case 0:
                cache[key] = nil
                model[key] = nil
            case 1, 2:
                cache[key] = step
                model[key] = step
            default:
                let value = cache.use(key)
                if value == nil { model[key] = nil }
                #expect(value == model[key])
            }
            #expect(cache.count <= 2 * size)
            for key in lastUsed.suffix(size) { #expect(cache[key] == model[key]) }
        }
    }
}
