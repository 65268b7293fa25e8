import NIOCore

/// Why a command was not carried out, or a server cannot be used. What an operator reads says what to do.
public enum RedisError: Error, Equatable, Sendable {
    /// NOAUTH: the server wants a password and none is configured.
    case passwordRequired
    /// WRONGPASS, or `ERR invalid password` of servers before Redis 6.
    case wrongPassword
    /// A password is configured, and the server has none for this user.
    case passwordNotExpected
    /// NOPERM, in the server's words: the user's ACL lacks a command, a key or a channel.
    case noPermission(String)
    /// READONLY: the server has become a replica since the link was made.
    case readOnly
    /// The server is no master; its role in its own word ("slave", or "none" of a sentinel).
    case wrongRole(String)
    /// LOADING: the server reads its data from disk after a start.
    case loading
    /// OOM: the server's `maxmemory` is reached and its policy evicts nothing.
    case outOfMemory
    /// A cluster-mode server, which would keep only the keys of its own slots (MOVED, ASK, CLUSTERDOWN, CROSSSLOT, TRYAGAIN).
    case clusterMode
    /// MASTERDOWN: a replica that lost its master.
    case masterDown
    /// MISCONF: the server cannot save to disk and refuses writes until it can.
    case persistenceFailing
    /// Another error of the server: its first word, and all of it.
    case other(prefix: String, message: String)
    /// No answer within the link's time-out. The command may have been carried out.
    case timedOut(after: TimeAmount)
    /// There is no connection. A command that was already sent may have been carried out.
    case notConnected(reason: String)
    /// As many commands wait for their answers as may.
    case queueFull(limit: Int)
    /// As many bytes of commands wait to be sent as may.
    case outboundFull(limit: Int)
    /// What came is not an answer to what was asked.
    case protocolViolation(String)
    case tls(String)
    /// The link or subscription was stopped by its owner.
    case stopped
}

extension RedisError {
    /// Errors after which another connection may do better, so the link closes this one.
    ///
    /// A fail-over turns the old master into a replica that answers READONLY (or LOADING while it copies) on connections made before, for
    /// ever; the name or the proxy in the URL leads to the new master only when it is connected to again. The handshake then keeps
    /// commands away from a server that still has the wrong role.
    @usableFromInline
    var endsConnection: Bool {
        switch self {
        case .readOnly, .loading, .masterDown, .clusterMode, .passwordRequired: true
        default: false
        }
    }

    /// An error reply: a word in capitals, and a sentence.
    init(reply message: String) {
        let prefix = String(message.prefix { $0 != " " })
        switch prefix {
        case "NOAUTH": self = .passwordRequired
        case "WRONGPASS": self = .wrongPassword
        case "NOPERM": self = .noPermission(message)
        case "READONLY": self = .readOnly
        case "LOADING": self = .loading
        case "OOM": self = .outOfMemory
        case "MOVED", "ASK", "CLUSTERDOWN", "CROSSSLOT", "TRYAGAIN": self = .clusterMode
        case "MASTERDOWN": self = .masterDown
        case "MISCONF": self = .persistenceFailing
        default: self = .other(prefix: prefix, message: message)
        }
    }
}

extension RedisError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .passwordRequired:
            "The server wants a password (NOAUTH): put it into the URL or the password file."
        case .wrongPassword:
            "The server refused the user or the password (WRONGPASS): compare them with requirepass or ACL LIST of the server."
        case .passwordNotExpected:
            "A password is configured, and the server has none: take it out of the URL, or set requirepass on the server."
        case .noPermission(let message):
            "The server's ACL does not let the user do this; allow it with ACL SETUSER. The server said: \(message)"
        case .readOnly:
            "The server is a read-only replica (READONLY): let the URL lead to its master."
        case .wrongRole(let role):
            "The server's role is '\(role)', and only a master takes presence: let the URL lead to the master."
        case .loading:
            "The server is loading its data (LOADING): wait, or run it without persistence, which presence does not need."
        case .outOfMemory:
            "The server's memory is full (OOM): raise maxmemory, or add a shard."
        case .clusterMode:
            "The server runs in cluster mode: use servers with 'cluster-enabled no'; Shoal distributes contents over shards itself."
        case .masterDown:
            "The server is a replica without its master (MASTERDOWN): let the URL lead to the master."
        case .persistenceFailing:
            "The server cannot save to disk and refuses writes (MISCONF): repair its disk, or turn saving off ('save \"\"')."
        case .other(_, let message):
            "The server answered with an error: \(message)"
        case .timedOut(let after):
            "The server did not answer within \(after.nanoseconds / 1_000_000) ms: look at its load and the network (SLOWLOG, LATENCY)."
        case .notConnected(let reason):
            "There is no connection to the server: \(reason)"
        case .queueFull(let limit):
            "\(limit) commands wait for the server already: it or the network is too slow; add shards."
        case .outboundFull(let limit):
            "More than \(limit) bytes wait to be sent to the server: it or the network is too slow; add shards."
        case .protocolViolation(let what):
            "The server broke the protocol: \(what). Is it a Redis server?"
        case .tls(let reason):
            "No TLS connection: \(reason). Look at the certificate, its authority and whether the port speaks TLS."
        case .stopped:
            "The connection was stopped."
        }
    }
}
