import ContentTrust
import Signing
import Testing

@Suite struct KeysetJudgeTests {
    let now = JudgingFixture.now

    private func judge(_ fixture: JudgingFixture) -> KeysetJudge<VerifyingKey> {
        KeysetJudge(root: fixture.root.publicKey.id)
    }

    private func failure(_ fixture: JudgingFixture, _ compact: [UInt8], now: Int = JudgingFixture.now) -> KeysetError? {
        var judge = judge(fixture)
        let error = #expect(throws: KeysetError.self) { try judge.judge(compact, now: now) }
        #expect(judge.acceptedVersion == 0)
        return error
    }

    @Test(arguments: SignatureAlgorithm.allCases)
    func whatTheRootSignedIsAccepted(algorithm: SignatureAlgorithm) throws {
        var fixture = try JudgingFixture(algorithm)
        fixture.keyset.keys.append(try SigningKey.generate(.ed25519).publicKey)
        fixture.keyset.revoked = [try SigningKey.generate().publicKey.id]
        var judge = judge(fixture)
        let compact = try fixture.keyset.signed(by: fixture.root)
        let trusted = try judge.judge(compact, now: now)
        #expect(trusted.keyset == fixture.keyset)
        #expect(trusted.compact == compact)
        #expect(judge.acceptedVersion == 3)
    }

    @Test func anyFlippedBitIsRefused() throws {
        let fixture = try JudgingFixture(.ed25519)
        let compact = try fixture.keyset.signed(by: fixture.root)
        for index in compact.indices {
            for bit in 0..<8 {
                var flipped = compact
                flipped[index] ^= 1 << UInt8(bit)
                var judge = judge(fixture)
                #expect(throws: KeysetError.self) { try judge.judge(flipped, now: now) }
            }
        }
    }

    @Test func aLowerVersionIsARollback() throws {
        var fixture = try JudgingFixture()
        let old = try fixture.keyset.signed(by: fixture.root)
        fixture.keyset.version = 4
        var judge = judge(fixture)
        _ = try judge.judge(fixture.keyset.signed(by: fixture.root), now: now)
        #expect(throws: KeysetError.rolledBack(version: 3, accepted: 4)) { try judge.judge(old, now: now) }
        #expect(judge.acceptedVersion == 4)
        // The same version again is what a refetch normally brings.
        _ = try judge.judge(fixture.keyset.signed(by: fixture.root), now: now)
        var restarted = KeysetJudge<VerifyingKey>(root: judge.root, acceptedVersion: 4)
        #expect(throws: KeysetError.self) { try restarted.judge(old, now: now) }
    }

    @Test func timeBounds() throws {
        let fixture = try JudgingFixture()
        let compact = try fixture.keyset.signed(by: fixture.root)
        let issuedAt = fixture.keyset.issuedAt
        let expiresAt = fixture.keyset.expiresAt
        var judge = judge(fixture)
        for time in [issuedAt - 30, expiresAt + 29] { _ = try judge.judge(compact, now: time) }
        #expect(failure(fixture, compact, now: issuedAt - 31) == .notValidYet(issuedAt: issuedAt, now: issuedAt - 31))
        #expect(failure(fixture, compact, now: expiresAt + 30) == .expired(expiresAt: expiresAt, now: expiresAt + 30))
    }

    @Test func anotherRootIsRefused() throws {
        let fixture = try JudgingFixture()
        let stranger = try SigningKey.generate()
        let compact = try fixture.keyset.signed(by: stranger)
        #expect(failure(fixture, compact) == .otherRoot(stranger.publicKey.id, pinned: fixture.root.publicKey.id))
        // The stranger shows our root's public key.
        let forged = try fixture.resigned(compact, by: stranger, header: { $0["jwk"] = fixture.root.publicKey.json })
        #expect(failure(fixture, forged) == .wrongSignature)
    }

