/// A condition that did not come true in time.
public struct DeadlineExceeded: Error, CustomStringConvertible {
    public let description: String
}

/// Waits until `condition` gives a value, looking again every few milliseconds; throws when `deadline` passes first.
///
/// The deadline is generous because it only bounds a failing test: a passing one goes on as soon as the condition holds.
public func eventually<Value>(
    _ expectation: String,
    within deadline: Duration = .seconds(30),
    _ condition: () async throws -> Value?
) async throws -> Value {
    let clock = ContinuousClock()
    let end = clock.now + deadline
    while true {
        if let value = try await condition() { return value }
        guard clock.now < end else { throw DeadlineExceeded(description: "not within \(deadline): \(expectation)") }
        try await Task.sleep(for: .milliseconds(5))
    }
}

/// Waits until `condition` is true, as the other `eventually` does until there is a value.
public func eventually(
    _ expectation: String,
    within deadline: Duration = .seconds(30),
    _ condition: () async throws -> Bool
) async throws {
    _ = try await eventually(expectation, within: deadline) { () -> Bool? in try await condition() ? true : nil }
}
