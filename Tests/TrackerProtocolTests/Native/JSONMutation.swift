import Presence
import TestSupport

/// Texts that are JSON, or nearly: valid ones with pieces removed, repeated, swapped and changed.
enum JSONMutation {
    private static let seeds: [[UInt8]] =
        (Sample.valid + [
            #"[0,-0,1,-1,0.5,1e5,1E+5,1e-5,123456789,true,false,null]"#,
            #"{"a":{"b":{"c":[[],{}]}},"é":"\u00e9\"\\\/\b\f\n\r\t"}"#, #""text""#, "17", "-1.5e3", " null ", "[]",
            "{}",
            #"["\ud83d\ude00","😀"]"#,
        ]).map { Array($0.utf8) }

    /// What JSON is made of; a change to one of these is more likely to matter than one to any byte.
    private static let tokens: [[UInt8]] = [
        "{", "}", "[", "]", ",", ":", "\"", "\\", "\\u", "\\u00", "\\\"", "0", "-", ".", "e", "E", "+", "1", "true",
        "fals",
        "null", " ", "\n", "\u{1}", "\u{7F}", "é", "/", "\"a\":", "[[", "]]", "00", "1.", "\\n", "'",
    ].map { Array($0.utf8) }

    static func text(using random: inout SplitMix64) -> [UInt8] {
        mutate(seeds.randomElement(using: &random) ?? [], times: Int.random(in: 0...3, using: &random), using: &random)
    }

    static func mutate(_ text: [UInt8], times: Int, using random: inout SplitMix64) -> [UInt8] {
        var text = text
        for _ in 0..<times {
            let start = Int.random(in: 0...text.count, using: &random)
            let end = min(text.count, start + Int.random(in: 0...4, using: &random))
            switch Int.random(in: 0..<5, using: &random) {
            case 0: text.removeSubrange(start..<end)
            case 1: text.insert(contentsOf: text[start..<end], at: start)
            case 2: text.insert(contentsOf: tokens.randomElement(using: &random) ?? [], at: start)
            case 3: text.replaceSubrange(start..<end, with: tokens.randomElement(using: &random) ?? [])
            default: if start < text.count { text[start] = UInt8.random(in: 0x20...0x7E, using: &random) }
            }
        }
        return text
    }
}
