// swift-tools-version: 6.2

import PackageDescription

/// Every target is held to the same rules; a warning in our own code fails the build.
let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
]

extension Target.Dependency {
    static let nioCore = product(name: "NIOCore", package: "swift-nio")
    static let nioPosix = product(name: "NIOPosix", package: "swift-nio")
    static let nioFoundationCompat = product(name: "NIOFoundationCompat", package: "swift-nio")
    static let nioHTTP1 = product(name: "NIOHTTP1", package: "swift-nio")
    static let nioWebSocket = product(name: "NIOWebSocket", package: "swift-nio")
    static let nioEmbedded = product(name: "NIOEmbedded", package: "swift-nio")
    static let nioTLS = product(name: "NIOTLS", package: "swift-nio")
    static let nioSSL = product(name: "NIOSSL", package: "swift-nio-ssl")
    static let hummingbird = product(name: "Hummingbird", package: "hummingbird")
    static let hummingbirdCore = product(name: "HummingbirdCore", package: "hummingbird")
    static let hummingbirdTesting = product(name: "HummingbirdTesting", package: "hummingbird")
    static let nioHTTPTypes = product(name: "NIOHTTPTypes", package: "swift-nio-extras")
    static let nioHTTPTypesHTTP1 = product(name: "NIOHTTPTypesHTTP1", package: "swift-nio-extras")
    static let httpTypes = product(name: "HTTPTypes", package: "swift-http-types")
    static let httpClient = product(name: "AsyncHTTPClient", package: "async-http-client")
    static let serviceLifecycle = product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
    static let unixSignals = product(name: "UnixSignals", package: "swift-service-lifecycle")
    static let logging = product(name: "Logging", package: "swift-log")
    static let metrics = product(name: "Metrics", package: "swift-metrics")
    static let coreMetrics = product(name: "CoreMetrics", package: "swift-metrics")
    static let grdb = product(name: "GRDB", package: "GRDB.swift")
    static let yams = product(name: "Yams", package: "Yams")
    static let argumentParser = product(name: "ArgumentParser", package: "swift-argument-parser")
}

