import ContentTrust
import Signing
import Testing

@testable import SigningAuthority

@Suite struct InterfaceTests {
    @Test func badRequests() async throws {
        let long = String(repeating: "a", count: 2_049)
        let many = (0..<33).map { "\"https://site.example/\($0)\"" }.joined(separator: ",")
        let cases: [(body: String, status: Int, code: String, field: String?)] = [
            ("", 400, "not-json", nil), ("{", 400, "not-json", nil), ("[]", 400, "not-object", nil),
            ("\"\u{1}\"", 400, "not-json", nil),
            ("{\"urls\":[\"x\"]}", 400, "missing-field", "site"),
            ("{\"site\":1,\"urls\":[\"x\"]}", 400, "wrong-type", "site"),
            ("{\"site\":\"site.example\",\"urls\":[\"x\"]}", 400, "bad-value", "site"),
            ("{\"site\":\"https://site.example/\",\"urls\":[\"x\"]}", 400, "bad-value", "site"),
            ("{\"site\":\"https://site.example\"}", 400, "missing-field", "urls"),
            ("{\"site\":\"https://site.example\",\"urls\":\"x\"}", 400, "wrong-type", "urls"),
            ("{\"site\":\"https://site.example\",\"urls\":[]}", 400, "too-many", "urls"),
            ("{\"site\":\"https://site.example\",\"urls\":[\(many)]}", 400, "too-many", "urls"),
            ("{\"site\":\"https://site.example\",\"urls\":[\"x\",1]}", 400, "wrong-type", "urls[1]"),
            ("{\"site\":\"https://site.example\",\"urls\":[\"\(long)\"]}", 400, "too-long", "urls[0]"),
            ("{\"site\":\"https://site.example\",\"site\":\"x\",\"urls\":[\"x\"]}", 400, "duplicate-field", "site"),
            (String(repeating: "[", count: 17), 400, "too-deep", String(repeating: "[0]", count: 16)),
            ("\"" + String(repeating: "x", count: 131_072) + "\"", 413, "message-too-long", nil),
        ]
        try await withFolder { folder in
            try await withAuthority(folder: folder) { harness in
                for (body, status, code, field) in cases {
                    let answer = try await harness.request(
                        "POST",
                        harness.publicAddress + "/v1/certificates",
                        body: Array(body.utf8)
                    )
                    #expect(answer.status == status, "\(body.prefix(80))")
                    let json = try answer.json
                    #expect(json["code"] == .string(code), "\(body.prefix(80))")
                    #expect(json["field"]?.string == field, "\(body.prefix(80))")
                    #expect(json["message"]?.string?.hasSuffix(".") == true)
                }
                let invalid = try await harness.request(
                    "POST",
                    harness.publicAddress + "/v1/certificates",
                    body: [0x22, 0xFF, 0x22]
                )
                #expect(try invalid.json["code"] == "not-utf8")
                #expect(try await harness.request("GET", harness.publicAddress + "/v1/certificates").status == 404)
                #expect(try await harness.request("GET", harness.publicAddress + "/v1/sites").status == 404)
            }
        }
    }

