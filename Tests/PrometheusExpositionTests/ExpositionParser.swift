/// Reads the Prometheus text exposition format, version 0.0.4, character by character, as its description says and not as it is written here.
struct ExpositionParser {
    struct Sample: Equatable {
        var name: String
        var labels: [String: String]
        var value: Double
    }

    struct Failure: Error {
        var line: String
    }

    private(set) var types: [String: String] = [:]
    /// In their order.
    private(set) var samples: [Sample] = []

    init(_ text: String) throws {
        guard text.last == "\n" else { throw Failure(line: "the last line has no end") }
        for line in text.split(separator: "\n") {
            if line.hasPrefix("#") { try comment(line) } else { try sample(line) }
        }
    }

    /// The value of one series.
    func value(_ name: String, _ labels: [String: String] = [:]) -> Double? {
        samples.first { $0.name == name && $0.labels == labels }?.value
    }

    private mutating func comment(_ line: Substring) throws {
        let words = line.split(separator: " ")
        guard words.count > 1, words[1] == "TYPE" else { return }
        let known = ["counter", "gauge", "histogram", "summary", "untyped"]
        // Each family is declared once, before its samples.
        guard words.count == 4, known.contains(String(words[3])), types[String(words[2])] == nil,
            !samples.contains(where: { $0.name == words[2] })
        else { throw Failure(line: String(line)) }
        types[String(words[2])] = String(words[3])
    }

    private mutating func sample(_ line: Substring) throws {
        var rest = line
        let name = try Self.name(&rest)
        var labels: [String: String] = [:]
        if rest.first == "{" {
            repeat {
                rest.removeFirst()
                let label = try Self.name(&rest)
                guard rest.hasPrefix("=\""), labels[label] == nil else { throw Failure(line: String(line)) }
                rest.removeFirst(2)
                labels[label] = try Self.quoted(&rest)
            } while rest.first == ","
            guard rest.first == "}" else { throw Failure(line: String(line)) }
            rest.removeFirst()
        }
        guard rest.first == " " else { throw Failure(line: String(line)) }
        let text = rest.dropFirst()
        let value = ["+Inf": Double.infinity, "-Inf": -.infinity, "NaN": .nan][text] ?? Double(text)
        let isNumber = text.allSatisfy { $0.isNumber || "+-.eE".contains($0) }
        guard let value,
            isNumber || !value.isFinite && text.first?.isUppercase == true || text.first == "+" || text.first == "-"
        else { throw Failure(line: String(line)) }
        samples.append(Sample(name: name, labels: labels, value: value))
    }

    private static func name(_ rest: inout Substring) throws -> String {
        let name = rest.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_" || $0 == ":") }
        guard let first = name.first, !first.isNumber else { throw Failure(line: String(rest)) }
        rest.removeFirst(name.count)
        return String(name)
    }

    private static func quoted(_ rest: inout Substring) throws -> String {
        var text = ""
        while let character = rest.popFirst() {
            switch character {
            case "\"": return text
            case "\\":
                switch rest.popFirst() {
                case "\\": text += "\\"
                case "\"": text += "\""
                case "n": text += "\n"
                default: throw Failure(line: String(rest))
                }
            default: text.append(character)
            }
        }
        throw Failure(line: "a label's value has no end")
    }
}
