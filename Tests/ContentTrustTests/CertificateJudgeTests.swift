import ContentTrust
import Presence
import Signing
import Testing
import TestSupport

@Suite struct CertificateJudgeTests {
    let now = JudgingFixture.now

    private func failure(_ body: () throws -> Void) -> CertificateError? {
        let error = #expect(throws: CertificateError.self) { try body() }
        if let error {
            #expect(error.description.hasSuffix("."))
        }
        return error
    }

    @Test(arguments: SignatureAlgorithm.allCases)
    func whatIsIssuedIsAccepted(algorithm: SignatureAlgorithm) throws {
        let fixture = try JudgingFixture(algorithm)
        let compact = try fixture.certificate.signed(by: fixture.key)
        #expect(try fixture.judge(compact) == fixture.certificate)
        #expect(
            try CertificateJudge(fixture.trusted()).judge(compact, site: fixture.site, now: now) == fixture.certificate
        )
    }

    @Test func anyFlippedBitIsRefused() throws {
        let fixture = try JudgingFixture(.ed25519)
        let compact = try fixture.certificate.signed(by: fixture.key)
        let judge = CertificateJudge(try fixture.trusted())
        for index in compact.indices {
            for bit in 0..<8 {
                var flipped = compact
                flipped[index] ^= 1 << UInt8(bit)
                #expect(throws: CertificateError.self) { try judge.judge(flipped, site: fixture.site, now: now) }
            }
        }
    }

    /// Both ends of the time a certificate is good for, with 30 seconds of skew.
    @Test func timeBounds() throws {
        let fixture = try JudgingFixture()
        let compact = try fixture.certificate.signed(by: fixture.key)
        #expect(throws: Never.self) { try fixture.judge(compact, now: now - 30) }
        #expect(failure { _ = try fixture.judge(compact, now: now - 31) }?.code == .certificateExpired)
        #expect(throws: Never.self) { try fixture.judge(compact, now: now + 329) }
        #expect(
            failure { _ = try fixture.judge(compact, now: now + 330) } == .expired(expiresAt: now + 300, now: now + 330)
        )
    }

    @Test func lifetimeBounds() throws {
        var fixture = try JudgingFixture()
        fixture.certificate.expiresAt = now + 3_600
        #expect(throws: Never.self) { try fixture.judge(fixture.certificate.signed(by: fixture.key)) }
        fixture.certificate.expiresAt = now + 3_601
        let error = failure { _ = try fixture.judge(fixture.certificate.signed(by: fixture.key)) }
        #expect(error == .wrongLifetime(seconds: 3_601))
        #expect(error?.code == .badCertificate)
        fixture.certificate.expiresAt = now
        #expect(
            failure { _ = try fixture.judge(fixture.certificate.signed(by: fixture.key)) } == .wrongLifetime(seconds: 0)
        )
    }

    @Test func anotherSiteAndAnotherURL() throws {
        let fixture = try JudgingFixture()
        let compact = try fixture.certificate.signed(by: fixture.key)
        let judge = CertificateJudge(try fixture.trusted())
        let error = failure { _ = try judge.judge(compact, site: WebOrigin("http://site.example"), now: now) }
        #expect(error?.code == .wrongAudience)
        let other = failure {
            _ = try judge.judge(
                compact,
                site: fixture.site,
                url: ContentURL("https://site.example/other.mp4"),
                now: now
            )
        }
        #expect(other == .otherURL(fixture.url))
        #expect(other?.code == .badCertificate)
    }

    @Test func unknownAndRevokedKeys() throws {
        var fixture = try JudgingFixture()
        let stranger = try SigningKey.generate()
        let error = failure { _ = try fixture.judge(fixture.certificate.signed(by: stranger)) }
        #expect(error == .unknownKey(stranger.publicKey.id))
        #expect(error?.code == .unknownKey)
        // The stranger claims to be our key.
        let forged = try fixture.resigned(
            fixture.certificate.signed(by: stranger),
            by: stranger,
            header: { $0["kid"] = .string(fixture.key.publicKey.id.text) }
        )
        #expect(failure { _ = try fixture.judge(forged) } == .wrongSignature(fixture.key.publicKey.id))
        fixture.keyset.revoked = [fixture.key.publicKey.id]
        let revoked = failure { _ = try fixture.judge(fixture.certificate.signed(by: fixture.key)) }
        #expect(revoked == .revokedKey(fixture.key.publicKey.id))
        #expect(revoked?.code == .unknownKey)
    }

    @Test func anExpiredKeysetJudgesNothing() throws {
        var fixture = try JudgingFixture()
        fixture.keyset.expiresAt = now + 10
        let compact = try fixture.certificate.signed(by: fixture.key)
        #expect(throws: Never.self) { try fixture.judge(compact, now: now + 39) }
        #expect(failure { _ = try fixture.judge(compact, now: now + 40) }?.code == .unavailable)
    }

    @Test(arguments: ["alg", "kid", "typ"])
    func headerFieldsAreDemanded(name: String) throws {
        let fixture = try JudgingFixture()
        let compact = try fixture.certificate.signed(by: fixture.key)
        for value in [nil, .null, .integer(1), .string("none"), .string("HS256"), .string("EdDSA")] as [JSONValue?] {
            let changed = try fixture.resigned(compact, by: fixture.key, header: { $0[name] = value })
            #expect(failure { _ = try fixture.judge(changed) }?.code == .badCertificate)
        }
    }

    @Test func critIsRefusedAndUnknownHeaderFieldsAreNot() throws {
        let fixture = try JudgingFixture()
        let compact = try fixture.certificate.signed(by: fixture.key)
        let critical = try fixture.resigned(compact, by: fixture.key, header: { $0["crit"] = .array([.string("exp")]) })
        #expect(failure { _ = try fixture.judge(critical) }?.code == .badCertificate)
        let extended = try fixture.resigned(
            compact,
            by: fixture.key,
            header: { $0["x"] = .integer(1) },
            payload: { $0["x"] = .integer(1) }
        )
        #expect(try fixture.judge(extended) == fixture.certificate)
    }

    /// Every claim: absent, and of each wrong type or value.
    @Test func claimsAreDemanded() throws {
        let fixture = try JudgingFixture()
        let compact = try fixture.certificate.signed(by: fixture.key)
        let wrong: [String: [JSONValue]] = [
            "iss": [.string(String(repeating: "x", count: 257))],
            "aud": [
                .string("site.example"), .string("https://site.example/"), .array([.string("https://site.example")]),
            ],
            "url": [.string("/video.mp4"), .string("https://site.example/a#b"), .string("https://site.example")],
            "cid": [.string("AA"), .string(String(repeating: "A", count: 42) + "B"), .string("")],
            "len": [.integer(0), .integer(-1), .otherNumber("1.5"), .otherNumber("9007199254740992")],
            "pln": [.integer(0), .integer(131_072), .integer(65_535)],
            "typ": [.string(String(repeating: "x", count: 257))],
            "gen": [.integer(0)], "iat": [.integer(-1)], "nbf": [.otherNumber("1e3")], "exp": [.string("1")],
        ]
        for (name, values) in wrong {
            for value in [nil, .null, .object([:]), .boolean(true)] + values.map(Optional.some) {
                let changed = try fixture.resigned(compact, by: fixture.key, payload: { $0[name] = value })
                let error = failure { _ = try fixture.judge(changed) }
                #expect(error?.code == .badCertificate)
                #expect(error?.description.contains(name) == true, "\(name): \(error.map { "\($0)" } ?? "")")
            }
        }
        #expect(wrong.count == 11)
    }

    @Test func lengthLimit() throws {
        var fixture = try JudgingFixture()
        func compact(padding: Int) throws -> [UInt8] {
            fixture.certificate.issuer = String(repeating: "i", count: 200)
            return try fixture.resigned(
                fixture.certificate.signed(by: fixture.key),
                by: fixture.key,
                payload: { $0["x"] = .string(String(repeating: "x", count: padding)) }
            )
        }
        let longest = try #require(try (0..<1_100).first { try compact(padding: $0).count >= 2_047 })
        #expect(try compact(padding: longest).count <= 2_048)
        #expect(throws: Never.self) { try fixture.judge(compact(padding: longest)) }
        #expect(failure { _ = try fixture.judge(compact(padding: longest + 2)) }?.description.contains("2048") == true)
    }

    @Test func duplicateFieldsAreRefusedAlthoughSigned() throws {
        let fixture = try JudgingFixture()
        let compact = try fixture.certificate.signed(by: fixture.key)
        let parts = compact.split(separator: UInt8(ascii: "."))
        var payload = try #require(Base64URL.decode(parts[1]))
        payload.removeLast()
        payload += Array(#","exp":9999999999}"#.utf8)
        var text = Array(parts[0]) + [UInt8(ascii: ".")] + Base64URL.encodedBytes(payload)
        let signature = try fixture.key.sign(text)
        text += [UInt8(ascii: ".")] + Base64URL.encodedBytes(signature)
        let error = failure { _ = try fixture.judge(text) }
        #expect(error?.description.contains("exp occurs twice") == true)
    }

    @Test func anyBytesAreRefused() throws {
        let fixture = try JudgingFixture()
        let judge = CertificateJudge(try fixture.trusted())
        var generator = SplitMix64(seed: 17)
        let alphabet = Array("eyJhbGciOiJ.ES_-{}\"".utf8)
        for round in 0..<5_000 {
            let length = Int.random(in: 0..<200, using: &generator)
            let bytes =
                round % 2 == 0
                ? generator.bytes(length) : (0..<length).map { _ in alphabet.randomElement(using: &generator) ?? 0 }
            #expect(throws: CertificateError.self) { try judge.judge(bytes, site: fixture.site, now: now) }
        }
    }
}
