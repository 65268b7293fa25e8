import Foundation

/// Tells the time; replaceable, so that tests need not wait for it.
public struct AuthorityClock: Sendable {
    /// Seconds since 1970.
    public let now: @Sendable () -> Int

    public init(now: @escaping @Sendable () -> Int) { self.now = now }

    public static let system = AuthorityClock { Int(Date().timeIntervalSince1970) }
}
