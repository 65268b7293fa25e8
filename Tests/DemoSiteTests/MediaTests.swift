import Foundation
import Synchronization
import Testing

@testable import DemoSite

@Suite("The media directory")
struct MediaTests {
    private static func library(_ directory: URL) -> MediaLibrary { MediaLibrary(directory: directory, set: .tiny) }

    /// What ffprobe, which is not ours, says of a file's first stream.
    private func probe(_ file: URL, _ entries: String) throws -> [String: String] {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [
            "ffprobe", "-v", "error", "-count_frames", "-show_entries", entries, "-of", "default=noprint_wrappers=1",
            file.path,
        ]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let said = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        let pairs = said.split(separator: "\n").compactMap { line -> (String, String)? in
            let parts = line.split(separator: "=", maxSplits: 1)
            return parts.count == 2 ? (String(parts[0]), String(parts[1])) : nil
        }
        return Dictionary(pairs) { first, _ in first }
    }

    private func contents(_ directory: URL) throws -> [String: Data] {
        let names = try FileManager.default.contentsOfDirectory(atPath: directory.path).filter { !$0.hasPrefix(".") }
        return try Dictionary(
            uniqueKeysWithValues: names.map { ($0, try Data(contentsOf: directory.appendingPathComponent($0))) }
        )
    }

