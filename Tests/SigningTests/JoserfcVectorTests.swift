import ContentTrust
import Foundation
import Signing
import Testing

/// Keys and signatures made by joserfc, an independent JOSE implementation.
@Suite struct JoserfcVectorTests {
    struct Key {
        let name: String
        let publicJWK: JSONValue
        let privateJWK: JSONValue
        let thumbprint: String
        let pem: [UInt8]
    }

    struct Case {
        let why: String?
        let key: String
        let jws: [UInt8]
    }

    let keys: [Key]
    let valid: [Case]
    let invalid: [Case]
    let payload: [UInt8]

    init() throws {
        let file = try #require(try JSONParser.parse(Array(Fixtures.data("jws.json"))).object)
        payload = Array(try #require(file["payloadUtf8"]?.string).utf8)
        keys = try #require(file["keys"]?.array).map { entry in
            let entry = try #require(entry.object)
            return Key(
                name: try #require(entry["name"]?.string),
                publicJWK: try #require(entry["publicJwk"]),
                privateJWK: try #require(entry["privateJwkForTestsOnly"]),
                thumbprint: try #require(entry["rfc7638Thumbprint"]?.string),
                pem: Array(try #require(entry["pkcs8Pem"]?.string).utf8)
            )
        }
        func cases(_ name: String) throws -> [Case] {
            try #require(file[name]?.array).map { entry in
                let entry = try #require(entry.object)
                return Case(
                    why: entry["why"]?.string,
                    key: try #require(entry["key"]?.string),
                    jws: Array(try #require(entry["jws"]?.string).utf8)
                )
            }
        }
        valid = try cases("valid")
        invalid = try cases("invalid")
    }

    private func verifier(_ name: String) throws -> VerifyingKey {
        let key = try #require(keys.first { $0.name == name })
        return try VerifyingKey(JSONWebKey(json: key.publicJWK, demandsID: false))
    }

    private func accepts(_ jws: [UInt8], key: String) throws -> Bool {
        let verifier = try verifier(key)
        return (try? JSONWebSignature(compact: jws, lengthLimit: 2_048))?.isSigned(by: verifier) ?? false
    }

    @Test func acceptsWhatIsValid() throws {
        #expect(valid.count == 3)
        for vector in valid {
            #expect(try accepts(vector.jws, key: vector.key))
            let jws = try JSONWebSignature(compact: vector.jws, lengthLimit: 2_048)
            #expect(JSONValue.object(jws.payload).encoded == payload)
        }
    }

    @Test func refusesWhatIsInvalid() throws {
        #expect(invalid.count == 13)
        for vector in invalid { #expect(try !accepts(vector.jws, key: vector.key), "\(vector.why ?? "")") }
    }

    @Test func refusesAnyFlippedBit() throws {
        for vector in valid {
            for index in vector.jws.indices {
                for bit in 0..<8 {
                    var flipped = vector.jws
                    flipped[index] ^= 1 << UInt8(bit)
                    #expect(try !accepts(flipped, key: vector.key), "byte \(index), bit \(bit)")
                }
            }
        }
    }

    @Test func refusesAnyCutOrPrefix() throws {
        for vector in valid {
            for length in vector.jws.indices { #expect(try !accepts(Array(vector.jws[..<length]), key: vector.key)) }
            #expect(try !accepts(vector.jws + [0x0A], key: vector.key))
            #expect(try !accepts([0x20] + vector.jws, key: vector.key))
        }
    }

    @Test func thumbprintsAndKeysAgree() throws {
        #expect(keys.count == 3)
        for key in keys {
            let jwk = try JSONWebKey(json: key.publicJWK, demandsID: false)
            #expect(jwk.id.text == key.thumbprint)
            let loaded = try key.pem.withUnsafeBytes { try SigningKey(pem: $0) }
            #expect(loaded.publicKey == jwk)
            let message = Array("any message".utf8)
            #expect(try VerifyingKey(jwk).isSignature(loaded.sign(message), of: message))
        }
    }

    @Test func aPrivateJWKIsRefused() {
        for key in keys {
            #expect(throws: TrustFormatError.self) { try JSONWebKey(json: key.privateJWK, demandsID: false) }
        }
    }
}
