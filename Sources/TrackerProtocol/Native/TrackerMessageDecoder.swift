import ContentTrust
import NIOCore

extension TrackerMessage {
    /// What came is not a message that a tracker sends.
    public struct Malformed: Error, Equatable, CustomStringConvertible {
        public var description: String
    }

    /// Reads one text message as a client does; nil for an action that this version does not know.
    public static func decode(_ message: ByteBuffer) throws(Malformed) -> TrackerMessage? {
        let outcome = message.withUnsafeReadableBytes { bytes in
            Result { () throws(JSONMembers.Failure) in try decode(JSONMembers(bytes), of: message) }
        }
        do throws(JSONMembers.Failure) { return try outcome.get() } catch {
            throw Malformed(description: error.description)
        }
    }

    private static func decode(
        _ members: JSONMembers,
        of message: ByteBuffer
    ) throws(JSONMembers.Failure) -> TrackerMessage? {
        switch try members.text("action") {
        case "welcome":
            return .welcome(
                peer: try members.peerID("peer"),
                limits: try ProtocolLimits(members.object("limits")),
                ice: try members.texts("ice")
            )
        case "announced":
            let results = try members.objects("results") {
                result throws(JSONMembers.Failure) -> Result<ContentID, ProtocolError> in
                if let error = try ProtocolError(ifPresent: result) { return .failure(error) }
                return .success(try result.contentID("content"))
            }
            return .announced(id: try members.integer("id"), results: results)
        case "found":
            let results = try members.objects("results") { result throws(JSONMembers.Failure) in
                try FindResult(result)
            }
            return .found(id: try members.integer("id"), results: results)
        case "left":
            return .left(id: try members.integer("id"), count: try members.integer("count"))
        case "signal":
            let extent = try members.extent("data")
            guard let data = message.getSlice(at: message.readerIndex + extent.lowerBound, length: extent.count) else {
                throw JSONMembers.Failure(description: "data is not inside of the message")
            }
            return .signal(from: try members.peerID("from"), data: data)
        case "gone":
            return .gone(peer: try members.peerID("peer"))
        case "error":
            guard let error = try ProtocolError(ifPresent: members) else {
                throw JSONMembers.Failure(description: "code is missing")
            }
            return .error(RejectedMessage(error: error, id: try members.integerIfPresent("id")))
        case "move":
            return .move(delay: try members.integer("delay"))
        default:
            return nil
        }
    }
}

extension TrackerMessage.FindResult {
    fileprivate init(_ members: JSONMembers) throws(JSONMembers.Failure) {
        if let error = try ProtocolError(ifPresent: members) {
            self = .refused(error)
            return
        }
        let status = try members.textIfPresent("status")
        if status == "pending" {
            self = .pending(retry: try members.integer("retry"))
            return
        }
        let content = try members.contentID("content")
        let certificate = try members.textIfPresent("certificate")
        let layer = try members.textIfPresent("layer") ?? ""
        let issued = certificate.map { IssuedCertificate(text: $0, layer: layer) }
        switch status {
        case nil: self = .certified(content: content, certificate: issued, peers: try members.peerIDs("peers"))
        case "degraded": self = .degraded(content: content, certificate: issued, retry: try members.integer("retry"))
        case let status?: throw JSONMembers.Failure(description: "status \(status) is not known")
        }
    }
}

extension ProtocolError {
    /// Nil when there is no `code`: the object is not an error.
    fileprivate init?(ifPresent members: JSONMembers) throws(JSONMembers.Failure) {
        guard let text = try members.textIfPresent("code") else { return nil }
        guard let code = Code(rawValue: text) else {
            throw JSONMembers.Failure(description: "code \(text) is not known")
        }
        let got: Got? =
            if members.has("got", .number) {
                try members.integerIfPresent("got").map(Got.integer)
            } else {
                try members.textIfPresent("got").map(Got.text)
            }
        self.init(
            code,
            try members.text("message"),
            field: try members.textIfPresent("field"),
            limit: try members.integerIfPresent("limit"),
            got: got
        )
    }
}

extension ProtocolLimits {
    /// The settings of `welcome` (§4.1).
    fileprivate init(_ members: JSONMembers) throws(JSONMembers.Failure) {
        self.init()
        messageSize = try members.integer("message-size-limit")
        messageRate = try members.integer("message-rate-limit")
        messageBurst = try members.integer("message-burst-limit")
        connections = try members.integer("connection-limit")
        sendQueue = try members.integer("send-queue-limit")
        announcedContents = try members.integer("announce-limit")
        introductions = try members.integer("introduction-limit")
        introductionMemory = try members.integer("introduction-memory")
        introductionLifetime = try members.integer("introduction-lifetime")
        idleTimeout = try members.integer("idle-timeout")
        pingInterval = try members.integer("ping-interval")
    }
}

extension JSONMembers {
    fileprivate func contentID(_ name: StaticString) throws(Failure) -> ContentID {
        guard let content = ContentID(text: try text(name)) else {
            throw Failure(description: "\(name) is not a content ID")
        }
        return content
    }
}
