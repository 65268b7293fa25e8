/// A public key as JWK (RFC 7517 §4; RFC 7518 §6.2; RFC 8037 §2): EC on P-256, or OKP with Ed25519.
///
/// Whether a point is on its curve is found out by whoever makes a ``SignatureVerifier`` of the key: that takes big numbers.
public struct JSONWebKey: Hashable, Sendable {
    public enum Material: Hashable, Sendable {
        /// Both coordinates, 32 bytes each, big-endian.
        case p256(x: [UInt8], y: [UInt8])
        /// The 32 bytes of RFC 8032 §5.1.5.
        case ed25519(x: [UInt8])
    }

    static let coordinateLength = 32

    public let material: Material
    public let id: KeyID

    /// - Precondition: every coordinate has 32 bytes.
    public init(_ material: Material) {
        switch material {
        case .p256(let x, let y):
            precondition(x.count == Self.coordinateLength && y.count == Self.coordinateLength)
        case .ed25519(let x):
            precondition(x.count == Self.coordinateLength)
        }
        self.material = material
        self.id = KeyID(thumbprintInput: JSONValue.object(Self.requiredMembers(material)).encoded)
    }

    /// Reads a JWK; members that this page does not name are ignored (RFC 7517 §4).
    ///
    /// - Parameter demandsID: whether `kid` must be there. If it is there, it must be the thumbprint in any case.
    public init(json: JSONValue, demandsID: Bool) throws(TrustFormatError) {
        guard let members = json.object else { throw TrustFormatError("a key is not an object") }
        guard members["d"] == nil else {
            throw TrustFormatError("a key has a private part (d), which must never be published")
        }
        switch (members["kty"]?.string, members["crv"]?.string) {
        case ("EC", "P-256"):
            self.init(.p256(x: try Self.coordinate("x", of: members), y: try Self.coordinate("y", of: members)))
        case ("OKP", "Ed25519"):
            self.init(.ed25519(x: try Self.coordinate("x", of: members)))
        default:
            throw TrustFormatError("a key is neither EC on P-256 nor OKP with Ed25519")
        }
        guard let kid = members["kid"] else {
            guard !demandsID else { throw TrustFormatError("a key has no kid") }
            return
        }
        guard let text = kid.string, KeyID(text: text) == id else {
            throw TrustFormatError("a key's kid is not its thumbprint")
        }
    }

    private static func coordinate(_ name: String, of members: JSONObject) throws(TrustFormatError) -> [UInt8] {
        guard let text = members[name]?.string, let bytes = Base64URL.decode(text), bytes.count == coordinateLength
        else {
            throw TrustFormatError("a key's \(name) is not \(coordinateLength) bytes in base64url")
        }
        return bytes
    }

    /// The members that RFC 7638 §3.2 hashes, in its order.
    private static func requiredMembers(_ material: Material) -> JSONObject {
        switch material {
        case .p256(let x, let y):
            [
                "crv": "P-256", "kty": "EC", "x": .string(Base64URL.encode(x)), "y": .string(Base64URL.encode(y)),
            ]
        case .ed25519(let x):
            ["crv": "Ed25519", "kty": "OKP", "x": .string(Base64URL.encode(x))]
        }
    }

    public var algorithm: SignatureAlgorithm {
        switch material {
        case .p256: .es256
        case .ed25519: .ed25519
        }
    }

    /// The key as JWK, with its `kid`.
    public var json: JSONValue {
        var members = Self.requiredMembers(material)
        _ = members.append("kid", .string(id.text))
        return .object(members)
    }
}
