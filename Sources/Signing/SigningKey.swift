import COpenSSL
import ContentTrust

/// A private key, held by OpenSSL. Safe to use from any thread (see ``KeyHandle``).
public struct SigningKey: Signer, Sendable {
    private let handle: KeyHandle
    public let publicKey: JSONWebKey

    private init(_ handle: KeyHandle) throws(SigningError) {
        self.handle = handle
        publicKey = JSONWebKey(try Self.publicMaterial(of: handle))
    }

    /// Makes a new key from OpenSSL's random generator.
    public static func generate(_ algorithm: SignatureAlgorithm = .es256) throws(SigningError) -> SigningKey {
        let type = algorithm == .es256 ? EVP_PKEY_EC : EVP_PKEY_ED25519
        guard let context = EVP_PKEY_CTX_new_id(type, nil) else { throw .openSSL(OpenSSLError("making a key context")) }
        defer { EVP_PKEY_CTX_free(context) }
        var key: OpaquePointer?
        guard EVP_PKEY_keygen_init(context) == 1,
            algorithm != .es256 || EVP_PKEY_CTX_set_ec_paramgen_curve_nid(context, NID_X9_62_prime256v1) == 1,
            EVP_PKEY_keygen(context, &key) == 1,
            let key
        else { throw .openSSL(OpenSSLError("generating a key")) }
        return try SigningKey(try KeyHandle(owning: key))
    }

    /// Reads a private key in PEM (PKCS#8, RFC 5958, not encrypted).
    public init(pem: UnsafeRawBufferPointer) throws(SigningError) {
        guard let input = BIO_new_mem_buf(pem.baseAddress, Int32(clamping: pem.count)) else {
            throw .openSSL(OpenSSLError("reading PEM"))
        }
        defer { BIO_free(input) }
        // Without a callback of ours OpenSSL would ask for a passphrase at the terminal and wait.
        let noPassphrase:
            @convention(c) (UnsafeMutablePointer<CChar>?, Int32, Int32, UnsafeMutableRawPointer?) -> Int32 = {
                _,
                _,
                _,
                _ in -1
            }
        guard let key = PEM_read_bio_PrivateKey(input, nil, noPassphrase, nil) else {
            throw .openSSL(OpenSSLError("reading an unencrypted private key in PEM"))
        }
        try self.init(try KeyHandle(owning: key))
    }

    /// Calls `body` with the private key in PEM (PKCS#8, not encrypted); the bytes are zeroed afterwards.
    func withPEM<R, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> R
    ) throws(SigningError) -> Result<R, Failure> {
        // OpenSSL's secure memory is zeroed when it is freed.
        guard let output = BIO_new(BIO_s_secmem()) else { throw .openSSL(OpenSSLError("writing PEM")) }
        defer { BIO_free(output) }
        guard PEM_write_bio_PKCS8PrivateKey(output, handle.pointer, nil, nil, 0, nil, nil) == 1 else {
            throw .openSSL(OpenSSLError("writing PEM"))
        }
        var start: UnsafeMutableRawPointer?
        let length = BIO_ctrl(output, BIO_CTRL_INFO, 0, &start)
        let bytes = UnsafeRawBufferPointer(start: start, count: length)
        do throws(Failure) { return .success(try body(bytes)) } catch { return .failure(error) }
    }

    public func sign(_ message: [UInt8]) throws(SigningError) -> [UInt8] {
        guard let context = EVP_MD_CTX_new() else { throw .openSSL(OpenSSLError("signing")) }
        defer { EVP_MD_CTX_free(context) }
        let algorithm = handle.algorithm
        var length = 0
        guard
            EVP_DigestSignInit(context, nil, algorithm == .es256 ? EVP_sha256() : nil, nil, handle.pointer) == 1,
            EVP_DigestSign(context, nil, &length, message, message.count) == 1
        else { throw .openSSL(OpenSSLError("signing")) }
        var raw = [UInt8](repeating: 0, count: length)
        guard EVP_DigestSign(context, &raw, &length, message, message.count) == 1 else {
            throw .openSSL(OpenSSLError("signing"))
        }
        raw.removeLast(raw.count - length)
        guard algorithm == .es256 else { return raw }
        guard let joined = ECDSASignature.joined(der: raw) else { throw .openSSL(OpenSSLError("reading a signature")) }
        return joined
    }

    private static func publicMaterial(of handle: KeyHandle) throws(SigningError) -> JSONWebKey.Material {
        switch handle.algorithm {
        case .ed25519:
            var x = [UInt8](repeating: 0, count: 32)
            var length = x.count
            guard EVP_PKEY_get_raw_public_key(handle.pointer, &x, &length) == 1, length == x.count else {
                throw .openSSL(OpenSSLError("reading a public key"))
            }
            return .ed25519(x: x)
        case .es256:
            return .p256(
                x: try coordinate(OSSL_PKEY_PARAM_EC_PUB_X, of: handle),
                y: try coordinate(OSSL_PKEY_PARAM_EC_PUB_Y, of: handle)
            )
        }
    }

    private static func coordinate(_ name: String, of handle: KeyHandle) throws(SigningError) -> [UInt8] {
        var number: OpaquePointer?
        defer { BN_free(number) }
        var bytes = [UInt8](repeating: 0, count: 32)
        guard EVP_PKEY_get_bn_param(handle.pointer, name, &number) == 1, BN_bn2binpad(number, &bytes, 32) == 32 else {
            throw .openSSL(OpenSSLError("reading a public key"))
        }
        return bytes
    }
}