    @Test func `pictures and film are what they claim to be`() async throws {
        try await withTemporaryDirectory { directory in
            let manifest = try await Self.library(directory).prepare { _ in }
            #expect(Set(manifest.files.keys) == ["film.webm", "film.jpg", "shore.jpg", "shoal.jpg"])
            for (name, file) in manifest.files {
                let data = try Data(contentsOf: directory.appendingPathComponent(name))
                #expect(data.count == file.bytes && fingerprint(data) == file.tag)
            }
            let picture = try probe(
                directory.appendingPathComponent("shoal.jpg"),
                "stream=codec_name,width,height,nb_read_frames"
            )
            #expect(picture == ["codec_name": "mjpeg", "width": "64", "height": "96", "nb_read_frames": "1"])
            let film = try probe(
                directory.appendingPathComponent("film.webm"),
                "stream=codec_name,width,height,nb_read_frames:format=duration"
            )
            #expect(
                film["codec_name"] == "vp8" && film["width"] == "64" && film["height"] == "36"
                    && film["nb_read_frames"] == "10"
            )
            #expect(film["duration"].flatMap(Double.init).map { abs($0 - 1) < 0.01 } == true)
        }
    }

    @Test func `the index that a player seeks by comes before the first cluster`() async throws {
        try await withTemporaryDirectory { directory in
            _ = try await Self.library(directory).prepare { _ in }
            let film = try Data(contentsOf: directory.appendingPathComponent("film.webm"))
            let order = segmentElements(Array(film))
            // Element IDs of Matroska (RFC 9559 §5.1): Cues and Cluster.
            let cues = try #require(order.firstIndex(of: 0x1C53_BB6B))
            let cluster = try #require(order.firstIndex(of: 0x1F43_B675))
            #expect(cues < cluster)
        }
    }

    /// The IDs of the elements in a Matroska file's segment, in order (RFC 8794 §5, §6).
    private func segmentElements(_ bytes: [UInt8]) -> [UInt64] {
        var (place, ids): (Int, [UInt64]) = (0, [])
        func number(keepingMarker: Bool) -> UInt64 {
            let length = bytes[place].leadingZeroBitCount + 1
            let value = bytes[place..<(place + length)].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            place += length
            return keepingMarker ? value : value & ((1 << (7 * UInt64(length))) - 1)
        }
        while place < bytes.count {
            let (id, size) = (number(keepingMarker: true), number(keepingMarker: false))
            // The segment's own contents follow at once.
            if id == 0x1853_8067 { continue }
            ids.append(id)
            place += Int(size)
        }
        return ids
    }

    @Test func `a second start finds everything and needs no encoder`() async throws {
        try await withTemporaryDirectory { directory in
            var library = Self.library(directory)
            let first = try await library.prepare { _ in }
            let before = try contents(directory)
            library.searchPath = ""
            let steps = Mutex<[MediaLibrary.Progress]>([])
            let second = try await library.prepare { step in steps.withLock { $0.append(step) } }
            #expect(second == first)
            #expect(steps.withLock { $0 } == [.complete(files: 4)])
            #expect(try contents(directory) == before)
        }
    }

    @Test func `what a crash left behind is made again, and nothing else`() async throws {
        try await withTemporaryDirectory { directory in
            let library = Self.library(directory)
            let whole = try await library.prepare { _ in }
            func url(_ name: String) -> URL { directory.appendingPathComponent(name) }
            let kept =
                try FileManager.default.attributesOfItem(atPath: url("film.webm").path)[.modificationDate] as? Date
            // One file is cut, one is there but not yet listed, one has only its temporary name.
            let cut = try Data(contentsOf: url("shore.jpg"))
            try cut.prefix(cut.count / 2).write(to: url("shore.jpg"))
            var listed = whole
            listed.files["shoal.jpg"] = nil
            try listed.write(to: directory)
            try FileManager.default.moveItem(at: url("film.jpg"), to: url(".unfinished-film.jpg"))

            let made = Mutex<Set<String>>([])
            let repaired = try await library.prepare { step in
                if case .finished(let name, _, _, _) = step { made.withLock { _ = $0.insert(name) } }
            }
            #expect(made.withLock { $0 } == ["shore.jpg", "shoal.jpg", "film.jpg"])
            #expect(repaired == whole)
            #expect(!FileManager.default.fileExists(atPath: url(".unfinished-film.jpg").path))
            #expect(
                try FileManager.default.attributesOfItem(atPath: url("film.webm").path)[.modificationDate] as? Date
                    == kept
            )
        }
    }

    @Test(arguments: ["", "{", "{\"version\":\"another\",\"files\":{}}", "[]"])
    func `a manifest that is broken or of another version counts for nothing`(text: String) async throws {
        try await withTemporaryDirectory { directory in
            try Data(text.utf8).write(to: directory.appendingPathComponent(MediaManifest.name))
            #expect(MediaManifest.read(from: directory, version: "tiny") == MediaManifest(version: "tiny"))
        }
    }

    @Test func `without ffmpeg the error says what to install`() async throws {
        try await withTemporaryDirectory { directory in
            var library = Self.library(directory)
            library.searchPath = directory.path
            let error = await #expect(throws: MediaError.self) { try await library.prepare { _ in } }
            #expect(error?.description.contains("apt-get install ffmpeg") == true)
            #expect(error?.description.contains(directory.path) == true)
        }
    }

    @Test func `an encoder that fails is reported with what it said, and leaves no file`() async throws {
        try await withTemporaryDirectory { directory in
            let bin = directory.appendingPathComponent("bin")
            try FileManager.default.createDirectory(at: bin, withIntermediateDirectories: true)
            let fake = bin.appendingPathComponent("ffmpeg")
            try Data("#!/bin/sh\necho no such codec >&2\nexit 3\n".utf8).write(to: fake)
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: fake.path)
            let media = directory.appendingPathComponent("media")
            var library = Self.library(media)
            library.searchPath = bin.path
            let error = await #expect(throws: MediaError.self) { try await library.prepare { _ in } }
            #expect(error?.description.contains("no such codec") == true)
            #expect(try FileManager.default.contentsOfDirectory(atPath: media.path) == [".lock"])
        }
    }

    @Test func `two processes do not fill one directory`() async throws {
        try await withTemporaryDirectory { directory in
            // Another open file description stands for another process: flock does not tell them apart.
            let descriptor = open(directory.appendingPathComponent(".lock").path, O_CREAT | O_RDWR, 0o644)
            defer { close(descriptor) }
            try #require(flock(descriptor, LOCK_EX | LOCK_NB) == 0)
            let error = await #expect(throws: MediaError.self) { try await Self.library(directory).prepare { _ in } }
            #expect(error?.description.contains("another process") == true)
        }
    }
}
