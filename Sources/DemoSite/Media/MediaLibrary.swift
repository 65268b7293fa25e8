import Foundation
import Synchronization

/// The media directory of a demo site, which paints and encodes whatever is missing from it.
struct MediaLibrary: Sendable {
    /// One step of the work, for a person who waits.
    enum Progress: Sendable, Equatable {
        case complete(files: Int)
        case started(missing: Int, files: Int)
        case finished(name: String, bytes: Int, done: Int, missing: Int)
        case film(frame: Int, frames: Int)
    }

    let directory: URL
    let set: MediaSet
    /// Folders to look for ffmpeg in, as in the environment's PATH.
    var searchPath: String = ProcessInfo.processInfo.environment["PATH"] ?? ""
    var cores = ProcessInfo.processInfo.activeProcessorCount

    private static let temporaryPrefix = ".unfinished-"
    private static let lockName = ".lock"

    func url(of name: String) -> URL { directory.appendingPathComponent(name) }

    /// Makes the directory complete and says what is in it.
    ///
    /// A file gets its name only when it is complete, and is listed only after that, so that whatever a crash leaves behind is found at
    /// the next start and made again.
    func prepare(progress: @escaping @Sendable (Progress) -> Void) async throws -> MediaManifest {
        let manifest = MediaManifest.read(from: directory, version: set.version)
        guard !manifest.missing(of: set.fileNames, size: size(of:)).isEmpty else {
            progress(.complete(files: set.fileNames.count))
            return manifest
        }
        let ffmpeg = try FFmpeg.find(path: searchPath)
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        let lock = try lockDirectory()
        defer { close(lock) }
        for name in try FileManager.default.contentsOfDirectory(atPath: directory.path)
        where name.hasPrefix(Self.temporaryPrefix) {
            try FileManager.default.removeItem(at: url(of: name))
        }
        return try await fill(MediaManifest.read(from: directory, version: set.version), ffmpeg, progress)
    }

    private func fill(
        _ manifest: MediaManifest,
        _ ffmpeg: FFmpeg,
        _ progress: @escaping @Sendable (Progress) -> Void
    ) async throws -> MediaManifest {
        let missing = manifest.missing(of: set.fileNames, size: size(of:))
        progress(.started(missing: missing.count, files: set.fileNames.count))
        let ledger = Mutex(manifest)
        let paintings = Dictionary(uniqueKeysWithValues: set.paintings.map { (MediaSet.fileName(of: $0), $0) })
        let list: @Sendable (String) throws -> Void = { name in
            let data = try Data(contentsOf: url(of: name), options: .mappedIfSafe)
            let file = MediaManifest.File(bytes: data.count, tag: fingerprint(data))
            let done = try ledger.withLock { manifest in
                manifest.files[name] = file
                try manifest.write(to: directory)
                return missing.count - manifest.missing(of: missing, size: size(of:)).count
            }
            progress(.finished(name: name, bytes: file.bytes, done: done, missing: missing.count))
        }
        // The film alone keeps all cores busy, so the pictures come after it.
        if missing.contains(MediaSet.filmName) {
            try await encodeFilm(ffmpeg, progress)
            try list(MediaSet.filmName)
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            var waiting = missing.filter { $0 != MediaSet.filmName }.makeIterator()
            func startNext() {
                guard let name = waiting.next() else { return }
                group.addTask {
                    try Task.checkCancellation()
                    try await encodePicture(named: name, of: paintings[name], ffmpeg)
                    try list(name)
                }
            }
            for _ in 0..<max(cores, 1) { startNext() }
            while try await group.next() != nil { startNext() }
        }
        return ledger.withLock { $0 }
    }

    /// A painting, or the film's still when there is none.
    private func encodePicture(named name: String, of painting: Painting?, _ ffmpeg: FFmpeg) async throws {
        let picture = await onWorker { () -> (width: Int, height: Int, bytes: [UInt8]) in
            if let painting { return painting.pixels(scale: set.scale) }
            // A fifth into the film the shoal is near and the light is still high.
            let still = set.film.prefix(set.film.frameCount / 5 + 1).reduce(nil) { $1 }
            return (set.film.width, set.film.height, still?.pixels() ?? [])
        }
        let quality = painting?.quality ?? 3
        try await encode(
            into: name,
            ffmpeg,
            FFmpeg.rawInput(width: picture.width, height: picture.height, framesPerSecond: 1),
            // Full colour resolution; the fine colours of grain and glitter are what the pictures are heavy with.
            ["-frames:v", "1", "-pix_fmt", "yuvj444p", "-qmin", "1", "-q:v", "\(quality)", "-f", "mjpeg"]
        ) { encoding in
            try await encoding.write(picture.bytes)
        }
    }

