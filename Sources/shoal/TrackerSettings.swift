import ContentTrust
import NIOCore
import NIOPosix
import Settings
import TrackerNode
import TrackerProtocol

/// The settings of a tracker node (Docs/Protocol.md §2.4, §3; Docs/Operations.md).
enum TrackerSettings {
    private static let defaults = ProtocolLimits()

    static let publicAddress = Setting<ListenAddress>(
        "public-address",
        .address,
        default: "127.0.0.1:8000",
        help: "Where clients connect; port 0 takes any free one."
    )
    static let adminAddress = Setting<ListenAddress>(
        "admin-address",
        .address,
        default: "127.0.0.1:9000",
        help: "Health, metrics and the operator's page; never for the public."
    )
    static let authorityURL = Setting<String>(
        "authority-url",
        .url("http", "https"),
        default: "http://127.0.0.1:8100",
        help: "The public address of the signing authority."
    )
    static let rootThumbprint = Setting<String>(
        "root-thumbprint",
        needed: .text("THUMBPRINT"),
        help: "RFC 7638 thumbprint of the root key that signs keysets; the authority prints it at its start."
    )
    static let publicURL = Setting<String?>(
        "public-url",
        .url("http", "https"),
        help: "How browsers reach this node, when that is not its public address; used on the operator's page."
    )

    static let messageSize = Setting<Int>(
        "message-size-limit",
        .integer(1_024...1_048_576),
        default: "\(defaults.messageSize)",
        help: "Bytes of one message from a client."
    )
    static let messageRate = Setting<Int>(
        "message-rate-limit",
        .integer(1...100_000),
        default: "\(defaults.messageRate)",
        help: "Messages a second from one connection, on average."
    )
    static let messageBurst = Setting<Int>(
        "message-burst-limit",
        .integer(1...100_000),
        default: "\(defaults.messageBurst)",
        help: "Messages at once from one connection, after a pause."
    )
    static let connections = Setting<Int>(
        "connection-limit",
        .integer(1...1_000_000),
        default: "\(defaults.connections)",
        help: "Connections of peers at the same time."
    )
    static let idleTimeout = Setting<Int>(
        "idle-timeout",
        .integer(1...3_600),
        default: "\(defaults.idleTimeout)",
        help: "Seconds of silence after which a connection is closed."
    )
    static let pingInterval = Setting<Int>(
        "ping-interval",
        .integer(1...3_600),
        default: "\(defaults.pingInterval)",
        help: "Seconds between pings to a silent connection; below idle-timeout."
    )
    static let sendQueue = Setting<Int>(
        "send-queue-limit",
        .integer(65_536...67_108_864),
        default: "\(defaults.sendQueue)",
        help: "Bytes that may wait to be read by one connection before it is closed."
    )
    static let announced = Setting<Int>(
        "announce-limit",
        .integer(1...65_536),
        default: "\(defaults.announcedContents)",
        help: "Contents announced by one connection."
    )
    static let introductions = Setting<Int>(
        "introduction-limit",
        .integer(1...64),
        default: "\(defaults.introductions)",
        help: "Peers named for one content in one answer."
    )
    static let introductionMemory = Setting<Int>(
        "introduction-memory",
        .integer(1...4_096),
        default: "\(defaults.introductionMemory)",
        help: "Peers that one connection may signal to at any time."
    )
    static let introductionLifetime = Setting<Int>(
        "introduction-lifetime",
        .integer(1...3_600),
        default: "\(defaults.introductionLifetime)",
        help: "Seconds for which an introduction holds after its last use."
    )
    static let keysetInterval = Setting<Int>(
        "keyset-interval",
        .integer(1...3_600),
        default: "60",
        help: "Seconds between two fetches of the keyset."
    )
    static let iceServers = Setting<[String]>(
        "ice-servers",
        .list("URL,…"),
        default: "",
        help: "STUN servers (stun:host:port) that clients use to find each other through home routers."
    )
    static let trustedProxies = Setting<[String]>(
        "trusted-proxies",
        .list("ADDRESS[/BITS],…"),
        default: "",
        help: "Proxies that begin each connection to the public address with a PROXY header (version 2)."
    )
    static let addressConnectionLimit = Setting<Int?>(
        "address-connection-limit",
        .integer(1...1_000_000),
        help: "Connections of peers at the same time from one address, of IPv6 from one /64; without it, any number."
    )
    static let eventLoops = Setting<Int?>(
        "event-loops",
        .integer(1...256),
        help: "Threads that serve connections; without it, one on each core."
    )

