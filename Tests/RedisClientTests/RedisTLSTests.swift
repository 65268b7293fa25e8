import Foundation
import TestSupport
import Testing

@testable import RedisClient

@Suite("rediss")
struct RedisTLSTests {
    @Test("A certificate of the given authority, for the address or the name that was connected to")
    func trusted() async throws {
        let tls = try await TLSRedis(names: "IP:127.0.0.1,DNS:localhost")
        for host in ["127.0.0.1", "localhost"] {
            let probe = try await LinkProbe(to: tls.server(host: host))
            try await probe.untilReady()
            #expect(try await probe.ask("SET host \(host)") == .reply(.status("OK")))
            #expect(try tls.redis.command("GET", "host") == host)
            try await probe.stop()
        }
    }

    @Test("Nothing is sent to a server whose certificate is of another authority, or for another host")
    func refused() async throws {
        let tls = try await TLSRedis(names: "DNS:shard.example", options: ["--requirepass", "secret"])
        let other = try await TLSRedis(names: "IP:127.0.0.1")
        for server in [
            try tls.server(host: "127.0.0.1"), try tls.server(host: "localhost"),
            try RedisServer(RedisURL("rediss://127.0.0.1:\(other.port)")),
            try tls.server(host: "127.0.0.1", authority: other.authority),
        ] {
            let error = try await refusal(by: server)
            guard case .tls = error else {
                Issue.record("\(error)")
                continue
            }
        }
    }

    @Test("TLS to a port without it, and the other way round")
    func mismatch() async throws {
        let tls = try await TLSRedis(names: "IP:127.0.0.1")
        let error = try await refusal(by: RedisServer(RedisURL("rediss://127.0.0.1:\(tls.redis.port)")))
        guard case .tls = error else {
            Issue.record("\(error)")
            return
        }
        let plain = try await refusal(by: RedisServer(RedisURL("redis://127.0.0.1:\(tls.port)")))
        // Some servers end the connection, others wait for more.
        switch plain {
        case .notConnected, .protocolViolation, .timedOut: break
        default: Issue.record("\(plain)")
        }
    }

    @Test("A file of authorities that cannot be used is an error that names it")
    func badFile() throws {
        let url = try RedisURL("rediss://127.0.0.1")
        let error = #expect(throws: RedisError.self) {
            try RedisServer(url, certificateAuthorities: "/nonexistent/authorities.pem")
        }
        #expect(error?.description.contains("/nonexistent/authorities.pem") == true)
    }
}

/// A redis-server with a TLS port beside its plain one, and an authority of its own.
private struct TLSRedis {
    let redis: RedisProcess
    let port: Int
    let authority: String

    /// - Parameter names: what the certificate is for, in openssl's words.
    init(names: String, options: [String] = []) async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("tls-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = { (name: String) in folder.appendingPathComponent(name).path }
        let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
        try Self.openssl(
            [
                "req", "-x509", "-subj", "/CN=Test authority", "-days", "2", "-keyout", path("ca.key"), "-out",
                path("ca.crt"),
            ] + key
        )
        try Self.openssl(
            [
                "req", "-x509", "-subj", "/CN=Test server", "-days", "2", "-CA", path("ca.crt"), "-CAkey",
                path("ca.key"),
                "-addext", "subjectAltName=\(names)", "-addext", "basicConstraints=critical,CA:FALSE",
                "-keyout", path("server.key"), "-out", path("server.crt"),
            ] + key
        )
        port = try RedisProcess.freePort()
        redis = try await RedisProcess.listening(
            [
                "--tls-port", "\(port)", "--tls-cert-file", path("server.crt"), "--tls-key-file", path("server.key"),
                "--tls-ca-cert-file", path("ca.crt"), "--tls-auth-clients", "no",
            ] + options
        )
        // The server has read its files; what a client needs lives as long as the server.
        authority = redis.folder.appendingPathComponent("ca.crt").path
        try FileManager.default.copyItem(atPath: path("ca.crt"), toPath: authority)
    }

    func server(host: String, authority: String? = nil, password: String? = nil) throws -> RedisServer {
        try RedisServer(
            RedisURL("rediss://\(host):\(port)"),
            password: password,
            certificateAuthorities: authority ?? self.authority
        )
    }

    private static func openssl(_ arguments: [String]) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["openssl"] + arguments
        let output = Pipe()
        process.standardError = output
        try process.run()
        let message = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw RedisProcess.Failure(description: "openssl: " + String(decoding: message, as: UTF8.self))
        }
    }
}