    @Test func duplicateKeysAreRefused() throws {
        var fixture = try JudgingFixture()
        fixture.keyset.keys = [fixture.key.publicKey, fixture.key.publicKey]
        #expect(
            failure(fixture, try fixture.keyset.signed(by: fixture.root)) == .duplicateKey(fixture.key.publicKey.id)
        )
    }

    /// One bad key makes the whole keyset invalid.
    @Test func badKeysAreRefused() throws {
        let fixture = try JudgingFixture()
        let good = fixture.key.publicKey.json
        guard case .p256(let x, var y) = try SigningKey.generate().publicKey.material else {
            Issue.record("not P-256")
            return
        }
        y[0] ^= 0x80
        func with(_ name: String, _ value: JSONValue?) -> JSONValue {
            var changed = JSONObject()
            for field in good.object?.fields ?? [] where field.name != name {
                _ = changed.append(field.name, field.value)
            }
            if let value { _ = changed.append(name, value) }
            return .object(changed)
        }
        let cases: [(String, JSONValue)] = [
            ("private part", with("d", .string(Base64URL.encode([UInt8](repeating: 1, count: 32))))),
            ("private part", with("d", .null)),
            ("not a point", JSONWebKey(.p256(x: x, y: y)).json),
            ("kid is not its thumbprint", with("kid", .string(fixture.root.publicKey.id.text))),
            ("kid is not its thumbprint", with("kid", .string("my-key"))),
            ("no kid", with("kid", nil)),
            ("neither EC", with("crv", .string("P-384"))),
            ("neither EC", with("kty", .string("RSA"))),
            ("neither EC", with("kty", nil)),
            ("x is not 32 bytes", with("x", .string("AAAA"))),
            ("y is not 32 bytes", with("y", nil)),
            ("not an object", .string("key")),
        ]
        for (reason, key) in cases {
            let compact = try fixture.resigned(
                fixture.keyset.signed(by: fixture.root),
                by: fixture.root,
                payload: { $0["keys"] = .array([good, key]) }
            )
            guard case .malformed(let error)? = failure(fixture, compact) else {
                Issue.record("\(reason): accepted, or refused otherwise")
                continue
            }
            #expect(error.description.contains(reason))
        }
    }

    @Test func claimsAndHeaderAreDemanded() throws {
        let fixture = try JudgingFixture()
        let compact = try fixture.keyset.signed(by: fixture.root)
        let wrong: [String: [JSONValue]] = [
            "iss": [.integer(1)], "ver": [.integer(0), .string("1")], "iat": [.integer(-1)],
            "exp": [.otherNumber("1e9")],
            "keys": [.array([]), .object([:]), .array(Array(repeating: fixture.key.publicKey.json, count: 17))],
            "revoked": [
                .array([.integer(1)]), .array([.string("short")]), .object([:]),
                .array(Array(repeating: .string(fixture.key.publicKey.id.text), count: 257)),
            ],
        ]
        for (name, values) in wrong {
            for value in [nil, .null] + values.map(Optional.some) {
                let changed = try fixture.resigned(compact, by: fixture.root, payload: { $0[name] = value })
                guard case .malformed(let error)? = failure(fixture, changed) else {
                    Issue.record("\(name) was not refused")
                    continue
                }
                #expect(error.description.contains(name))
            }
        }
        for name in ["typ", "jwk", "alg"] {
            let changed = try fixture.resigned(compact, by: fixture.root, header: { $0[name] = nil })
            #expect(failure(fixture, changed) != nil)
        }
        // A certificate is no keyset, whoever signed it.
        #expect(failure(fixture, try fixture.certificate.signed(by: fixture.root)) != nil)
    }

    @Test func keyCountAndLengthLimits() throws {
        var fixture = try JudgingFixture()
        fixture.keyset.keys = try (0..<16).map { _ in try SigningKey.generate().publicKey }
        fixture.keyset.revoked = Set(try (0..<256).map { _ in try SigningKey.generate(.ed25519).publicKey.id })
        let compact = try fixture.keyset.signed(by: fixture.root)
        #expect(compact.count <= Keyset.lengthLimit)
        var judge = judge(fixture)
        #expect(try judge.judge(compact, now: now).keyset == fixture.keyset)
        let tooLong = try fixture.resigned(
            compact,
            by: fixture.root,
            payload: { $0["x"] = .string(String(repeating: "x", count: 16_384)) }
        )
        #expect(failure(fixture, tooLong) != nil)
    }
}