    static let drainSpread = Setting<Int>(
        "drain-spread",
        .integer(0...3_600),
        default: "10",
        help: "Seconds over which clients are told to move to other nodes when this one is to end."
    )
    static let drainLimit = Setting<Int>(
        "drain-limit",
        .integer(0...3_600),
        default: "30",
        help:
            "Seconds for which the node then serves those that have not moved; at least drain-spread. 0 closes all at once."
    )

    /// How a node ends that is not the only one.
    static let drain: [SettingDeclaration] = [drainSpread.declaration, drainLimit.declaration]

    /// What applies however the node is started.
    static let common: [SettingDeclaration] = [
        messageSize.declaration, messageRate.declaration, messageBurst.declaration, connections.declaration,
        idleTimeout.declaration, pingInterval.declaration, sendQueue.declaration, announced.declaration,
        introductions.declaration, introductionMemory.declaration, introductionLifetime.declaration,
        keysetInterval.declaration, iceServers.declaration, eventLoops.declaration, publicURL.declaration,
        trustedProxies.declaration, addressConnectionLimit.declaration,
    ]

    /// A root key's thumbprint from its text.
    static func root(_ text: String) throws(SettingsError) -> KeyID {
        guard let root = KeyID(text: text) else {
            throw SettingsError(
                "--root-thumbprint must be 43 characters of base64url, as the authority prints them; it is \"\(text)\"."
            )
        }
        return root
    }

    /// A node's configuration from the common settings.
    static func configuration(
        _ settings: ResolvedSettings,
        publicAddress: ListenAddress,
        adminAddress: ListenAddress,
        authorityURL: String,
        root: String
    ) throws(SettingsError) -> TrackerConfiguration {
        var configuration = TrackerConfiguration(
            publicAddress: publicAddress,
            adminAddress: adminAddress,
            authorityURL: authorityURL,
            root: try Self.root(root)
        )
        configuration.limits.messageSize = try settings.value(messageSize)
        configuration.limits.messageRate = try settings.value(messageRate)
        configuration.limits.messageBurst = try settings.value(messageBurst)
        configuration.limits.idleTimeout = try settings.value(idleTimeout)
        configuration.limits.pingInterval = try settings.value(pingInterval)
        configuration.limits.announcedContents = try settings.value(announced)
        configuration.limits.introductions = try settings.value(introductions)
        configuration.limits.introductionMemory = try settings.value(introductionMemory)
        configuration.limits.introductionLifetime = try settings.value(introductionLifetime)
        configuration.limits.connections = try settings.value(connections)
        configuration.limits.sendQueue = try settings.value(sendQueue)
        configuration.keysetInterval = try settings.value(keysetInterval)
        configuration.ice = try settings.value(iceServers)
        if let other = configuration.ice.first(where: { !$0.hasPrefix("stun:") }) {
            throw SettingsError("--ice-servers takes URLs that begin with stun: only; one is \"\(other)\".")
        }
        configuration.publicURL = try settings.value(publicURL)
        configuration.trustedProxies = try settings.value(trustedProxies).map { text throws(SettingsError) in
            guard let block = AddressBlock(text) else {
                throw SettingsError(
                    "--trusted-proxies takes addresses such as 10.1.2.3 or ::1, and blocks such as 10.1.0.0/16, whose bits behind the first 16 are zero; one is \"\(text)\"."
                )
            }
            return block
        }
        configuration.addressConnectionLimit = try settings.value(addressConnectionLimit)
        guard configuration.limits.pingInterval < configuration.limits.idleTimeout else {
            throw SettingsError(
                "--ping-interval (\(configuration.limits.pingInterval)) must be below --idle-timeout (\(configuration.limits.idleTimeout)), or every silent connection is closed."
            )
        }
        return configuration
    }

    /// Adds how the node ends to its configuration.
    static func addDrain(_ settings: ResolvedSettings, to configuration: inout TrackerConfiguration)
        throws(SettingsError)
    {
        configuration.drainSpread = try settings.value(drainSpread)
        configuration.drainLimit = try settings.value(drainLimit)
        guard configuration.drainSpread <= configuration.drainLimit else {
            throw SettingsError(
                "--drain-limit (\(configuration.drainLimit)) must be at least --drain-spread (\(configuration.drainSpread)), or clients are closed before they move."
            )
        }
    }

    /// The event loops of the process, as many as wanted. To be called before anything else uses them; they are never shut down.
    static func eventLoopGroup(_ settings: ResolvedSettings) throws(SettingsError) -> MultiThreadedEventLoopGroup {
        if let count = try settings.value(eventLoops) { NIOSingletons.groupLoopCountSuggestion = count }
        return .singleton
    }
}
