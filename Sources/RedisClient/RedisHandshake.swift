/// What is asked of a server before it gets a command, in one pipelined write: `[AUTH]`, `PING`, `INFO replication`, `INFO cluster`.
///
/// `PING` because it fails with LOADING, MASTERDOWN and MISCONF, during which `INFO` is answered. Two `INFO`s because only Redis 7 takes
/// several sections. Not `ROLE`, which an ACL has to allow besides, and not `CLUSTER INFO`, which is an error without cluster mode.
struct RedisHandshake: Equatable {
    enum Step: Equatable { case authenticate, ping, role, clusterMode }

    /// What a reply comes to.
    enum Reply: Equatable {
        case error(String)
        case text(String)

        init(_ reply: borrowing RESPReply) {
            let text = reply.string ?? ""
            self = reply.kind == .error ? .error(text) : .text(text)
        }
    }

    enum Verdict: Equatable {
        case incomplete
        case accepted
        case refused(RedisError)
    }

    private var remaining: [Step]

    init(withPassword: Bool) {
        remaining = [.clusterMode, .role, .ping]
        if withPassword { remaining.append(.authenticate) }
    }

    /// Writes the commands of a handshake.
    static func write(user: String?, password: String?, to writer: inout RESPWriter) {
        if let password {
            writer.command("AUTH", arguments: user == nil ? 1 : 2)
            if let user { writer.argument(user) }
            writer.argument(password)
        }
        writer.command("PING", arguments: 0)
        writer.command("INFO", arguments: 1)
        writer.argument("replication" as StaticString)
        writer.command("INFO", arguments: 1)
        writer.argument("cluster" as StaticString)
    }

    /// Judges the next reply. The first refusal is final: what follows are its consequences.
    mutating func received(_ reply: Reply) -> Verdict {
        guard let step = remaining.popLast() else { return .refused(.protocolViolation("a reply to nothing")) }
        switch (step, reply) {
        case (.authenticate, .error(let message)):
            return .refused(Self.refusal(ofPassword: message))
        case (_, .error(let message)):
            return .refused(RedisError(reply: message))
        case (.role, .text(let info)):
            let role = Self.field("role", of: info)
            guard role == "master" else { return .refused(.wrongRole(role.map(String.init) ?? "none")) }
        case (.clusterMode, .text(let info)):
            guard Self.field("cluster_enabled", of: info) != "1" else { return .refused(.clusterMode) }
        case (.authenticate, .text), (.ping, .text):
            break
        }
        return remaining.isEmpty ? .accepted : .incomplete
    }

    /// Only the error's first word is used: a server that does not know `AUTH` repeats its arguments in the message.
    private static func refusal(ofPassword message: String) -> RedisError {
        switch RedisError(reply: message) {
        case .other("ERR", _) where message.hasPrefix("ERR invalid password"):
            return .wrongPassword
        case .other("ERR", _) where message.contains("without any password") || message.contains("no password is set"):
            return .passwordNotExpected
        case .other(let prefix, _):
            return .other(prefix: prefix, message: "\(prefix) in answer to AUTH")
        case let error:
            return error
        }
    }

    /// A line `name:value` of INFO.
    private static func field(_ name: String, of info: String) -> Substring? {
        for line in info.split(whereSeparator: \.isNewline) {
            let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2, parts[0] == name { return parts[1] }
        }
        return nil
    }
}