    private func encodeFilm(_ ffmpeg: FFmpeg, _ progress: @escaping @Sendable (Progress) -> Void) async throws {
        let film = set.film
        try await encode(
            into: MediaSet.filmName,
            ffmpeg,
            FFmpeg.rawInput(width: film.width, height: film.height, framesPerSecond: film.framesPerSecond),
            [
                "-c:v", "libvpx", "-b:v", "\(set.filmRate)", "-minrate", "\(set.filmRate)", "-maxrate",
                "\(set.filmRate)",
                "-bufsize", "\(set.filmRate)", "-deadline", "realtime", "-cpu-used", "8", "-threads", "\(cores)",
                // A key frame each second to seek to, and the index of them at the front, where a player looks first.
                "-g", "\(film.framesPerSecond)", "-pix_fmt", "yuv420p", "-cues_to_front", "1", "-f", "webm",
            ]
        ) { encoding in
            // Frames are painted at once, as many as there are cores, and written in order.
            try await withThrowingTaskGroup(of: (Int, [UInt8]).self) { group in
                var painted: [Int: [UInt8]] = [:]
                var written = 0
                var frames = film.makeIterator()
                func startNext() {
                    guard let frame = frames.next() else { return }
                    group.addTask { (frame.index, await onWorker { frame.pixels() }) }
                }
                for _ in 0..<(max(cores, 1) + 1) { startNext() }
                while let (index, pixels) = try await group.next() {
                    try Task.checkCancellation()
                    painted[index] = pixels
                    startNext()
                    while let next = painted.removeValue(forKey: written) {
                        try await encoding.write(next)
                        written += 1
                        if written % max(film.frameCount / 10, 1) == 0 {
                            progress(.film(frame: written, frames: film.frameCount))
                        }
                    }
                }
            }
        }
    }

    /// Encodes under a temporary name and gives the file its own name when it is complete.
    private func encode(
        into name: String,
        _ ffmpeg: FFmpeg,
        _ input: [String],
        _ output: [String],
        _ feed: (Encoding) async throws -> Void
    ) async throws {
        let unfinished = url(of: Self.temporaryPrefix + name)
        let encoding = try ffmpeg.encode(input, output, to: unfinished)
        do {
            try await feed(encoding)
            try await encoding.finish()
        } catch {
            encoding.cancel()
            // Ctrl-C in a terminal reaches the encoder too, and often sooner: wait a moment for the cancellation that explains the failure.
            try await Task.sleep(for: .seconds(1))
            throw error
        }
        guard rename(unfinished.path, url(of: name).path) == 0 else {
            throw MediaError.failed("renaming to \(url(of: name).path)", String(cString: strerror(errno)))
        }
    }

    private func size(of name: String) -> Int? {
        let attributes = try? FileManager.default.attributesOfItem(atPath: url(of: name).path)
        return (attributes?[.size] as? NSNumber)?.intValue
    }

    /// Two processes must not fill one directory. The lock goes with the descriptor, so none is left behind by a crash.
    private func lockDirectory() throws -> Int32 {
        let path = url(of: Self.lockName).path
        let descriptor = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw MediaError.failed(path, String(cString: strerror(errno))) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            throw MediaError.failed(
                directory.path,
                "another process is filling this media directory; wait for it, or name another one"
            )
        }
        return descriptor
    }
}

/// Painting takes seconds, and Swift's own threads are few and serve the whole process, so it is done elsewhere.
private let workers = DispatchQueue(label: "shoal.demo.painting", attributes: .concurrent)

private func onWorker<Value: Sendable>(_ work: @escaping @Sendable () -> Value) async -> Value {
    await withCheckedContinuation { continuation in
        workers.async { continuation.resume(returning: work()) }
    }
}
