import ContentTrust
import Settings
import TrackerProtocol

/// How one tracker node runs.
public struct TrackerConfiguration: Sendable {
    /// Clients connect here.
    public var publicAddress: ListenAddress
    /// Health, metrics and the operator's page; never for the public.
    public var adminAddress: ListenAddress
    /// Where the signing authority's public address is.
    public var authorityURL: String
    /// The root key's thumbprint, which every keyset must be signed by.
    public var root: KeyID
    public var limits = ProtocolLimits()
    /// Seconds between two fetches of the keyset.
    public var keysetInterval = 60
    /// `stun:` URLs that clients are told. Relays (TURN) would need credentials, which the protocol does not carry.
    public var ice: [String] = []
    /// How browsers reach the public address, when that is not the address itself; without a slash at its end.
    public var publicURL: String?
    /// Proxies in front of the public address: they must begin each connection with a PROXY header (version 2), and are believed.
    public var trustedProxies: [AddressBlock] = []
    /// Peers' connections of one client address at the same time, of IPv6 of one /64; nil: any number.
    public var addressConnectionLimit: Int?
    /// Seconds over which clients are told to move elsewhere when the node is to end.
    public var drainSpread = 0
    /// Seconds for which the node waits for them; 0: it closes everybody at once.
    public var drainLimit = 0

    public init(publicAddress: ListenAddress, adminAddress: ListenAddress, authorityURL: String, root: KeyID) {
        self.publicAddress = publicAddress
        self.adminAddress = adminAddress
        self.authorityURL = authorityURL
        self.root = root
    }
}
