/// A public key held ready for verifying. The rules of this module are generic over it, so that they stay free of any one library.
public protocol SignatureVerifier: Sendable {
    /// Takes a key; throws for one that is not valid, such as a point off the curve.
    init(_ key: JSONWebKey) throws(TrustFormatError)

    var algorithm: SignatureAlgorithm { get }

    /// Whether `signature` is this key's over `message`. Never throws: what cannot be a signature is none.
    func isSignature(_ signature: [UInt8], of message: [UInt8]) -> Bool
}

/// A private key that signs; the other side of ``SignatureVerifier``.
public protocol Signer {
    associatedtype Failure: Error

    var publicKey: JSONWebKey { get }

    /// The 64-byte signature over `message`, as JWS has it.
    func sign(_ message: [UInt8]) throws(Failure) -> [UInt8]
}
