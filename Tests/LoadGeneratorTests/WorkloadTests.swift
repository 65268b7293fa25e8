import Foundation
import NIOCore
import Presence
import Testing

@testable import LoadGenerator

@Suite struct WorkloadTests {
    /// Each content's share of many draws is what the law says, within five standard deviations.
    @Test(arguments: [Popularity.uniform, .zipf(exponent: 0.8), .zipf(exponent: 1.2)])
    func contentsAreDrawnByTheirPopularity(popularity: Popularity) {
        let count = 50
        let draws = 200_000
        let sampler = ContentSampler(count: count, popularity)
        var random = SplitMix64(seed: 7)
        var drawn = [Int](repeating: 0, count: count)
        for _ in 0..<draws { drawn[sampler.draw(using: &random)] += 1 }
        var exponent = 0.0
        if case .zipf(let given) = popularity { exponent = given }
        let weights = (1...count).map { pow(Double($0), -exponent) }
        let total = weights.reduce(0, +)
        for (content, weight) in weights.enumerated() {
            let share = weight / total
            let deviation = (share * (1 - share) * Double(draws)).squareRoot()
            #expect(abs(Double(drawn[content]) - share * Double(draws)) < 5 * deviation)
        }
    }

    @Test(arguments: [(10, 3), (10, 10), (10, 20), (1, 1), (1_000, 900), (5, 0)])
    func severalContentsAreDifferent(count: Int, wanted: Int) {
        var random = SplitMix64(seed: 3)
        for popularity in [Popularity.uniform, .zipf(exponent: 3)] {
            let drawn = ContentSampler(count: count, popularity).draw(wanted, using: &random)
            #expect(drawn.count == min(wanted, count))
            #expect(Set(drawn).count == drawn.count)
            #expect(drawn.allSatisfy { (0..<count).contains($0) })
        }
    }

    @Test func backoffDoublesUpToItsLimit() {
        var random = SplitMix64(seed: 1)
        var longest = [Int](repeating: 0, count: 20)
        for _ in 0..<500 {
            var backoff = Backoff()
            for attempt in longest.indices { longest[attempt] = max(longest[attempt], backoff.next(using: &random)) }
            backoff.succeeded()
            #expect(backoff.failures == 0)
        }
        for (attempt, delay) in longest.enumerated() {
            let range = min(Backoff.longest, Backoff.base << min(attempt, 10))
            #expect(delay <= range)
            #expect(delay > range * 9 / 10)
        }
    }

    /// Whatever is tried, no more passes than a token bucket of the tracker's size lets through.
    @Test func aBudgetStaysBelowTheTrackersRate() {
        let (rate, burst) = (50, 200)
        var budget = MessageBudget(ratePerSecond: rate, burst: burst)
        var tokens = Double(burst)
        var passed = 0
        for millisecond in 0..<20_000 {
            tokens = min(Double(burst), tokens + Double(rate) / 1_000)
            for _ in 0..<3 where budget.take(now: millisecond * 1_000_000) {
                tokens -= 1
                passed += 1
                #expect(tokens >= 0)
            }
        }
        #expect(passed > rate * 20 * 8 / 10)
    }

    @Test func endpointsAreWebSocketURLs() throws {
        #expect(try TrackerEndpoint("ws://127.0.0.1:8000") == TrackerEndpoint(host: "127.0.0.1", port: 8_000))
        #expect(try TrackerEndpoint("ws://node.example/v1/connect") == TrackerEndpoint(host: "node.example", port: 80))
        for text in ["wss://a.example", "127.0.0.1:8000", "ws://", "ws://a b", "ws://a:0x"] {
            #expect(throws: TrackerEndpoint.Invalid.self) { try TrackerEndpoint(text) }
        }
    }

    @Test func manyConnectionsComeFromSeveralAddresses() throws {
        let loopback = [TrackerEndpoint(host: "127.0.0.1", port: 8_000)]
        let few = try SourceAddresses(connections: SourceAddresses.share, trackers: loopback)
        #expect(few.address(of: 0) == nil)
        let many = try SourceAddresses(connections: SourceAddresses.share + 1, trackers: loopback)
        #expect(many.address(of: 0)?.ipAddress == "127.0.0.1")
        #expect(many.address(of: 1)?.ipAddress == "127.0.0.2")
        let elsewhere = [TrackerEndpoint(host: "192.0.2.1", port: 8_000)]
        #expect(throws: LoadError.self) {
            try SourceAddresses(connections: SourceAddresses.share + 1, trackers: elsewhere)
        }
        #expect(throws: LoadError.self) {
            try SourceAddresses(connections: SourceAddresses.share * SourceAddresses.limit + 1, trackers: loopback)
        }
    }

    @Test func queuesKeepTheirOrder() {
        var queue = FirstInFirstOut<Int>()
        var expected = 0
        for value in 0..<10_000 {
            queue.append(value)
            if value % 3 == 0 {
                #expect(queue.popFirst() == expected)
                expected += 1
            }
        }
        while let value = queue.popFirst() {
            #expect(value == expected)
            expected += 1
        }
        #expect(expected == 10_000)
    }
}
