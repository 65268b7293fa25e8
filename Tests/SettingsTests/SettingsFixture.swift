import Foundation
import Settings

/// The settings of a command that has one of every kind.
enum Example {
    static let limit = Setting<Int>("message-size-limit", .integer(1...100), default: "10", help: "Bytes.")
    static let count = Setting<Int?>("event-loops", .integer(1...256), help: "Threads.")
    static let needed = Setting<String>("root-thumbprint", needed: .text("T"), help: "The root key.")
    static let url = Setting<String>("authority-url", .url("http", "https"), default: "http://a", help: "Where.")
    static let level = Setting<String>("log-level", .oneOf("debug", "info"), default: "info", help: "How much.")
    static let address = Setting<ListenAddress>("public-address", .address, default: "127.0.0.1:8000", help: "Where.")
    static let isOpen = Setting<Bool>("open", .flag, default: "false", help: "Whether.")
    static let servers = Setting<[String]>("ice-servers", .list("URL,…"), default: "", help: "Which.")

    static let schema = SettingsSchema([
        limit.declaration, count.declaration, needed.declaration, url.declaration, level.declaration,
        address.declaration, isOpen.declaration, servers.declaration,
    ])

    static func resolve(
        _ arguments: [String] = [],
        environment: [String: String] = [:],
        others: Set<String> = []
    ) throws(SettingsError) -> ResolvedSettings {
        try ResolvedSettings(schema, arguments: arguments, environment: environment, otherVariables: others)
    }

    /// What resolving or reading one setting fails with; nil when it does not.
    static func failure<Value>(
        _ setting: Setting<Value>,
        _ arguments: [String] = [],
        environment: [String: String] = [:]
    ) -> String? {
        do throws(SettingsError) {
            _ = try resolve(arguments, environment: environment).value(setting)
            return nil
        } catch {
            return error.description
        }
    }
}

/// A file that is gone afterwards.
func withFile(_ text: String, _ body: (String) throws -> Void) throws {
    let path = FileManager.default.temporaryDirectory.appending(path: "settings-\(UUID().uuidString).yaml").path
    try text.write(toFile: path, atomically: true, encoding: .utf8)
    defer { try? FileManager.default.removeItem(atPath: path) }
    try body(path)
}
