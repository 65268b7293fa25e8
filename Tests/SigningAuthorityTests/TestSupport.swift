import AsyncHTTPClient
import ContentTrust
import Foundation
import Logging
import NIOCore
import NIOHTTP1
import ServiceLifecycle
import Synchronization
import TestSupport
import Testing

@testable import SigningAuthority

/// A clock that stands until a test moves it.
final class TestClock: Sendable {
    private let seconds = Mutex(1_800_000_000)

    var now: Int { seconds.withLock { $0 } }
    func advance(by amount: Int) { seconds.withLock { $0 += amount } }
    var clock: AuthorityClock { AuthorityClock { self.now } }
}

/// A name server that says what a test tells it, and something else each time if the test wants.
final class TestResolver: HostResolver {
    private let answers: Mutex<[String: [[String]]]>
    private let counts = Mutex<[String: Int]>([:])

    /// - Parameter answers: for each name one answer after the other; the last one stays.
    init(_ answers: [String: [[String]]]) { self.answers = Mutex(answers) }

    func count(_ name: String) -> Int { counts.withLock { $0[name, default: 0] } }

    func addresses(of name: String) async throws -> [IPAddress] {
        counts.withLock { $0[name, default: 0] += 1 }
        let texts = answers.withLock { answers in
            guard let rest = answers[name], let first = rest.first else { return [String]() }
            if rest.count > 1 { answers[name] = Array(rest.dropFirst()) }
            return first
        }
        return try texts.map { try #require(IPAddress(canonical: $0)) }
    }
}

/// Keeps every line of a log, at the finest level.
struct RecordedLog: LogHandler {
    private final class Lines: Sendable { let lines = Mutex<[String]>([]) }

    private let recorded = Lines()
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.trace

    var lines: [String] { recorded.lines.withLock { $0 } }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let all = metadata.merging(event.metadata ?? [:]) { $1 }
        recorded.lines.withLock { $0.append("\(event.message) \(all)") }
    }
}

/// A folder of its own, removed afterwards.
func withFolder<R>(_ body: (String) async throws -> R) async throws -> R {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("shoal-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    return try await body(folder)
}

/// A running authority and what a test needs to talk to it.
struct AuthorityHarness: Sendable {
    let authority: SigningAuthority
    let publicAddress: String
    let adminAddress: String
    let clock: TestClock

    struct Answer {
        let status: Int
        let headers: [String: String]
        let body: [UInt8]

        var text: String { String(decoding: body, as: UTF8.self) }
        var json: JSONObject { get throws { try #require(try JSONParser.parse(body).object) } }
    }

    func request(_ method: String, _ url: String, body: [UInt8]? = nil) async throws -> Answer {
        var request = HTTPClientRequest(url: url)
        request.method = .init(rawValue: method)
        if let body { request.body = .bytes(body) }
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(30))
        let content = try await response.body.collect(upTo: 4 << 20)
        return Answer(
            status: Int(response.status.code),
            headers: Dictionary(response.headers.map { ($0.lowercased(), $1) }) { first, _ in first },
            body: Array(buffer: content)
        )
    }

    /// The results of `POST /v1/certificates`.
    func ask(_ site: String, _ urls: [String]) async throws -> [JSONObject] {
        let body: JSONObject = ["site": .string(site), "urls": .array(urls.map { .string($0) })]
        let answer = try await request("POST", publicAddress + "/v1/certificates", body: JSONValue.object(body).encoded)
        #expect(answer.status == 200, "\(answer.text)")
        return try #require(try answer.json["results"]?.array).map { try #require($0.object) }
    }

    func ask(_ site: String, _ url: String) async throws -> JSONObject {
        try #require(try await ask(site, [url]).first)
    }

    /// Asks until the answer is not `pending`.
    func settled(_ site: String, _ url: String) async throws -> JSONObject {
        var result = try await ask(site, url)
        try await eventually("\(url) is decided about") {
            result = try await ask(site, url)
            return result["status"]?.string != "pending"
        }
        return result
    }

    func put(_ site: JSONObject) async throws -> Answer {
        try await request("PUT", adminAddress + "/v1/sites", body: JSONValue.object(site).encoded)
    }
}

/// Runs an authority on a folder until `body` ends; then shuts it down gracefully.
func withAuthority<R: Sendable>(
    folder: String,
    clock: TestClock = TestClock(),
    sites: [Site] = [],
    resolver: any HostResolver = SystemResolver(),
    log: RecordedLog = RecordedLog(),
    configure: (inout AuthorityConfiguration) -> Void = { _ in },
    _ body: @escaping @Sendable (AuthorityHarness) async throws -> R
) async throws -> R {
    var configuration = AuthorityConfiguration(dataDirectory: folder)
    configuration.publicPort = 0
    configuration.adminPort = 0
    configure(&configuration)
    let logger = Logger(label: "test") { _ in log }
    let (listening, bound) = AsyncStream.makeStream(of: (SigningAuthority.Side, Int).self)
    let authority = try await SigningAuthority(
        configuration: configuration,
        sites: sites,
        logger: logger,
        clock: clock.clock,
        resolver: resolver,
        metrics: { "shoal_test 1\n" },
        onListening: { bound.yield(($0, $1)) }
    )
    let group = ServiceGroup(services: [authority], logger: logger)
    return try await withThrowingTaskGroup(of: Void.self) { tasks in
        tasks.addTask {
            // However it ends, nobody waits for an address any more.
            defer { bound.finish() }
            try await group.run()
        }
        var addresses: [SigningAuthority.Side: String] = [:]
        for await (side, port) in listening {
            addresses[side] = "http://127.0.0.1:\(port)"
            if addresses.count == 2 { break }
        }
        let harness = AuthorityHarness(
            authority: authority,
            publicAddress: try #require(addresses[.public]),
            adminAddress: try #require(addresses[.admin]),
            clock: clock
        )
        do {
            let result = try await body(harness)
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
            return result
        } catch {
            tasks.cancelAll()
            throw error
        }
    }
}
