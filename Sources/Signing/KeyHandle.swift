import COpenSSL
import ContentTrust

/// Owns one `EVP_PKEY` of one of the two algorithms.
///
/// `@unchecked Sendable`: the pointer is a constant, and after `init` this module only passes it to functions that take the key as input
/// (`EVP_DigestSignInit`, `EVP_DigestVerifyInit`, getters, PEM writing), each with a context of its own. OpenSSL counts references to a key
/// atomically and guards the only state that such use changes, the key's cache of provider exports, with the key's own lock
/// (`EVP_PKEY::lock`), so a key that is no longer changed may be used by several threads at once. It is freed once, by `deinit`.
final class KeyHandle: @unchecked Sendable {
    let pointer: OpaquePointer
    let algorithm: SignatureAlgorithm

    /// Takes ownership. Refuses, and frees, a key of any other type or curve.
    init(owning pointer: OpaquePointer) throws(SigningError) {
        if EVP_PKEY_is_a(pointer, "ED25519") == 1 {
            algorithm = .ed25519
        } else if EVP_PKEY_is_a(pointer, "EC") == 1, Self.groupName(pointer) == "prime256v1" {
            algorithm = .es256
        } else {
            let type = EVP_PKEY_get0_type_name(pointer).map { String(cString: $0) } ?? "unknown"
            let curve = Self.groupName(pointer).map { " on \($0)" } ?? ""
            EVP_PKEY_free(pointer)
            throw .unsupportedKey(type + curve)
        }
        self.pointer = pointer
    }

    deinit { EVP_PKEY_free(pointer) }

    private static func groupName(_ pointer: OpaquePointer) -> String? {
        var name = [CChar](repeating: 0, count: 64)
        var length = 0
        guard EVP_PKEY_get_group_name(pointer, &name, name.count, &length) == 1 else {
            ERR_clear_error()
            return nil
        }
        return String(decoding: name.prefix(length).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