let package = Package(
    name: "shoal",
    products: [
        .executable(name: "shoal", targets: ["shoal"]),
        .executable(name: "shoal-bench", targets: ["shoal-bench"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        // Pure: decisions and formats, no IO.
        .target(name: "ContentTrust", dependencies: ["COpenSSL"], swiftSettings: strict),
        .target(name: "KeyRotation", swiftSettings: strict),
        .target(name: "TrackerProtocol", dependencies: ["ContentTrust", .nioCore], swiftSettings: strict),
        .target(name: "Presence", dependencies: ["ContentTrust"], swiftSettings: strict),
        .target(
            name: "TrackerCore",
            dependencies: ["ContentTrust", "Presence", "TrackerProtocol"],
            swiftSettings: strict
        ),
        .target(name: "Settings", dependencies: [.yams], swiftSettings: strict),

        // System libraries.
        // Without pkg-config: Debian's hiredis.pc names a flag that the package manager warns of, and nothing that is needed.
        .systemLibrary(name: "CHiredis", providers: [.apt(["libhiredis-dev"])]),
        .systemLibrary(name: "COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),

        // IO.
        .target(name: "Signing", dependencies: ["COpenSSL", "ContentTrust"], swiftSettings: strict),
        .target(
            name: "RedisClient",
            dependencies: ["CHiredis", .nioCore, .nioPosix, .nioSSL, .nioTLS],
            swiftSettings: strict
        ),
        .target(
            name: "RedisPresence",
            dependencies: [
                "ContentTrust", "Presence", "RedisClient", "TrackerCore",
                .coreMetrics, .logging, .nioCore, .nioPosix,
            ],
            swiftSettings: strict
        ),
        .target(name: "Serving", dependencies: [.nioCore, .serviceLifecycle], swiftSettings: strict),
        .target(name: "PrometheusExposition", dependencies: [.coreMetrics], swiftSettings: strict),
        .target(
            name: "BrowserClient",
            dependencies: ["COpenSSL"],
            exclude: ["README.md", "mangled-properties", "shoal.d.ts", "src", "tsconfig.json", "tsconfig.worker.json"],
            resources: [.embedInCode("Bundle")],
            swiftSettings: strict
        ),
        .target(
            name: "TrackerNode",
            dependencies: [
                "BrowserClient", "COpenSSL", "ContentTrust", "Presence", "RedisPresence", "Serving", "Settings",
                "Signing", "TrackerCore", "TrackerProtocol",
                .hummingbird, .hummingbirdCore, .httpClient, .httpTypes, .logging, .metrics, .nioCore,
                .nioFoundationCompat,
                .nioHTTP1,
                .nioHTTPTypes, .nioHTTPTypesHTTP1, .nioPosix, .serviceLifecycle,
            ],
            swiftSettings: strict
        ),
        .target(
            name: "SigningAuthority",
            dependencies: [
                "ContentTrust", "KeyRotation", "Serving", "Signing",
                .grdb, .httpClient, .httpTypes, .hummingbird, .hummingbirdCore, .logging, .metrics, .nioCore, .nioHTTP1,
                .nioPosix, .serviceLifecycle,
            ],
            swiftSettings: strict
        ),
        .target(
            name: "DemoSite",
            dependencies: [
                "BrowserClient", "Serving",
                .httpTypes, .hummingbird, .logging, .nioCore, .nioPosix, .serviceLifecycle,
            ],
            resources: [.embedInCode("Pages")],
            swiftSettings: strict
        ),

        .target(
            name: "LoadGenerator",
            dependencies: [
                "ContentTrust", "Presence", "Signing", "TrackerProtocol",
                .httpTypes, .hummingbird, .logging, .nioCore, .nioPosix, .serviceLifecycle,
            ],
            swiftSettings: strict
        ),

        // Executables.
        .executableTarget(
            name: "shoal",
            dependencies: [
                "ContentTrust", "DemoSite", "Presence", "PrometheusExposition", "RedisClient", "RedisPresence",
                "Settings",
                "SigningAuthority", "TrackerNode", "TrackerProtocol",
                .argumentParser, .httpClient, .logging, .metrics, .nioCore, .nioFoundationCompat, .nioHTTP1, .nioPosix,
                .serviceLifecycle, .unixSignals,
            ],
            swiftSettings: strict
        ),

        .executableTarget(
            name: "shoal-bench",
            dependencies: [
                "ContentTrust", "LoadGenerator", "Presence", "RedisClient", "Signing", "TrackerProtocol",
                .argumentParser, .httpClient, .logging, .nioCore, .nioEmbedded, .nioHTTP1, .nioFoundationCompat,
                .nioPosix,
                .nioWebSocket, .serviceLifecycle, .unixSignals,
            ],
            swiftSettings: strict
        ),

        // Tests. What needs real browsers is in Tests/Browser, driven by ops/test.
        .target(name: "TestSupport", path: "Tests/TestSupport", swiftSettings: strict),
        .testTarget(
            name: "ContentTrustTests",
            dependencies: ["ContentTrust", "Presence", "Signing", "TestSupport"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "TrackerProtocolTests",
            dependencies: [
                "ContentTrust", "Presence", "TestSupport", "TrackerProtocol", .nioCore, .nioEmbedded, .nioWebSocket,
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "PresenceTests",
            dependencies: [
                "ContentTrust", "Presence", "RedisPresence", "TestSupport", "TrackerCore", .logging, .nioCore,
                .nioPosix,
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "RedisPresenceTests",
            dependencies: [
                "ContentTrust", "Presence", "RedisPresence", "TestSupport", "TrackerCore", .logging, .nioCore,
                .nioPosix,
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "TrackerCoreTests",
            dependencies: ["ContentTrust", "Presence", "TestSupport", "TrackerCore", "TrackerProtocol", .nioCore],
            swiftSettings: strict
        ),
        .testTarget(
            name: "RedisClientTests",
            dependencies: ["CHiredis", "Presence", "RedisClient", "TestSupport", .nioCore, .nioPosix, .nioSSL],
            swiftSettings: strict
        ),
        .testTarget(name: "KeyRotationTests", dependencies: ["KeyRotation", "TestSupport"], swiftSettings: strict),
        .testTarget(name: "SettingsTests", dependencies: ["Settings"], swiftSettings: strict),
        .testTarget(name: "SigningTests", dependencies: ["Signing", "ContentTrust"], swiftSettings: strict),
        .testTarget(
            name: "PrometheusExpositionTests",
            dependencies: ["PrometheusExposition", .coreMetrics, .metrics],
            swiftSettings: strict
        ),
        .testTarget(
            name: "TrackerNodeTests",
            dependencies: [
                "BrowserClient", "ContentTrust", "Presence", "PrometheusExposition", "Settings", "Signing",
                "TestSupport",
                "TrackerNode", "TrackerProtocol",
                .httpClient, .httpTypes, .hummingbird, .logging, .metrics, .nioCore, .nioEmbedded, .nioHTTP1, .nioPosix,
                .nioWebSocket, .serviceLifecycle,
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "SigningAuthorityTests",
            dependencies: [
                "ContentTrust", "Signing", "SigningAuthority", "TestSupport",
                .grdb, .httpClient, .logging, .nioCore, .nioHTTP1, .nioPosix, .serviceLifecycle,
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "LoadGeneratorTests",
            dependencies: [
                "ContentTrust", "LoadGenerator", "Presence", "Settings", "Signing", "TestSupport", "TrackerNode",
                "TrackerProtocol", .logging, .nioCore, .serviceLifecycle,
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "BrowserClientTests",
            dependencies: ["BrowserClient"],
            exclude: ["client"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "DemoSiteTests",
            dependencies: ["DemoSite", .hummingbird, .hummingbirdTesting],
            swiftSettings: strict
        ),
    ]
)
