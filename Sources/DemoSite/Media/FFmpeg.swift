import Foundation

/// Why the media cannot be made.
public struct MediaError: Error, CustomStringConvertible, Equatable {
    public let description: String

    static func missingFFmpeg(searched path: String) -> MediaError {
        MediaError(
            description: """
                ffmpeg is not installed, and the demo site needs it once to encode its pictures and its film. \
                Install it (Debian: apt-get install ffmpeg) and start again. Searched: \(path.isEmpty ? "an empty PATH" : path)
                """
        )
    }

    static func failed(_ command: String, _ reason: String) -> MediaError {
        MediaError(description: "\(command): \(reason)")
    }
}

/// The encoder, a program of its own that is fed with raw pixels through its standard input.
struct FFmpeg: Sendable {
    let executable: URL

    /// Looks for `ffmpeg` in the folders of `path`, which is written like the environment's PATH.
    static func find(path: String) throws(MediaError) -> FFmpeg {
        for folder in path.split(separator: ":") {
            let candidate = URL(fileURLWithPath: String(folder)).appendingPathComponent("ffmpeg")
            if FileManager.default.isExecutableFile(atPath: candidate.path) { return FFmpeg(executable: candidate) }
        }
        throw .missingFFmpeg(searched: path)
    }

    /// Arguments that describe frames of raw pixels on the standard input.
    static func rawInput(width: Int, height: Int, framesPerSecond: Int) -> [String] {
        ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", "\(width)x\(height)", "-r", "\(framesPerSecond)", "-i", "pipe:0"]
    }

    /// Starts an encoding into `file`.
    func encode(_ input: [String], _ output: [String], to file: URL) throws -> Encoding {
        try Encoding(
            executable: executable,
            arguments: ["-hide_banner", "-loglevel", "error", "-nostdin", "-y"] + input + output + [file.path]
        )
    }
}

/// A running encoder. `write` the frames in order, then `finish`; or `cancel`.
final class Encoding: Sendable {
    private let process = Process()
    private let input: FileHandle
    private let complaints = Pipe()
    /// Blocking calls are made here, so that no thread of Swift's own pool waits for the encoder.
    private let queue = DispatchQueue(label: "shoal.demo.encoding")

    init(executable: URL, arguments: [String]) throws {
        // A socket instead of a pipe: `send` can be told not to raise SIGPIPE, and close-on-exec is set from the start, so that an encoder
        // that starts at the same moment does not inherit this one's input and keep it open for ever.
        var ends: [Int32] = [-1, -1]
        guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0, &ends) == 0 else {
            throw MediaError.failed("socketpair", String(cString: strerror(errno)))
        }
        input = FileHandle(fileDescriptor: ends[0], closeOnDealloc: true)
        process.executableURL = executable
        process.arguments = arguments
        process.standardInput = FileHandle(fileDescriptor: ends[1], closeOnDealloc: true)
        process.standardOutput = FileHandle.nullDevice
        process.standardError = complaints
        do {
            try process.run()
        } catch {
            throw MediaError.failed(executable.path, "cannot be started: \(error)")
        }
    }

    /// Hands pixels to the encoder and returns when it has taken them.
    func write(_ bytes: [UInt8]) async throws {
        try await onQueue { [self] in
            try bytes.withUnsafeBytes { buffer in
                var rest = UnsafeRawBufferPointer(buffer)
                while let start = rest.baseAddress, !rest.isEmpty {
                    let sent = send(input.fileDescriptor, start, rest.count, Int32(MSG_NOSIGNAL))
                    if sent < 0 && errno == EINTR { continue }
                    guard sent > 0 else { throw failure(String(cString: strerror(errno))) }
                    rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(sent))
                }
            }
        }
    }

    /// Says that there are no more frames and waits until the file is complete.
    func finish() async throws {
        try await onQueue { [self] in
            try input.close()
            process.waitUntilExit()
            guard process.terminationReason == .exit, process.terminationStatus == 0 else {
                throw failure("ended with status \(process.terminationStatus)")
            }
        }
    }

    /// Stops the encoder; its file is worthless.
    func cancel() {
        process.terminate()
    }

    private func failure(_ reason: String) -> MediaError {
        process.terminate()
        let said =
            (try? complaints.fileHandleForReading.readToEnd()).map { String(decoding: $0.suffix(400), as: UTF8.self) }
            ?? ""
        return .failed(
            "ffmpeg",
            said.isEmpty ? reason : "\(reason): \(said.trimmingCharacters(in: .whitespacesAndNewlines))"
        )
    }

    /// Makes a blocking call. When the caller's task is cancelled the encoder is stopped, which ends the call.
    private func onQueue(_ body: @escaping @Sendable () throws -> Void) async throws {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                queue.async { continuation.resume(with: Result(catching: body)) }
            }
        } onCancel: {
            cancel()
        }
    }
}
