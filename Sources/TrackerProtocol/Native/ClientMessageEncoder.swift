import ContentTrust
import NIOCore

extension ClientMessage {
    /// Writes the message as one JSON text, as a client sends it.
    public func encode(into buffer: inout ByteBuffer) {
        JSONObjectWriter.write(into: &buffer) { write(into: &$0) }
    }

    private func write(into object: inout JSONObjectWriter) {
        switch self {
        case .announce(let id, let certificates):
            object.text("action", "announce")
            object.integer("id", id)
            object.texts("certificates", certificates)
        case .find(let id, let find):
            object.text("action", "find")
            object.integer("id", id)
            if !find.urls.isEmpty { object.texts("urls", find.urls) }
            if !find.certificates.isEmpty { object.texts("certificates", find.certificates) }
            object.integer("peers", find.peers)
        case .leave(let id, let contents):
            object.text("action", "leave")
            object.integer("id", id)
            if let contents { object.texts("contents", contents.lazy.map(\.text)) }
        case .signal(let peer, let data):
            object.text("action", "signal")
            object.text("to", peer.text)
            object.raw("data", data)
        }
    }
}
