import ContentTrust
import Foundation
import Presence
import TestSupport
import Testing

@testable import TrackerProtocol

/// The scanner beside Foundation's JSONSerialization, on texts that are nearly JSON.
@Suite struct JSONDifferentialTests {
    private func scannerAccepts(_ bytes: [UInt8]) -> Bool {
        bytes.withUnsafeBytes { buffer in
            var scanner = JSONScanner(buffer)
            do throws(JSONScanner.Failure) {
                _ = try scanner.value(nesting: 500)
                try scanner.end()
                return isValidUTF8(buffer)
            } catch {
                return false
            }
        }
    }

    private func foundationAccepts(_ bytes: [UInt8]) -> Bool {
        (try? JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed)) != nil
    }

    /// Where Foundation and the scanner differ, on purpose of one of them:
    /// - A lone surrogate in an escape is JSON by RFC 8259 §7 ("unpaired"), so the scanner takes it; Foundation refuses it. A field of
    ///   ``ClientMessage`` that holds one is refused when it is read (`bad-value`).
    /// - A number beyond the range of Double is JSON; Foundation refuses it. No field takes one.
    /// - A comma before a closing bracket is not JSON; Foundation takes it.
    private func withoutDifferences(_ bytes: [UInt8]) -> [UInt8] {
        let text = String(decoding: bytes, as: UTF8.self)
            .replacing(/\\u[dD][89a-fA-F][0-9a-fA-F]{2}/, with: "\\u0041")
            .replacing(/[eE]\+?[0-9]{3,}/, with: "e1")
            .replacing(/,(?=[ \t\r\n]*[\]}])/, with: "")
        return Array(text.utf8)
    }

    @Test(arguments: 1...8 as ClosedRange<UInt64>)
    func acceptsWhatFoundationAccepts(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var accepted = 0
        for _ in 0..<5_000 {
            let bytes = JSONMutation.text(using: &random)
            let isAccepted = scannerAccepts(bytes)
            if isAccepted { accepted += 1 }
            guard isAccepted != foundationAccepts(bytes) else { continue }
            let corrected = withoutDifferences(bytes)
            #expect(corrected != bytes, "\(isAccepted): \(String(decoding: bytes, as: UTF8.self))")
            #expect(
                scannerAccepts(corrected) == foundationAccepts(corrected),
                "\(String(decoding: bytes, as: UTF8.self))"
            )
        }
        // Both verdicts were compared.
        #expect((500..<4_500).contains(accepted))
    }

    @Test func differsFromFoundationAsStated() {
        let differences = [
            (#""\ud800""#, true), (#""\udc00\ud800""#, true), ("1e999", true), ("-1E+400", true), ("[1,]", false),
            (#"{"a":1, }"#, false),
        ]
        for (text, isAccepted) in differences {
            #expect(scannerAccepts(Array(text.utf8)) == isAccepted)
            #expect(foundationAccepts(Array(text.utf8)) == !isAccepted)
        }
    }

    @Test(arguments: [1, 15, 16, 17, 500])
    func countsEveryLevelOfNesting(levels: Int) {
        for (open, close) in [("[", "]"), (#"{"a":"#, "}")] {
            let text = String(repeating: open, count: levels) + "1" + String(repeating: close, count: levels)
            for allowed in [levels - 1, levels] {
                let failure = Array(text.utf8).withUnsafeBytes { bytes -> JSONScanner.Failure? in
                    var scanner = JSONScanner(bytes)
                    do throws(JSONScanner.Failure) {
                        _ = try scanner.value(nesting: allowed)
                        return nil
                    } catch {
                        return error
                    }
                }
                #expect(failure == (allowed < levels ? .nesting : nil))
            }
        }
    }
}
