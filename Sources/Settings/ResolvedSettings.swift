import Foundation
import Yams

/// The settings of one start: flags win over the environment, and that over the file.
public struct ResolvedSettings: Sendable {
    private struct Given {
        var texts: [String]
        /// As a person would look for it: `--name`, `SHOAL_NAME` or `name in FILE`.
        var source: String
    }

    private var given: [String: Given] = [:]

    /// Reads flags, environment and file. Every name in them is known, and each list-free setting is given once.
    ///
    /// - Parameters:
    ///   - arguments: what stands behind the command's name.
    ///   - otherVariables: variables with Shoal's prefix that mean something to other commands; they are left alone.
    public init(
        _ schema: SettingsSchema,
        arguments: [String],
        environment: [String: String],
        otherVariables: Set<String> = []
    ) throws(SettingsError) {
        let flags = try Self.flags(schema, arguments)
        let variables = try Self.variables(schema, environment, except: otherVariables)
        let path = (flags[SettingsSchema.file.name] ?? variables[SettingsSchema.file.name])?.texts.first
        let file = try path.map { path throws(SettingsError) in try Self.file(schema, path) } ?? [:]
        given = file.merging(variables) { $1 }.merging(flags) { $1 }
    }

    /// The value of a setting of the schema.
    public func value<Value>(_ setting: Setting<Value>) throws(SettingsError) -> Value {
        let found = given[setting.name] ?? setting.defaultText.map { Given(texts: [$0], source: "the default") }
        guard let found else {
            if let absent = setting.absent { return absent }
            throw SettingsError("--\(setting.name) is needed: \(setting.help)")
        }
        guard let value = setting.kind.parse(found.texts) else {
            let got = found.texts.joined(separator: ", ")
            throw SettingsError("\(found.source) must be \(setting.kind.expectation); it is \"\(got)\".")
        }
        return value
    }

    /// Whether somebody gave the setting.
    public func isGiven<Value>(_ setting: Setting<Value>) -> Bool { given[setting.name] != nil }

    private static func flags(_ schema: SettingsSchema, _ arguments: [String]) throws(SettingsError) -> [String: Given]
    {
        var given: [String: Given] = [:]
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            guard argument.hasPrefix("--"), argument.count > 2 else {
                throw SettingsError("\"\(argument)\" is not a flag; flags begin with --.")
            }
            let parts = argument.dropFirst(2).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = String(parts[0])
            guard let declaration = schema.declaration(name) else {
                throw SettingsError("--\(name) is not a setting of this command; \(schema.suggestion(for: name))")
            }
            let text: String
            if parts.count == 2 {
                text = String(parts[1])
            } else if declaration.isSwitch {
                text = "true"
            } else if let next = rest.popFirst() {
                text = next
            } else {
                throw SettingsError("--\(name) needs a value (\(declaration.placeholder)).")
            }
            if given[name] != nil, !declaration.isList {
                throw SettingsError("--\(name) is given twice.")
            }
            given[name, default: Given(texts: [], source: "--\(name)")].texts.append(text)
        }
        return given
    }

    private static func variables(
        _ schema: SettingsSchema,
        _ environment: [String: String],
        except others: Set<String>
    ) throws(SettingsError) -> [String: Given] {
        var given: [String: Given] = [:]
        for (variable, text) in environment.sorted(by: { $0.key < $1.key })
        where variable.hasPrefix(SettingDeclaration.variablePrefix) {
            guard let declaration = schema.declarations.first(where: { $0.variable == variable }) else {
                if others.contains(variable) { continue }
                let name = variable.dropFirst(SettingDeclaration.variablePrefix.count).lowercased().replacing(
                    "_",
                    with: "-"
                )
                throw SettingsError(
                    "\(variable) in the environment is not a setting of this command; \(schema.suggestion(for: name))"
                )
            }
            given[declaration.name] = Given(texts: [text], source: variable)
        }
        return given
    }

    private static func file(_ schema: SettingsSchema, _ path: String) throws(SettingsError) -> [String: Given] {
        let root: Node?
        do {
            root = try Yams.compose(yaml: String(contentsOf: URL(filePath: path), encoding: .utf8))
        } catch {
            throw SettingsError("The configuration file \(path) cannot be read: \(error)")
        }
        guard let root, root != "" else { return [:] }
        guard let mapping = root.mapping else {
            throw SettingsError("The configuration file \(path) must hold lines of the form \"name: value\".")
        }
        var given: [String: Given] = [:]
        for (key, value) in mapping {
            let name = key.string ?? ""
            guard name != SettingsSchema.file.name else {
                throw SettingsError(
                    "\"\(name)\" in \(path) cannot be set there; give it as a flag or in the environment."
                )
            }
            guard let declaration = schema.declaration(name) else {
                throw SettingsError(
                    "\"\(name)\" in \(path) is not a setting of this command; \(schema.suggestion(for: name))"
                )
            }
            let nodes = value.sequence.map(Array.init) ?? [value]
            let texts = nodes.compactMap(\.string)
            guard texts.count == nodes.count else {
                throw SettingsError("\"\(name)\" in \(path) must be a value or a list of values.")
            }
            guard declaration.isList || texts.count == 1 else {
                throw SettingsError("\"\(name)\" in \(path) takes one value; it has \(texts.count).")
            }
            given[name] = Given(texts: texts, source: "\"\(name)\" in \(path)")
        }
        return given
    }
}
