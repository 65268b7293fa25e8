import ContentTrust
import Signing
import Testing

@Suite struct SigningKeyTests {
    @Test(arguments: SignatureAlgorithm.allCases)
    func signsAndVerifies(algorithm: SignatureAlgorithm) throws {
        let key = try SigningKey.generate(algorithm)
        let other = try SigningKey.generate(algorithm)
        #expect(key.publicKey.algorithm == algorithm)
        #expect(key.publicKey.id != other.publicKey.id)
        let verifier = try VerifyingKey(key.publicKey)
        for length in [0, 1, 63, 64, 2_048, 100_000] {
            let message = [UInt8](repeating: 7, count: length)
            let signature = try key.sign(message)
            #expect(signature.count == 64)
            #expect(verifier.isSignature(signature, of: message))
            #expect(!verifier.isSignature(signature, of: message + [0]))
            #expect(try !verifier.isSignature(other.sign(message), of: message))
        }
    }

    /// r and s have leading zero bytes in one of 128 signatures; all must still have 64 bytes.
    @Test func shortNumbersArePadded() throws {
        let key = try SigningKey.generate(.es256)
        let verifier = try VerifyingKey(key.publicKey)
        var padded = 0
        for round in 0..<1_000 {
            let message = Array("\(round)".utf8)
            let signature = try key.sign(message)
            #expect(signature.count == 64)
            #expect(verifier.isSignature(signature, of: message))
            if signature[0] == 0 || signature[32] == 0 { padded += 1 }
        }
        #expect(padded > 0)
    }

    @Test(arguments: SignatureAlgorithm.allCases)
    func anyBytesAreNoSignature(algorithm: SignatureAlgorithm) throws {
        let verifier = try VerifyingKey(SigningKey.generate(algorithm).publicKey)
        for length in [0, 1, 63, 64, 65, 72, 1_000] {
            for fill in [0, 1, 0x7F, 0xFF] as [UInt8] {
                #expect(!verifier.isSignature([UInt8](repeating: fill, count: length), of: [1, 2, 3]))
            }
        }
    }

    @Test func aPointOffTheCurveIsRefused() throws {
        let key = try SigningKey.generate(.es256)
        guard case .p256(let x, var y) = key.publicKey.material else {
            Issue.record("not P-256")
            return
        }
        y[31] ^= 1
        #expect(throws: TrustFormatError.self) { try VerifyingKey(JSONWebKey(.p256(x: x, y: y))) }
        let zero = [UInt8](repeating: 0, count: 32)
        #expect(throws: TrustFormatError.self) { try VerifyingKey(JSONWebKey(.p256(x: zero, y: zero))) }
        let largest = [UInt8](repeating: 0xFF, count: 32)
        #expect(throws: TrustFormatError.self) { try VerifyingKey(JSONWebKey(.p256(x: largest, y: y))) }
    }

    /// One key, many threads: see KeyHandle for why this is allowed. Run it under the thread sanitizer too.
    @Test func oneKeyServesManyThreads() async throws {
        let key = try SigningKey.generate(.es256)
        let verifier = try VerifyingKey(key.publicKey)
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for task in 0..<8 {
                group.addTask {
                    for round in 0..<50 {
                        let message = Array("\(task) \(round)".utf8)
                        guard verifier.isSignature(try key.sign(message), of: message) else { return false }
                    }
                    return true
                }
            }
            for try await isRight in group { #expect(isRight) }
        }
    }

    @Test(arguments: [
        "", "not PEM", "-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n",
        "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
        // Encrypted: must be refused at once, not asked about at the terminal.
        """
        -----BEGIN ENCRYPTED PRIVATE KEY-----
        MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAiA1gtje64QpwICCAAw
        DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEP8mYm9eihpbB/9Hnh81HQgEgZCN
        pJ6PmnmKR12UkQAENdybXdPnK4s7m8gq1U+KV/pz9xtUkfa1IXxJuWrfVA5sTHlb
        h/AqxQ8x/vBlloT7wIT9hEapsY6mn8jgEH9WMToDzDFx9M+XtpuPtYVKSJut/sHI
        VPN6JZRrx2vTfboiC7lhEFeAzx8fFtRAjKz1ww+qtudWDEX3cmYSDpSME7eMIC8=
        -----END ENCRYPTED PRIVATE KEY-----
        """,
    ])
    func refusesPEMWithoutAUsableKey(text: String) {
        #expect(throws: SigningError.self) {
            try Array(text.utf8).withUnsafeBytes { try SigningKey(pem: $0) }
        }
    }

    /// secp384r1, made by OpenSSL's command line.
    @Test func refusesOtherCurves() {
        let pem = """
            -----BEGIN PRIVATE KEY-----
            MIG2AgEAMBAGByqGSM49AgEGBSuBBAAiBIGeMIGbAgEBBDDP4hEZfcudWuwGDSZt
            jxAXjRDg6btFp9jC9kAFNH+N8TsGB5rfr7fLicAF1wWvsk2hZANiAARp0SmbH7Fv
            kzSLA0sPlSOSDrT78mwJtvaiiBa+UXq3f9avgeGXWB8lJ67EPym+g36AZrSTlsZT
            5SHj/g2as8oHNUA/tsZHsqOCEgm/qe6i3Fsdg4NnABPG4lG4pYBaMSA=
            -----END PRIVATE KEY-----

            """
        let error = #expect(throws: SigningError.self) {
            try Array(pem.utf8).withUnsafeBytes { try SigningKey(pem: $0) }
        }
        #expect(error == .unsupportedKey("EC on secp384r1"))
    }
}
