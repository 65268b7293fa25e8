import NIOCore
import Testing

@testable import RedisClient

@Suite("RedisError")
struct RedisErrorTests {
    @Test(
        "Error replies by their first word",
        arguments: [
            ("NOAUTH Authentication required.", .passwordRequired, true),
            ("WRONGPASS invalid username-password pair or user is disabled.", .wrongPassword, false),
            (
                "NOPERM this user has no permissions to run the 'hset' command",
                .noPermission("NOPERM this user has no permissions to run the 'hset' command"), false
            ),
            ("READONLY You can't write against a read only replica.", .readOnly, true),
            ("LOADING Redis is loading the dataset in memory", .loading, true),
            ("OOM command not allowed when used memory > 'maxmemory'.", .outOfMemory, false),
            ("MOVED 3999 127.0.0.1:6381", .clusterMode, true),
            ("ASK 3999 127.0.0.1:6381", .clusterMode, true),
            ("CLUSTERDOWN Hash slot not served", .clusterMode, true),
            ("CROSSSLOT Keys in request don't hash to the same slot", .clusterMode, true),
            ("TRYAGAIN Multiple keys request during rehashing of slot", .clusterMode, true),
            ("MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.", .masterDown, true),
            ("MISCONF Redis is configured to save RDB snapshots", .persistenceFailing, false),
            (
                "WRONGTYPE Operation against a key",
                .other(prefix: "WRONGTYPE", message: "WRONGTYPE Operation against a key"), false
            ),
            ("", .other(prefix: "", message: ""), false),
        ] as [(String, RedisError, Bool)]
    )
    func replies(_ message: String, expected: RedisError, endsConnection: Bool) {
        let error = RedisError(reply: message)
        #expect(error == expected)
        #expect(error.endsConnection == endsConnection)
        #expect(!error.description.isEmpty)
    }
}

@Suite("RedisHandshake")
struct RedisHandshakeTests {
    static let master = RedisHandshake.Reply.text("# Replication\r\nrole:master\r\nconnected_slaves:0\r\n")
    static let single = RedisHandshake.Reply.text("# Cluster\r\ncluster_enabled:0\r\n")

    @Test("A single master is accepted after its last reply, with and without a password")
    func accepted() {
        #expect(
            verdicts(withPassword: false, [.text("PONG"), Self.master, Self.single]) == [
                .incomplete, .incomplete, .accepted,
            ]
        )
        #expect(
            verdicts(withPassword: true, [.text("OK"), .text("PONG"), Self.master, Self.single])
                == [.incomplete, .incomplete, .incomplete, .accepted]
        )
    }

    @Test("What a handshake sends")
    func commands() {
        var writer = RESPWriter()
        RedisHandshake.write(user: "alice", password: "secret", to: &writer)
        let check =
            "*1\r\n$4\r\nPING\r\n*2\r\n$4\r\nINFO\r\n$11\r\nreplication\r\n*2\r\n$4\r\nINFO\r\n$7\r\ncluster\r\n"
        #expect(String(buffer: writer.buffer) == "*3\r\n$4\r\nAUTH\r\n$5\r\nalice\r\n$6\r\nsecret\r\n" + check)
        writer.clear()
        RedisHandshake.write(user: nil, password: "secret", to: &writer)
        #expect(String(buffer: writer.buffer) == "*2\r\n$4\r\nAUTH\r\n$6\r\nsecret\r\n" + check)
        writer.clear()
        RedisHandshake.write(user: "alice", password: nil, to: &writer)
        #expect(String(buffer: writer.buffer) == check)
    }

    @Test(
        "Servers that are refused",
        arguments: [
            ([.error("NOAUTH Authentication required.")], .passwordRequired),
            ([.error("LOADING Redis is loading the dataset in memory")], .loading),
            ([.error("MASTERDOWN Link with MASTER is down")], .masterDown),
            ([.error("MISCONF Redis is configured to save")], .persistenceFailing),
            ([.text("PONG"), .error("NOPERM no INFO")], .noPermission("NOPERM no INFO")),
            ([.text("PONG"), .text("# Replication\r\nrole:slave\r\n")], .wrongRole("slave")),
            ([.text("PONG"), .text("")], .wrongRole("none")),
            ([.text("PONG"), master, .text("# Cluster\r\ncluster_enabled:1\r\n")], .clusterMode),
        ] as [([RedisHandshake.Reply], RedisError)]
    )
    func refused(_ replies: [RedisHandshake.Reply], expected: RedisError) {
        #expect(verdicts(withPassword: false, replies).last == .refused(expected))
    }

    @Test(
        "What a refused password comes to; an error that repeats it is not passed on",
        arguments: [
            ("WRONGPASS invalid username-password pair or user is disabled.", .wrongPassword),
            ("ERR invalid password", .wrongPassword),
            ("ERR Client sent AUTH, but no password is set", .passwordNotExpected),
            (
                "ERR AUTH <password> called without any password configured for the default user. Are you sure?",
                .passwordNotExpected
            ),
            (
                "ERR unknown command `AUTH`, with args beginning with: `secret`, ",
                .other(prefix: "ERR", message: "ERR in answer to AUTH")
            ),
        ] as [(String, RedisError)]
    )
    func passwords(_ message: String, expected: RedisError) {
        #expect(verdicts(withPassword: true, [.error(message)]) == [.refused(expected)])
        #expect(!expected.description.contains("secret"))
    }

    private func verdicts(withPassword: Bool, _ replies: [RedisHandshake.Reply]) -> [RedisHandshake.Verdict] {
        var handshake = RedisHandshake(withPassword: withPassword)
        return replies.map { handshake.received($0) }
    }
}