    @Test func sites() async throws {
        let origin = try await TestOrigin { _ in TestOrigin.response("x") }
        let address = origin.address
        try await withFolder { folder in
            try await withAuthority(folder: folder) { harness in
                #expect(try await harness.ask(address, address + "/")["code"] == "unknown-site")
                let added = try await harness.put(["origin": .string(address)])
                #expect(added.status == 200)
                #expect(
                    try added.json == [
                        "origin": .string(address), "contentOrigins": .array([]),
                        "allowPrivateAddresses": .boolean(false),
                    ]
                )
                #expect(try await harness.settled(address, address + "/")["code"] == "private-address")
                #expect(origin.requests.isEmpty)

                // A change takes effect at once: the refusal of before is forgotten.
                let changed: JSONObject = [
                    "origin": .string(address),
                    "contentOrigins": .array(["https://b.example", "https://a.example", .string(address)]),
                    "allowPrivateAddresses": .boolean(true),
                ]
                #expect(try await harness.put(changed).status == 200)
                #expect(try await harness.settled(address, address + "/")["status"] == "certified")
                #expect(try await harness.ask(address, "https://c.example/")["code"] == "foreign-origin")
                let listed = try await harness.request("GET", harness.adminAddress + "/v1/sites").json
                #expect(
                    listed["sites"]
                        == .array([
                            .object([
                                "origin": .string(address),
                                "contentOrigins": .array(["https://a.example", "https://b.example"]),
                                "allowPrivateAddresses": .boolean(true),
                            ])
                        ])
                )

                let target =
                    harness.adminAddress + "/v1/sites?origin="
                    + address.replacing(":", with: "%3A").replacing("/", with: "%2F")
                #expect(try await harness.request("DELETE", target).status == 204)
                let again = try await harness.request("DELETE", target)
                #expect(again.status == 404)
                #expect(try again.json["code"] == "unknown-site")
                #expect(try await harness.ask(address, address + "/")["code"] == "unknown-site")
            }
        }
    }

    @Test func badSites() async throws {
        let origins = (0..<65).map { JSONValue.string("https://\($0)a.example") }
        let cases: [(JSONObject, String, String)] = [
            ([:], "missing-field", "origin"), (["origin": .integer(1)], "wrong-type", "origin"),
            (["origin": "https://site.example/"], "bad-value", "origin"),
            (["origin": "https://site.example", "contentOrigins": "x"], "wrong-type", "contentOrigins"),
            (["origin": "https://site.example", "contentOrigins": .array(["x"])], "bad-value", "contentOrigins[0]"),
            (["origin": "https://site.example", "contentOrigins": .array(origins)], "too-many", "contentOrigins"),
            (
                ["origin": "https://site.example", "allowPrivateAddresses": "yes"], "wrong-type",
                "allowPrivateAddresses"
            ),
        ]
        try await withFolder { folder in
            try await withAuthority(folder: folder, configure: { $0.siteCountLimit = 2 }) { harness in
                for (site, code, field) in cases {
                    let answer = try await harness.put(site)
                    #expect(answer.status == 400)
                    #expect(try answer.json["code"] == .string(code))
                    #expect(try answer.json["field"] == .string(field))
                }
                let remove = harness.adminAddress + "/v1/sites"
                #expect(try await harness.request("DELETE", remove).json["code"] == "missing-field")
                #expect(try await harness.request("DELETE", remove + "?origin=x").json["code"] == "bad-value")
                for (name, status) in [("a", 200), ("b", 200), ("c", 400), ("a", 200)] {
                    #expect(try await harness.put(["origin": .string("https://\(name).example")]).status == status)
                }
            }
        }
    }

    @Test func health() async throws {
        try await withFolder { folder in
            try await withAuthority(folder: folder) { harness in
                #expect(try await harness.request("GET", harness.adminAddress + "/healthz").text == "ok\n")
                let ready = try await harness.request("GET", harness.adminAddress + "/readyz")
                #expect(ready.status == 200)
                let metrics = try await harness.request("GET", harness.adminAddress + "/metrics")
                #expect(metrics.text == "shoal_test 1\n")
                #expect(metrics.headers["content-type"]?.hasPrefix("text/plain; version=0.0.4") == true)
                #expect(try await harness.request("GET", harness.publicAddress + "/metrics").status == 404)
            }
        }
    }

    @Test func keysetsGrow() async throws {
        let clock = TestClock()
        try await withFolder { folder in
            try await withAuthority(folder: folder, clock: clock) { harness async throws in
                #expect(try await keyset(harness).version == 1)
                clock.advance(by: 43_199)
                #expect(try await keyset(harness).version == 1)
                clock.advance(by: 1)
                #expect(try await keyset(harness).version == 2)
            }
            // Expired while nobody was there.
            clock.advance(by: 100_000)
            try await withAuthority(folder: folder, clock: clock) { harness async throws in
                #expect(try await keyset(harness).version == 3)
            }
            // Another issuer is a change.
            try await withAuthority(folder: folder, clock: clock, configure: { $0.issuer = "other" }) {
                harness async throws in
                let keyset = try await keyset(harness)
                #expect(keyset.version == 4)
                #expect(keyset.issuer == "other")
                #expect(keyset.expiresAt == clock.now + 86_400)
            }
        }
    }

    /// The keyset that is served, judged by the root's pin.
    private func keyset(_ harness: AuthorityHarness) async throws -> Keyset {
        let body = try await harness.request("GET", harness.publicAddress + "/v1/keyset").body
        var judge = KeysetJudge<VerifyingKey>(root: harness.authority.root)
        return try judge.judge(body, now: harness.clock.now).keyset
    }
}
