import Foundation

/// A type of setting: how a text becomes a value. Several texts only for a list.
public struct SettingKind<Value: Sendable>: Sendable {
    /// Stands for the value in help.
    let placeholder: String
    var isSwitch = false
    var isList = false
    /// Nil when the text is not of this kind; `expectation` then says what would be.
    let parse: @Sendable ([String]) -> Value?
    let expectation: String

    /// The same kind for a setting that may be absent.
    var optional: SettingKind<Value?> {
        SettingKind<Value?>(
            placeholder: placeholder,
            isSwitch: isSwitch,
            isList: isList,
            parse: { [parse] texts in parse(texts).map(Optional.some) },
            expectation: expectation
        )
    }

    fileprivate static func single(
        _ placeholder: String,
        _ expectation: String,
        _ parse: @escaping @Sendable (String) -> Value?
    ) -> Self {
        SettingKind(
            placeholder: placeholder,
            parse: { $0.count == 1 ? parse($0[0]) : nil },
            expectation: expectation
        )
    }
}

extension SettingKind<Int> {
    /// A whole number.
    public static func integer(_ range: ClosedRange<Int>) -> Self {
        single("N", "a whole number from \(range.lowerBound) to \(range.upperBound)") { text in
            Int(text).flatMap { range.contains($0) ? $0 : nil }
        }
    }
}

extension SettingKind<String> {
    /// Any text but the empty one.
    public static func text(_ placeholder: String = "TEXT") -> Self {
        single(placeholder, "a text that is not empty") { $0.isEmpty ? nil : $0 }
    }

    /// An absolute URL with one of these schemes and a host.
    public static func url(_ schemes: String...) -> Self {
        let listed = schemes.joined(separator: "://, ") + "://"
        return single("URL", "a URL that begins with \(listed)") { text in
            guard let url = URL(string: text), let scheme = url.scheme, schemes.contains(scheme), url.host != nil else {
                return nil
            }
            return text
        }
    }

    /// One of a few words.
    public static func oneOf(_ words: String...) -> Self {
        single(words.joined(separator: "|"), "one of \(words.joined(separator: ", "))") {
            words.contains($0) ? $0 : nil
        }
    }
}

extension SettingKind<Bool> {
    /// On or off; as a flag it needs no value.
    public static var flag: Self {
        var kind = single("", "true or false") { text in ["true": true, "false": false][text] }
        kind.isSwitch = true
        return kind
    }
}

extension SettingKind<[String]> {
    /// Any number of texts: as repeated flags, or one text with commas.
    public static func list(_ placeholder: String = "TEXT,…") -> Self {
        SettingKind(
            placeholder: placeholder,
            isList: true,
            parse: { texts in texts.flatMap { $0.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) } }
            },
            expectation: "texts, separated by commas"
        )
    }
}

/// A host and a port to listen on.
public struct ListenAddress: Equatable, Sendable, CustomStringConvertible {
    public var host: String
    /// 0: any free port.
    public var port: Int

    public init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// `host:port`, an IPv6 host in brackets.
    public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}

extension SettingKind<ListenAddress> {
    /// `host:port`; an IPv6 host in brackets.
    public static var address: Self {
        single("HOST:PORT", "host:port, for example 127.0.0.1:8000 or [::1]:8000") { text in
            guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) else {
                return nil
            }
            var host = String(text[..<colon])
            if host.hasPrefix("["), host.hasSuffix("]") {
                host = String(host.dropFirst().dropLast())
            } else if host.contains(":") {
                return nil
            }
            return host.isEmpty ? nil : ListenAddress(host: host, port: Int(port))
        }
    }
}
