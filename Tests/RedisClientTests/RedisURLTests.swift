import Testing

@testable import RedisClient

@Suite("RedisURL")
struct RedisURLTests {
    @Test(
        "Addresses and what is in them",
        arguments: [
            ("redis://shard.example", false, nil, nil, "shard.example", 6379),
            ("REDIS://shard.example:7001/", false, nil, nil, "shard.example", 7001),
            ("rediss://127.0.0.1:7001/0", true, nil, nil, "127.0.0.1", 7001),
            ("redis://[::1]:7001", false, nil, nil, "::1", 7001),
            ("redis://[fe80::1%25eth0]", false, nil, nil, "fe80::1%25eth0", 6379),
            ("redis://:secret@host", false, nil, "secret", "host", 6379),
            ("redis://alice:secret@host:1", false, "alice", "secret", "host", 1),
            ("redis://alice@host", false, "alice", nil, "host", 6379),
            ("redis://a%40b:p%3A%2F%3F%23%25%C3%A9@host", false, "a@b", "p:/?#%é", "host", 6379),
            ("redis://alice:se/cr@et:x@host/0", false, "alice", "se/cr@et:x", "host", 6379),
        ] as [(String, Bool, String?, String?, String, Int)]
    )
    func parts(_ text: String, isSecure: Bool, user: String?, password: String?, host: String, port: Int) throws {
        let url = try RedisURL(text)
        #expect(url.isSecure == isSecure)
        #expect(url.user == user)
        #expect(url.password == password)
        #expect(url.host == host)
        #expect(url.port == port)
    }

    @Test(
        "A bad address is refused with what is wrong, and without its password",
        arguments: [
            ("", .noScheme), ("localhost:6379", .noScheme), ("http://host", .unknownScheme("http")),
            ("redis+tls://:secret@host", .unknownScheme("redis+tls")),
            ("redis://", .host("")), ("redis://:secret@", .host("")), ("redis://:secret@:6379", .host("")),
            ("redis://ho st", .host("ho st")), ("redis://[::1", .host("[::1")), ("redis://[::1]x", .host("[::1]x")),
            ("redis://::1", .host("")), ("redis://[host]", .host("[host]")),
            ("redis://:secret@host:", .port("")), ("redis://host:0", .port("0")),
            ("redis://host:65536", .port("65536")),
            ("redis://host:6379x", .port("6379x")), ("redis://fe80::1", .port(":1")),
            ("redis://:secret@host/1", .database("1")), ("redis://host/0/x", .database("0/x")),
            ("redis://:secret@host?timeout=1", .query), ("redis://host#a", .query), ("redis://:secret#a@host", .query),
            ("redis://a%4:secret@host", .escape(in: "user")), ("redis://a:secret%zz@host", .escape(in: "password")),
            ("redis://a:secret%ff@host", .escape(in: "password")),
        ] as [(String, RedisURLError)]
    )
    func refusals(_ text: String, expected: RedisURLError) {
        let error = #expect(throws: expected) { try RedisURL(text) }
        #expect(error?.description.contains("secret") == false)
    }

    @Test("No way of printing a URL, or what holds one, shows the password")
    func masked() throws {
        let url = try RedisURL("redis://alice:hidden@host:7001")
        #expect("\(url)" == "redis://alice:***@host:7001")
        #expect("\(try RedisURL("rediss://:hidden@[::1]"))" == "rediss://:***@[::1]:6379")
        #expect("\(try RedisURL("redis://alice@host"))" == "redis://alice@host:6379")
        #expect("\(try RedisURL("redis://host/0"))" == "redis://host:6379")
        var dumped = ""
        dump(url, to: &dumped)
        dump(try RedisServer(url), to: &dumped)
        dumped += String(reflecting: url) + "\(try RedisServer(url))" + String(describing: [url])
        #expect(dumped.contains("alice") && !dumped.contains("hidden"))
    }
}
