/// The opcodes of RFC 6455 §5.2 that are defined.
public enum WebSocketOpcode: UInt8, Sendable {
    case continuation = 0x0
    case text = 0x1
    case binary = 0x2
    case close = 0x8
    case ping = 0x9
    case pong = 0xA

    var isControl: Bool { rawValue & 0x8 != 0 }
}

/// Close codes (RFC 6455 §7.4.1 and its IANA registry) that a tracker sends.
public enum WebSocketCloseCode: UInt16, Sendable {
    case normal = 1000
    case goingAway = 1001
    case protocolError = 1002
    case policyViolation = 1008
    case messageTooBig = 1009
    case tryAgainLater = 1013
}
