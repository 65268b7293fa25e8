import COpenSSL
import ContentTrust

/// A public key in OpenSSL's form, made once and used for many verifications, from any thread.
public struct VerifyingKey: SignatureVerifier {
    private let handle: KeyHandle

    /// Refuses a point that is not on P-256. An Ed25519 key is any 32 bytes to OpenSSL as to WebCrypto; one that is no point verifies nothing.
    public init(_ key: JSONWebKey) throws(TrustFormatError) {
        defer { ERR_clear_error() }
        let information = Self.subjectPublicKeyInfo(key.material)
        let pointer = information.withUnsafeBufferPointer { buffer in
            var next = buffer.baseAddress
            return d2i_PUBKEY(nil, &next, buffer.count)
        }
        guard let pointer, let handle = try? KeyHandle(owning: pointer), Self.isValid(handle) else {
            throw TrustFormatError("the key \(key.id) is not a point of its curve")
        }
        self.handle = handle
    }

    /// The key in DER (RFC 5480 §2, RFC 8410 §4). Both kinds of key have a fixed length there, so all but the point is a constant; building
    /// it from `OSSL_PARAM`s was rejected, since those keep pointers to their names, which Swift's bridged strings do not outlive.
    private static func subjectPublicKeyInfo(_ material: JSONWebKey.Material) -> [UInt8] {
        switch material {
        case .p256(let x, let y):
            let header: [UInt8] = [
                0x30, 0x59, 0x30, 0x13,
                0x06, 0x07, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01,  // id-ecPublicKey
                0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07,  // secp256r1
                0x03, 0x42, 0x00,
            ]
            return header + [0x04] + x + y  // an uncompressed point (SEC 1 §2.3.3)
        case .ed25519(let x):
            let header: [UInt8] = [
                0x30, 0x2A, 0x30, 0x05,
                0x06, 0x03, 0x2B, 0x65, 0x70,  // id-Ed25519
                0x03, 0x21, 0x00,
            ]
            return header + x
        }
    }

    private static func isValid(_ handle: KeyHandle) -> Bool {
        guard let context = EVP_PKEY_CTX_new(handle.pointer, nil) else { return false }
        defer { EVP_PKEY_CTX_free(context) }
        return EVP_PKEY_public_check(context) == 1
    }

    public var algorithm: SignatureAlgorithm { handle.algorithm }

    public func isSignature(_ signature: [UInt8], of message: [UInt8]) -> Bool {
        defer { ERR_clear_error() }
        let raw = algorithm == .es256 ? ECDSASignature.der(joined: signature) : signature
        guard let raw, let context = EVP_MD_CTX_new() else { return false }
        defer { EVP_MD_CTX_free(context) }
        let digest = algorithm == .es256 ? EVP_sha256() : nil
        return EVP_DigestVerifyInit(context, nil, digest, nil, handle.pointer) == 1
            && EVP_DigestVerify(context, raw, raw.count, message, message.count) == 1
    }
}
