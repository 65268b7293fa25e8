import Settings
import Testing

/// What each kind of setting takes and refuses.
@Suite struct SettingKindTests {
    private func value<Value: Sendable>(_ kind: SettingKind<Value>, _ text: String) -> Value? {
        let setting = Setting<Value>("x", kind, default: text, help: "")
        let schema = SettingsSchema([setting.declaration])
        return try? ResolvedSettings(schema, arguments: [], environment: [:]).value(setting)
    }

    @Test(
        arguments: [
            ("1", 1), ("100", 100), ("007", 7), ("0", nil), ("101", nil), ("-1", nil), ("", nil), (" 1", nil),
            ("1.0", nil),
            ("1e1", nil), ("0x1", nil), ("one", nil), ("99999999999999999999", nil),
        ] as [(String, Int?)]
    )
    func takesIntegers(text: String, expected: Int?) {
        #expect(value(.integer(1...100), text) == expected)
    }

    @Test(arguments: [("a", true), (" ", true), ("ü b", true), ("", false)])
    func takesTexts(text: String, isAccepted: Bool) {
        #expect(value(.text(), text) == (isAccepted ? text : nil))
    }

    @Test(arguments: [
        ("http://a", true), ("https://a.example:8443/b?c", true), ("http://[::1]:80", true), ("ftp://a", false),
        ("http://", false), ("http:", false), ("a", false), ("", false), ("//a", false), ("HTTP ://a", false),
    ])
    func takesURLs(text: String, isAccepted: Bool) {
        #expect(value(.url("http", "https"), text) == (isAccepted ? text : nil))
    }

    @Test(arguments: [("debug", true), ("info", true), ("Info", false), ("", false), ("debug,info", false)])
    func takesOneOfItsWords(text: String, isAccepted: Bool) {
        #expect(value(.oneOf("debug", "info"), text) == (isAccepted ? text : nil))
    }

    @Test(
        arguments: [("true", true), ("false", false), ("", nil), ("yes", nil), ("1", nil), ("True", nil)]
            as [(String, Bool?)]
    )
    func takesSwitches(text: String, expected: Bool?) {
        #expect(value(.flag, text) == expected)
    }

    @Test(arguments: [
        ("", []), ("a", ["a"]), ("a,b", ["a", "b"]), (" a , b ", ["a", "b"]), ("a,,b,", ["a", "b"]),
    ])
    func takesLists(text: String, expected: [String]) {
        #expect(value(.list(), text) == expected)
    }

    @Test(
        arguments: [
            ("127.0.0.1:8000", ListenAddress(host: "127.0.0.1", port: 8000)),
            ("localhost:0", ListenAddress(host: "localhost", port: 0)),
            ("[::1]:65535", ListenAddress(host: "::1", port: 65_535)), ("::1:80", nil), ("[]:80", nil), (":80", nil),
            ("host", nil), ("host:", nil), ("host:65536", nil), ("host:-1", nil), ("host:http", nil), ("", nil),
        ] as [(String, ListenAddress?)]
    )
    func takesAddresses(text: String, expected: ListenAddress?) {
        #expect(value(.address, text) == expected)
        if let expected, text.first != "[" || expected.host.contains(":") { #expect(expected.description == text) }
    }
}
