import ContentTrust
import NIOCore

/// Reads messages from clients (Docs/Protocol.md §3).
public struct ClientMessageDecoder: Sendable {
    private let limits: ProtocolLimits

    public init(limits: ProtocolLimits) { self.limits = limits }

    /// Reads one text message; its size was limited where it was received.
    ///
    /// - Throws: the first fault found, with the message's `id` where that could be read.
    public func decode(_ message: ByteBuffer) throws(RejectedMessage) -> ClientMessage {
        let outcome = message.withUnsafeReadableBytes { bytes in
            Result { () throws(RejectedMessage) in try decode(bytes, of: message) }
        }
        return try outcome.get()
    }

    private func decode(_ bytes: UnsafeRawBufferPointer, of message: ByteBuffer) throws(RejectedMessage)
        -> ClientMessage
    {
        var id: Int?
        do throws(ProtocolError) {
            let fields = try MessageFields(bytes)
            guard fields.isObject else { throw ProtocolError(.notObject, "The message is not a JSON object.") }
            id = try? fields.integer(.id)
            return try decode(fields, of: message)
        } catch {
            throw RejectedMessage(error: error, id: id)
        }
    }

    private func decode(_ fields: MessageFields, of message: ByteBuffer) throws(ProtocolError) -> ClientMessage {
        switch try fields.text(.action) {
        case "announce":
            return .announce(
                id: try fields.integer(.id),
                certificates: try fields.texts(.certificates, count: 1...ProtocolLimits.lookUps)
            )
        case "find":
            return .find(id: try fields.integer(.id), try find(fields))
        case "leave":
            return .leave(
                id: try fields.integer(.id),
                contents: try fields.contentIDsIfPresent(.contents, count: 1...ProtocolLimits.contents)
            )
        case "signal":
            let peer = try fields.peerID(.to)
            let extent = try fields.extent(.data, size: ProtocolLimits.signalSize)
            guard let data = message.getSlice(at: message.readerIndex + extent.lowerBound, length: extent.count) else {
                throw ProtocolError(.notJSON, "The message ends too early.", field: "data")
            }
            return .signal(to: peer, data: data)
        case let action:
            throw ProtocolError(
                .unknownAction,
                "action must be announce, find, leave or signal.",
                field: "action",
                got: .text(action)
            )
        }
    }

    private func find(_ fields: MessageFields) throws(ProtocolError) -> ClientMessage.Find {
        let urls = try fields.textsIfPresent(.urls, count: 0...ProtocolLimits.lookUps) ?? []
        let certificates = try fields.textsIfPresent(.certificates, count: 0...ProtocolLimits.lookUps) ?? []
        guard urls.count + certificates.count > 0 else {
            throw ProtocolError(.missingField, "find needs an entry in urls or in certificates.", field: "urls")
        }
        let peers = try fields.integerIfPresent(.peers, in: 0...limits.introductions)
        return ClientMessage.Find(
            urls: urls,
            certificates: certificates,
            peers: peers ?? min(ProtocolLimits.introductionsByDefault, limits.introductions)
        )
    }
}
