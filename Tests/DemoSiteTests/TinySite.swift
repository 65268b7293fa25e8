import Foundation
import HTTPTypes
import HummingbirdTesting
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle

@testable import DemoSite

extension MediaSet {
    /// Small enough to be painted by a debug build in seconds.
    static let tiny = MediaSet(
        version: "tiny",
        paintings: [
            Painting(
                name: "shore",
                title: "Shore",
                description: "A \"shore\" & its surf",
                width: 96,
                height: 64,
                scene: AerialCoastScene(palette: .tropical, shape: .shore(angle: 2), seed: 1)
            ),
            Painting(
                name: "shoal",
                title: "Shoal",
                description: "Fish",
                width: 64,
                height: 96,
                scene: UnderwaterScene(palette: .deep, coat: .herring, manner: .init(count: 12), swimTime: 1, seed: 2)
            ),
        ],
        film: Film(width: 64, height: 36, framesPerSecond: 10, seconds: 1, fishCount: 12)
    )
}

/// A folder of its own that is gone afterwards.
func withTemporaryDirectory<Value>(_ body: (URL) async throws -> Value) async throws -> Value {
    let directory = FileManager.default.temporaryDirectory.appendingPathComponent("shoal-demo-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    return try await body(directory)
}

/// Runs a demo site with the tiny media on a port of the system's choice.
func withSite(
    _ configure: (inout DemoSite.Configuration) -> Void = { _ in },
    _ body: @escaping @Sendable (TestClient, URL) async throws -> Void
) async throws {
    try await withTemporaryDirectory { directory in
        var configuration = DemoSite.Configuration(mediaDirectory: directory, rootThumbprint: "root\"<thumbprint>")
        configuration.port = 0
        configure(&configuration)
        let (ports, announce) = AsyncStream<Int>.makeStream()
        var quiet = Logger(label: "test")
        quiet.logLevel = .error
        let site = DemoSite(
            configuration,
            media: MediaLibrary(directory: directory, set: .tiny),
            logger: quiet,
            ready: { announce.yield($0) }
        )
        let group = ServiceGroup(services: [site], logger: quiet)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask {
                defer { announce.finish() }
                try await group.run()
            }
            tasks.addTask {
                guard let port = await ports.first(where: { _ in true }) else { return }
                let client = TestClient(
                    host: "localhost",
                    port: port,
                    eventLoopGroupProvider: .shared(.singletonMultiThreadedEventLoopGroup)
                )
                client.connect()
                do {
                    try await body(client, directory)
                } catch {
                    try await client.shutdown()
                    await group.triggerGracefulShutdown()
                    throw error
                }
                try await client.shutdown()
                await group.triggerGracefulShutdown()
            }
            try await tasks.waitForAll()
        }
    }
}

extension TestClient {
    func fetch(_ path: String, _ fields: HTTPFields = [:], method: HTTPRequest.Method = .get) async throws -> (
        status: Int, fields: HTTPFields, body: [UInt8]
    ) {
        let response = try await execute(.init(path, method: method, authority: "localhost", headers: fields))
        return (response.status.code, response.headers, response.body.map { Array($0.readableBytesView) } ?? [])
    }
}
