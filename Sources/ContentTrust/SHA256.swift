import COpenSSL

/// SHA-256 (FIPS 180-4) in one call.
///
/// OpenSSL's low-level one-shot is used because it needs no context and cannot fail: it neither allocates nor looks up a provider.
public enum SHA256 {
    /// The length of a hash in bytes.
    public static let byteCount = 32

    /// The 32-byte hash of any bytes.
    public static func hash(_ bytes: [UInt8]) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: byteCount) { buffer, count in
            bytes.withUnsafeBytes { hash($0, into: UnsafeMutableRawBufferPointer(buffer)) }
            count = byteCount
        }
    }

    /// Writes the hash into the first 32 bytes of `result`, which has at least as many.
    static func hash(_ bytes: UnsafeRawBufferPointer, into result: UnsafeMutableRawBufferPointer) {
        precondition(result.count >= byteCount)
        COpenSSL.SHA256(bytes.baseAddress, bytes.count, result.baseAddress)
    }
}
