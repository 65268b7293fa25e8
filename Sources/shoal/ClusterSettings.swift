import Foundation
import NIOCore
import Presence
import RedisClient
import RedisPresence
import Settings
import TrackerNode

/// The settings of a tracker node that is one of several (Docs/Operations.md).
enum ClusterSettings {
    /// Bytes of a password file.
    private static let passwordLimit = 4_096

    static let redisURL = Setting<[String]>(
        "redis-url",
        .list("NAME=URL,…"),
        default: "",
        help:
            "The shards of the cluster, each with its name: a=redis://10.0.0.1:6379,b=rediss://10.0.0.2. Asked for the cluster's topology; describe it when there is none yet. Without it, the node is alone and keeps presence in memory."
    )
    static let passwordFile = Setting<String?>(
        "redis-password-file",
        .text("FILE"),
        help: "A file with the password of the shards whose URL has none."
    )
    static let certificateAuthorities = Setting<String?>(
        "redis-ca-file",
        .text("FILE"),
        help: "A PEM file with the authorities that rediss:// shards are verified by, instead of the system's."
    )
    static let timeout = Setting<Int>(
        "redis-timeout",
        .integer(10...10_000),
        default: "200",
        help: "Milliseconds until a find whose shard is silent is answered as degraded."
    )
    static let batchLimit = Setting<Int>(
        "redis-batch-limit",
        .integer(1...4_096),
        default: "\(RedisConfiguration().batchLimit)",
        help: "Commands sent to a shard at once at most; 1 sends each by itself."
    )
    static let nodeName = Setting<String?>(
        "node-name",
        .text("NAME"),
        help: "The node's name among those of the cluster, for operators; without it, the public address."
    )

    static let declarations: [SettingDeclaration] = [
        redisURL.declaration, passwordFile.declaration, certificateAuthorities.declaration, timeout.declaration,
        batchLimit.declaration, nodeName.declaration,
    ]

    /// Where the node's presence is kept.
    static func store(_ settings: ResolvedSettings, publicAddress: ListenAddress) throws(SettingsError)
        -> TrackerNode.Store
    {
        let shards = try settings.value(redisURL)
        guard !shards.isEmpty else {
            for setting in [passwordFile, certificateAuthorities] where try settings.value(setting) != nil {
                throw SettingsError(
                    "--\(setting.name) is given, and --redis-url is not: there is no shard to use it for."
                )
            }
            return .memory(MemoryPresenceStore())
        }
        var named: [(name: String, url: String)] = []
        for shard in shards { named.append(try parse(shard)) }
        var configuration = RedisPresenceConfiguration(
            name: try settings.value(nodeName) ?? "\(publicAddress)",
            shards: named
        )
        do {
            _ = try Topology(initial: named)
        } catch {
            throw SettingsError("--redis-url cannot be used. \(error)")
        }
        configuration.password = try settings.value(passwordFile).map { file throws(SettingsError) in
            try password(in: file)
        }
        configuration.certificateAuthorities = try settings.value(certificateAuthorities)
        configuration.timeout = try settings.value(timeout)
        configuration.batchLimit = try settings.value(batchLimit)
        return .redis(configuration)
    }

    /// `NAME=URL`.
    private static func parse(_ text: String) throws(SettingsError) -> (name: String, url: String) {
        guard let equals = text.firstIndex(of: "="), equals != text.startIndex else {
            throw SettingsError(
                "--redis-url takes shards as NAME=URL, for example a=redis://127.0.0.1:6379; one has no name."
            )
        }
        let name = String(text[..<equals])
        let url = String(text[text.index(after: equals)...])
        do {
            _ = try RedisURL(url)
        } catch {
            throw SettingsError("--redis-url: the address of shard \(name) cannot be used: \(error)")
        }
        return (name, url)
    }

    private static func password(in file: String) throws(SettingsError) -> String {
        guard let bytes = FileManager.default.contents(atPath: file) else {
            throw SettingsError("--redis-password-file \(file) cannot be read.")
        }
        let password = String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .newlines)
        guard (1...passwordLimit).contains(password.utf8.count) else {
            throw SettingsError(
                "--redis-password-file \(file) must hold a password of 1 to \(passwordLimit) bytes; it holds \(password.utf8.count)."
            )
        }
        return password
    }
}
