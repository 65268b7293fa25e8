/// The settings that one command has.
public struct SettingsSchema: Sendable {
    /// Names the configuration file; it cannot stand in that file.
    public static let file = Setting<String?>(
        "config-file",
        .text("FILE"),
        help: "A YAML file with settings, one \"name: value\" a line."
    )

    public let declarations: [SettingDeclaration]

    public init(_ declarations: [SettingDeclaration]) { self.declarations = declarations + [Self.file.declaration] }

    func declaration(_ name: String) -> SettingDeclaration? { declarations.first { $0.name == name } }

    /// The end of an error about an unknown name: the nearest known one, if any is near.
    func suggestion(for name: String) -> String {
        let nearest = declarations.map { ($0.name, editDistance(name, $0.name)) }.min { $0.1 < $1.1 }
        guard let (known, distance) = nearest, distance <= max(2, name.count / 4) else { return "see --help" }
        return "did you mean \(known)?"
    }

    /// A line or two for each setting, for `--help`.
    public var help: String {
        declarations.map { declaration in
            let flag = "  --\(declaration.name)" + (declaration.isSwitch ? "" : " \(declaration.placeholder)")
            let fallback = declaration.defaultText.map { " (default: \($0))" } ?? ""
            return "\(flag)\n        \(declaration.help)\(fallback)"
        }
        .joined(separator: "\n")
    }
}

/// The number of single-character changes between two texts (Levenshtein).
private func editDistance(_ a: String, _ b: String) -> Int {
    let b = Array(b)
    var row = Array(0...b.count)
    for (i, character) in a.enumerated() {
        var diagonal = row[0]
        row[0] = i + 1
        for j in b.indices {
            let substituted = diagonal + (character == b[j] ? 0 : 1)
            diagonal = row[j + 1]
            row[j + 1] = min(substituted, row[j] + 1, diagonal + 1)
        }
    }
    return row[b.count]
}
