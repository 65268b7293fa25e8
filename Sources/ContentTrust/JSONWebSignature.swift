/// A JWS in compact serialization (RFC 7515 §7.1), taken apart but not verified (Docs/Certificates.md §2).
public struct JSONWebSignature: Sendable {
    public let header: JSONObject
    public let payload: JSONObject
    public let signature: [UInt8]
    /// What the signature is over: the first two parts with their dot (RFC 7515 §5.1).
    public let signingInput: [UInt8]

    /// - Parameter lengthLimit: in bytes, inclusive.
    public init(compact: [UInt8], lengthLimit: Int) throws(TrustFormatError) {
        guard compact.count <= lengthLimit else {
            throw TrustFormatError("it has \(compact.count) bytes, more than \(lengthLimit)")
        }
        let parts = compact.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 3 else { throw TrustFormatError("it has \(parts.count) parts instead of 3") }
        header = try Self.object(parts[0], "header")
        guard header["crit"] == nil else {
            throw TrustFormatError("its header has crit, and no extension is understood")
        }
        payload = try Self.object(parts[1], "payload")
        guard let signature = Base64URL.decode(parts[2]) else {
            throw TrustFormatError("its signature is not base64url without padding")
        }
        self.signature = signature
        signingInput = Array(compact[..<parts[1].endIndex])
    }

    private static func object(_ part: ArraySlice<UInt8>, _ name: String) throws(TrustFormatError) -> JSONObject {
        guard let bytes = Base64URL.decode(part) else {
            throw TrustFormatError("its \(name) is not base64url without padding")
        }
        do throws(JSONError) {
            guard let object = try JSONParser.parse(bytes).object else {
                throw JSONError(reason: .notJSON, offset: 0, path: "")
            }
            return object
        } catch {
            throw TrustFormatError("its \(name) is not a JSON object: \(error)")
        }
    }

    /// Whether this key signed it. A header whose `alg` is not the key's makes it false whatever the signature is (§2.2).
    public func isSigned(by key: some SignatureVerifier) -> Bool {
        guard let algorithm = header["alg"]?.string, key.algorithm.names.contains(algorithm),
            signature.count == SignatureAlgorithm.signatureLength
        else { return false }
        return key.isSignature(signature, of: signingInput)
    }

    /// Signs and writes the compact serialization. `alg` is put before the other header fields.
    static func compact<S: Signer>(
        header: JSONObject,
        payload: JSONObject,
        signer: S
    ) throws(S.Failure) -> [UInt8] {
        var complete: JSONObject = ["alg": .string(signer.publicKey.algorithm.names[0])]
        for field in header.fields { _ = complete.append(field.name, field.value) }
        var text = Base64URL.encodedBytes(JSONValue.object(complete).encoded)
        text.append(UInt8(ascii: "."))
        text += Base64URL.encodedBytes(JSONValue.object(payload).encoded)
        let signature = try signer.sign(text)
        text.append(UInt8(ascii: "."))
        text += Base64URL.encodedBytes(signature)
        return text
    }
}
