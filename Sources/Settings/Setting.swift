/// One setting: a flag `--name`, an environment variable `SHOAL_NAME` and a key `name` of the configuration file.
public struct Setting<Value: Sendable>: Sendable {
    /// Lower case words joined by hyphens.
    public let name: String
    /// The value when nobody gives one, as a person would write it; nil for a setting without a default.
    public let defaultText: String?
    /// What it is, with its unit and limits; one sentence.
    public let help: String
    let kind: SettingKind<Value>
    /// What stands for "nobody gave one and there is no default"; nil when that is an error.
    let absent: Value?

    /// A setting that has a default.
    public init(_ name: String, _ kind: SettingKind<Value>, default defaultText: String, help: String) {
        self.name = name
        self.kind = kind
        self.defaultText = defaultText
        self.help = help
        absent = nil
    }

    /// A setting that must be given.
    public init(_ name: String, needed kind: SettingKind<Value>, help: String) {
        self.name = name
        self.kind = kind
        self.defaultText = nil
        self.help = help
        absent = nil
    }

    /// A setting that may stay without a value.
    public init<Wrapped>(_ name: String, _ kind: SettingKind<Wrapped>, help: String) where Value == Wrapped? {
        self.name = name
        self.kind = kind.optional
        self.defaultText = nil
        self.help = help
        absent = .some(nil)
    }

    /// What the schema needs to know of it.
    public var declaration: SettingDeclaration {
        SettingDeclaration(
            name: name,
            placeholder: kind.placeholder,
            defaultText: defaultText,
            help: help,
            isSwitch: kind.isSwitch,
            isList: kind.isList
        )
    }
}

/// A setting without its type: what help and the search for unknown names need.
public struct SettingDeclaration: Sendable {
    public let name: String
    public let placeholder: String
    public let defaultText: String?
    public let help: String
    /// Needs no value as a flag.
    let isSwitch: Bool
    /// May be given several times as a flag.
    let isList: Bool

    /// The environment variable of the same setting.
    public var variable: String { Self.variablePrefix + name.uppercased().replacing("-", with: "_") }

    static let variablePrefix = "SHOAL_"
}

/// Why settings cannot be used. The text is for a person: it names the setting, where it came from, and what to do.
public struct SettingsError: Error, Equatable, CustomStringConvertible {
    public let description: String

    public init(_ description: String) { self.description = description }
}
