/// A rate with a burst: a token bucket that fills as time passes and starts full.
struct TokenBucket {
    private let ratePerSecond: Int
    private let capacity: Int
    /// Thousandths of a token, so that integers suffice.
    private var millitokens: Int
    private var filledAt: Int

    init(ratePerSecond: Int, capacity: Int, now: Moment) {
        self.ratePerSecond = ratePerSecond
        self.capacity = capacity
        millitokens = capacity * 1000
        filledAt = now.uptimeMilliseconds
    }

    /// Takes one token; false when there is none.
    mutating func take(now: Moment) -> Bool {
        let elapsed = max(0, now.uptimeMilliseconds - filledAt)
        filledAt = now.uptimeMilliseconds
        // A pause that fills the bucket anyway needs no product, which could overflow.
        let filling = capacity * 1000 / max(1, ratePerSecond)
        millitokens = elapsed > filling ? capacity * 1000 : min(capacity * 1000, millitokens + elapsed * ratePerSecond)
        guard millitokens >= 1000 else { return false }
        millitokens -= 1000
        return true
    }
}
