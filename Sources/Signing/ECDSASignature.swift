import COpenSSL

/// ECDSA signatures on P-256 in the two forms there are: OpenSSL's DER (RFC 3279 §2.2.3) and JOSE's r‖s (RFC 7518 §3.4).
enum ECDSASignature {
    private static let integerLength = 32

    /// r‖s, 64 bytes; nil when `der` is not one DER signature whose numbers fit.
    static func joined(der: [UInt8]) -> [UInt8]? {
        let signature = der.withUnsafeBufferPointer { buffer -> OpaquePointer? in
            var next = buffer.baseAddress
            return d2i_ECDSA_SIG(nil, &next, buffer.count)
        }
        guard let signature else { return nil }
        defer { ECDSA_SIG_free(signature) }
        var joined = [UInt8](repeating: 0, count: 2 * integerLength)
        let isWritten = joined.withUnsafeMutableBufferPointer { buffer in
            guard let start = buffer.baseAddress else { return false }
            let length = Int32(integerLength)
            return BN_bn2binpad(ECDSA_SIG_get0_r(signature), start, length) == length
                && BN_bn2binpad(ECDSA_SIG_get0_s(signature), start + integerLength, length) == length
        }
        return isWritten ? joined : nil
    }

    /// DER; nil when `joined` does not have 64 bytes or memory is out.
    static func der(joined: [UInt8]) -> [UInt8]? {
        guard joined.count == 2 * integerLength, let signature = ECDSA_SIG_new() else { return nil }
        defer { ECDSA_SIG_free(signature) }
        let isSet = joined.withUnsafeBufferPointer { buffer in
            guard let start = buffer.baseAddress,
                let r = BN_bin2bn(start, Int32(integerLength), nil)
            else { return false }
            guard let s = BN_bin2bn(start + integerLength, Int32(integerLength), nil) else {
                BN_free(r)
                return false
            }
            // Takes ownership of both; it fails only for nil.
            return ECDSA_SIG_set0(signature, r, s) == 1
        }
        guard isSet else { return nil }
        var bytes: UnsafeMutablePointer<UInt8>?
        let length = i2d_ECDSA_SIG(signature, &bytes)
        guard length > 0, let bytes else { return nil }
        defer { CRYPTO_free(bytes, #file, #line) }
        return Array(UnsafeBufferPointer(start: bytes, count: Int(length)))
    }
}
