import ContentTrust
import NIOCore

extension TrackerMessage {
    /// Writes the message as one JSON text.
    public func encode(into buffer: inout ByteBuffer) {
        JSONObjectWriter.write(into: &buffer) { write(into: &$0) }
    }

    private func write(into object: inout JSONObjectWriter) {
        switch self {
        case .welcome(let peer, let limits, let ice):
            object.text("action", "welcome")
            object.text("peer", peer.text)
            object.object("limits") { limits.write(into: &$0) }
            object.texts("ice", ice)
        case .announced(let id, let results):
            object.text("action", "announced")
            object.integer("id", id)
            object.objects("results", results) { result, object in
                switch result {
                case .success(let content): object.text("content", content.text)
                case .failure(let error): error.write(into: &object)
                }
            }
        case .found(let id, let results):
            object.text("action", "found")
            object.integer("id", id)
            object.objects("results", results) { $0.write(into: &$1) }
        case .left(let id, let count):
            object.text("action", "left")
            object.integer("id", id)
            object.integer("count", count)
        case .signal(let peer, let data):
            object.text("action", "signal")
            object.text("from", peer.text)
            object.raw("data", data)
        case .gone(let peer):
            object.text("action", "gone")
            object.text("peer", peer.text)
        case .error(let rejected):
            object.text("action", "error")
            if let id = rejected.id { object.integer("id", id) }
            rejected.error.write(into: &object)
        case .move(let delay):
            object.text("action", "move")
            object.integer("delay", delay)
        }
    }
}

extension TrackerMessage.FindResult {
    /// Writes the fields of §4.3 into an open object.
    public func write(into object: inout JSONObjectWriter) {
        switch self {
        case .certified(let content, let certificate, let peers):
            object.text("content", content.text)
            certificate?.write(into: &object)
            object.texts("peers", peers.lazy.map(\.text))
        case .pending(let retry):
            object.text("status", "pending")
            object.integer("retry", retry)
        case .degraded(let content, let certificate, let retry):
            object.text("status", "degraded")
            object.text("content", content.text)
            certificate?.write(into: &object)
            object.integer("retry", retry)
        case .refused(let error):
            error.write(into: &object)
        }
    }
}

extension IssuedCertificate {
    /// Writes `certificate` and, where there is one, `layer`.
    public func write(into object: inout JSONObjectWriter) {
        object.text("certificate", text)
        if !layer.isEmpty { object.text("layer", layer) }
    }
}

extension ProtocolError {
    /// Writes the fields of §5 into an open object.
    public func write(into object: inout JSONObjectWriter) {
        object.text("code", code.rawValue)
        object.text("message", message)
        if let field { object.text("field", field) }
        if let limit { object.integer("limit", limit) }
        switch got {
        case .integer(let integer): object.integer("got", integer)
        case .text(let text): object.text("got", text)
        case nil: break
        }
    }
}

extension ProtocolLimits {
    /// Writes the settings in force, each under its setting's name (§4.1).
    fileprivate func write(into object: inout JSONObjectWriter) {
        object.integer("message-size-limit", messageSize)
        object.integer("message-rate-limit", messageRate)
        object.integer("message-burst-limit", messageBurst)
        object.integer("connection-limit", connections)
        object.integer("send-queue-limit", sendQueue)
        object.integer("announce-limit", announcedContents)
        object.integer("introduction-limit", introductions)
        object.integer("introduction-memory", introductionMemory)
        object.integer("introduction-lifetime", introductionLifetime)
        object.integer("idle-timeout", idleTimeout)
        object.integer("ping-interval", pingInterval)
    }
}
