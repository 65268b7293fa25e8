import NIOCore
import Presence
import TestSupport
import Testing
import TrackerProtocol

/// Messages from anybody: each is decoded or rejected with an error that can be sent, and none traps.
@Suite struct DecoderFuzzTests {
    @Test(arguments: 1...10 as ClosedRange<UInt64>)
    func alwaysAnswers(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let seeds = Sample.valid.map { Array($0.utf8) }
        var accepted = 0
        var codes = Set<ProtocolError.Code>()
        for round in 0..<12_000 {
            var bytes = seeds[round % seeds.count]
            if round % 3 == 0, !bytes.isEmpty {
                bytes[Int.random(in: bytes.indices, using: &random)] = UInt8.random(in: 0...255, using: &random)
            } else {
                bytes = JSONMutation.mutate(bytes, times: Int.random(in: 0...3, using: &random), using: &random)
            }
            guard let rejection = ClientMessageDecoder.byDefault.rejection(bytes) else {
                accepted += 1
                continue
            }
            codes.insert(rejection.error.code)
            if case .text(let got) = rejection.error.got { #expect(got.unicodeScalars.count <= 64) }
        }
        #expect(accepted > 1_000)
        #expect(
            codes.isSuperset(of: [
                .notUTF8, .notJSON, .missingField, .badValue, .unknownAction,
            ])
        )
    }
}
