import Foundation
import Hummingbird
import Logging
import ServiceLifecycle
import Serving

/// A web site to see Shoal at work on: a gallery and a film that the program paints itself, served by an ordinary origin server.
///
/// At its first start it fills its media directory, which takes about a minute and needs ffmpeg; then it listens.
public struct DemoSite: Service {
    public struct Configuration: Sendable {
        /// Who gives the browser the two client files.
        public enum Embedding: String, Sendable, CaseIterable {
            /// The site itself: then even a compromised tracker cannot run code on it.
            case selfHosted = "self-hosted"
            /// The tracker; the page pins the script by its hash.
            case fromTracker = "from-tracker"
        }

        /// The address to listen on. The site is a demonstration with access counts open to everybody: leave it on loopback.
        public var address = "127.0.0.1"
        /// 0 lets the system choose; `ready` is told which one it chose.
        public var port = 8080
        /// Where pictures and film are kept.
        public var mediaDirectory: URL
        /// Where visitors' browsers reach the tracker.
        public var trackerURL = "ws://localhost:8000"
        /// Where they load the client files from when the embedding is `fromTracker`.
        public var trackerScriptBase = "http://localhost:8000"
        /// Thumbprint of the authority's root key, as the page pins it.
        public var rootThumbprint: String
        public var embedding = Embedding.selfHosted

        public init(mediaDirectory: URL, rootThumbprint: String) {
            self.mediaDirectory = mediaDirectory
            self.rootThumbprint = rootThumbprint
        }
    }

    private let configuration: Configuration
    private let media: MediaLibrary
    private let logger: Logger
    private let progress: @Sendable (String) -> Void
    private let ready: @Sendable (Int) async -> Void

    /// - Parameters:
    ///   - progress: told in sentences how the media come along.
    ///   - ready: called with the bound port as soon as the site listens.
    public init(
        _ configuration: Configuration,
        logger: Logger,
        progress: @escaping @Sendable (String) -> Void,
        ready: @escaping @Sendable (_ port: Int) async -> Void = { _ in }
    ) {
        self.init(
            configuration,
            media: MediaLibrary(directory: configuration.mediaDirectory, set: .standard),
            logger: logger,
            progress: progress,
            ready: ready
        )
    }

    init(
        _ configuration: Configuration,
        media: MediaLibrary,
        logger: Logger,
        progress: @escaping @Sendable (String) -> Void = { _ in },
        ready: @escaping @Sendable (_ port: Int) async -> Void
    ) {
        self.configuration = configuration
        self.media = media
        self.logger = logger
        self.progress = progress
        self.ready = ready
    }

    /// Paints what is missing, then serves until it is told to stop.
    ///
    /// - Throws: `MediaError` when the media cannot be made; what the socket says when the port cannot be bound.
    public func run() async throws {
        let manifest: MediaManifest
        do {
            manifest = try await cancelWhenGracefulShutdown { [media, progress] in
                try await media.prepare { progress($0.description) }
            }
        } catch is CancellationError {
            return
        }
        let responder = OriginResponder(
            try siteContents(configuration, media: media, manifest: manifest, startedAt: Date()),
            counts: AccessCounts()
        )
        let application = Application(
            responder: responder,
            configuration: .init(
                address: .hostname(configuration.address, port: configuration.port),
                serverName: "shoal-demo"
            ),
            onServerRunning: { [ready] channel in await ready(channel.localAddress?.port ?? 0) },
            logger: logger
        )
        try await AddressedServer(at: "\(configuration.address):\(configuration.port) (the demo site)", application)
            .run()
    }
}

extension MediaLibrary.Progress: CustomStringConvertible {
    var description: String {
        func megabytes(_ bytes: Int) -> String { String(format: "%.1f MB", Double(bytes) / 1_000_000) }
        return switch self {
        case .complete(let files): "All \(files) pictures and films of the demo site are there"
        case .started(let missing, let files):
            "Painting \(missing) of the demo site's \(files) pictures and films; this is done once and takes \(Self.patience)"
        case .finished(let name, let bytes, let done, let missing):
            "Painted \(name), \(megabytes(bytes)) (\(done) of \(missing))"
        case .film(let frame, let frames): "Painting the film: \(frame) of \(frames) frames"
        }
    }

    #if DEBUG
        private static let patience = "half an hour in a debug build, a minute in a release build"
    #else
        private static let patience = "about a minute"
    #endif
}
