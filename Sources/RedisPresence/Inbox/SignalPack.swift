import NIOCore
import Presence
import TrackerCore

/// Several signals from one node to another, as they are published to its inbox.
///
/// Network byte order: format u8 (1) · kind u8 (1 deliver, 2 undeliverable) · sender's node u64 · sender's epoch u32 · count u16; then for each
/// signal: epoch u32 and peer u64 at the receiving node · peer u64 at the sending node · length u32 · so many bytes of JSON. An
/// undeliverable signal comes back without its data.
enum SignalPack {
    /// Bytes of one pack; what does not fit goes into the next one. Above any single signal (Docs/Protocol.md §3.4).
    static let sizeLimit = 65_536
    static let format: UInt8 = 1
    private static let headerSize = 16
    private static let recordSize = 24

    enum Kind: UInt8 {
        case deliver = 1
        case undeliverable = 2
    }

    /// Bytes that a signal adds to a pack.
    static func size(of signal: PeerSignal, _ kind: Kind) -> Int {
        recordSize + (kind == .deliver ? signal.data.readableBytes : 0)
    }

    /// - Parameters:
    ///   - sender: the node that sends, and its epoch.
    ///   - signals: at most 65,535; their far end is the receiving node.
    static func write(
        _ kind: Kind,
        _ signals: [PeerSignal],
        sender: (node: UInt64, epoch: UInt32),
        into buffer: inout ByteBuffer
    ) {
        buffer.writeMultipleIntegers(format, kind.rawValue, sender.node, sender.epoch, UInt16(signals.count))
        for signal in signals {
            let (near, far) = kind == .deliver ? (signal.from, signal.to) : (signal.to, signal.from)
            let data = kind == .deliver ? signal.data : ByteBuffer()
            buffer.writeMultipleIntegers(far.epoch, far.peer, near.peer, UInt32(data.readableBytes))
            buffer.writeImmutableBuffer(data)
        }
    }

    static func size(of signals: [PeerSignal], _ kind: Kind) -> Int {
        signals.reduce(headerSize) { $0 + size(of: $1, kind) }
    }

    /// The signals of a pack for `receiver`; nil when it is not one that this program understands.
    static func read(_ pack: ByteBuffer, receiver: UInt64) -> (Kind, [PeerSignal])? {
        var pack = pack
        guard
            let (format, kind, node, epoch, count) = pack.readMultipleIntegers(
                as: (UInt8, UInt8, UInt64, UInt32, UInt16).self
            ), format == Self.format, let kind = Kind(rawValue: kind)
        else { return nil }
        var signals: [PeerSignal] = []
        signals.reserveCapacity(min(Int(count), pack.readableBytes / recordSize))
        for _ in 0..<count {
            guard
                let (ownEpoch, own, others, length) = pack.readMultipleIntegers(
                    as: (UInt32, UInt64, UInt64, UInt32).self
                ), let data = pack.readSlice(length: Int(length))
            else { return nil }
            let here = PeerAddress(node: receiver, epoch: ownEpoch, peer: own)
            let there = PeerAddress(node: node, epoch: epoch, peer: others)
            signals.append(
                kind == .deliver
                    ? PeerSignal(from: there, to: here, data: data) : PeerSignal(from: here, to: there, data: data)
            )
        }
        guard pack.readableBytes == 0 else { return nil }
        return (kind, signals)
    }
}
