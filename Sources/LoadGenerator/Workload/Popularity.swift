import Foundation

/// How often each of a number of contents is chosen.
public enum Popularity: Sendable, Equatable {
    case uniform
    /// The k-th content is chosen in proportion to k to the power of minus `exponent`, as requests on the web are (Breslau et al., INFOCOM 1999).
    case zipf(exponent: Double)
}

/// Draws contents by their popularity: a binary search in the cumulated shares.
public struct ContentSampler: Sendable {
    public let count: Int
    /// Of the contents up to and with each one; empty when all are alike.
    private let cumulated: [Double]

    /// - Precondition: there is a content.
    public init(count: Int, _ popularity: Popularity) {
        precondition(count > 0, "there is nothing to choose from")
        self.count = count
        guard case .zipf(let exponent) = popularity else {
            cumulated = []
            return
        }
        var sum = 0.0
        cumulated = (1...count).map { rank in
            sum += pow(Double(rank), -exponent)
            return sum
        }
    }

    /// From 0 to `count` − 1; 0 is the most popular.
    public func draw(using random: inout some RandomNumberGenerator) -> Int {
        guard let total = cumulated.last else { return Int.random(in: 0..<count, using: &random) }
        let drawn = Double.random(in: 0..<total, using: &random)
        var low = 0
        var high = count - 1
        while low < high {
            let middle = (low + high) / 2
            if cumulated[middle] > drawn { high = middle } else { low = middle + 1 }
        }
        return low
    }

    /// Different contents, in the order drawn; all of them when more are wanted.
    public func draw(_ wanted: Int, using random: inout some RandomNumberGenerator) -> [Int] {
        guard wanted < count else { return Array(0..<count) }
        var drawn: [Int] = []
        var known: Set<Int> = []
        // The popular ones come again and again: after so many draws in vain the next free ones are taken.
        var misses = 0
        while drawn.count < wanted {
            var content = draw(using: &random)
            if known.contains(content) {
                misses += 1
                guard misses > 8 * wanted else { continue }
                while known.contains(content) { content = (content + 1) % count }
            }
            known.insert(content)
            drawn.append(content)
        }
        return drawn
    }
}
