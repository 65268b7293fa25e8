import Foundation

/// What a media directory holds: written after each file, read at the next start.
struct MediaManifest: Codable, Equatable, Sendable {
    struct File: Codable, Equatable, Sendable {
        let bytes: Int
        /// Fingerprint of the content (FNV-1a, 64 bits, hexadecimal); becomes the entity tag.
        let tag: String
    }

    static let name = "manifest.json"

    /// Of the set of pictures; files of another version are made anew.
    let version: String
    var files: [String: File] = [:]

    /// The names of `wanted` that must be made: not listed, or not on disk in the size that is listed.
    ///
    /// - Parameter size: the size in bytes of the file of a name; nil when there is none.
    func missing(of wanted: [String], size: (String) -> Int?) -> [String] {
        wanted.filter { name in
            guard let file = files[name] else { return true }
            return size(name) != file.bytes
        }
    }

    /// The manifest of `directory`, an empty one where there is none, or none of this version, or one that cannot be read.
    static func read(from directory: URL, version: String) -> MediaManifest {
        let file = directory.appendingPathComponent(name)
        guard let data = try? Data(contentsOf: file), let manifest = try? JSONDecoder().decode(Self.self, from: data),
            manifest.version == version
        else { return MediaManifest(version: version) }
        return manifest
    }

    func write(to directory: URL) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        try encoder.encode(self).write(to: directory.appendingPathComponent(Self.name), options: .atomic)
    }
}

/// FNV-1a with 64 bits (draft-eastlake-fnv): tells versions of a file apart; no protection against anybody.
func fingerprint(_ bytes: some Sequence<UInt8>) -> String {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    let text = String(hash, radix: 16)
    return String(repeating: "0", count: 16 - text.count) + text
}
