import ContentTrust

/// A registered site and what the authority may do for it.
public struct Site: Hashable, Sendable {
    public let origin: WebOrigin
    /// Further origins whose content the site's pages use; the site's own is always allowed.
    public let contentOrigins: Set<WebOrigin>
    /// Whether its hosts may resolve to loopback, private and other special addresses.
    public let allowsPrivateAddresses: Bool

    public init(origin: WebOrigin, contentOrigins: Set<WebOrigin> = [], allowsPrivateAddresses: Bool = false) {
        self.origin = origin
        self.contentOrigins = contentOrigins.subtracting([origin])
        self.allowsPrivateAddresses = allowsPrivateAddresses
    }

    func allows(_ origin: WebOrigin) -> Bool {
        origin == self.origin || contentOrigins.contains(origin)
    }
}
