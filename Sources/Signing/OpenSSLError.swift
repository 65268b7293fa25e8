import COpenSSL

/// An operation of OpenSSL failed.
public struct OpenSSLError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What was attempted.
    public let operation: String
    /// OpenSSL's own reason; empty when it gave none.
    public let reason: String

    /// Takes the newest reason from this thread's error queue and empties the queue, so that no later failure is blamed on this one.
    init(_ operation: String) {
        self.operation = operation
        let code = ERR_peek_last_error()
        reason = code == 0 ? "" : ERR_reason_error_string(code).map { String(cString: $0) } ?? "code \(code)"
        ERR_clear_error()
    }

    public var description: String {
        reason.isEmpty ? "\(operation) failed" : "\(operation) failed: \(reason)"
    }
}
