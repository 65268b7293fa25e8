import ContentTrust
import Logging
import Metrics
import ServiceLifecycle
import Signing
import Synchronization
import TrackerCore
import TrackerProtocol

/// Keeps a node's keyset fresh: fetches it from the authority and judges it against the pinned root (Docs/Certificates.md §4.1). Judges
/// certificates by the keyset in force, and asks for a newer one when it meets an unknown key.
///
/// A keyset that is refused or cannot be fetched changes nothing: the node goes on with the one it has until that expires.
final class KeysetFollower: Service, CertificateJudging {
    /// Between two fetches, whatever the reason for them (Docs/Certificates.md §4.2).
    static let shortestPause = Duration.seconds(10)
    /// While the node has no keyset at all.
    static let pauseWithoutKeyset = Duration.milliseconds(250)

    private let authority: AuthorityClient
    private let interval: Duration
    private let logger: Logger
    private let judge: Mutex<KeysetJudge<VerifyingKey>>
    private let current = Mutex<TrustedKeyset<VerifyingKey>?>(nil)
    private let requests: AsyncStream<Void>
    private let request: AsyncStream<Void>.Continuation
    private let refusals = Counter(label: "shoal_tracker_keysets_refused_total")

    init(authority: AuthorityClient, root: KeyID, interval: Duration, logger: Logger) {
        self.authority = authority
        self.interval = interval
        self.logger = logger
        judge = Mutex(KeysetJudge(root: root))
        // One request that waits is enough: it is answered by the newest keyset.
        (requests, request) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// The accepted keyset as compact JWS, while it has not expired.
    var keyset: [UInt8]? {
        current.withLock { trusted in
            trusted.flatMap { Moment.now.unixSeconds < $0.keyset.expiresAt ? $0.compact : nil }
        }
    }

    /// Follows until the service group shuts down.
    func run() async throws {
        await cancelWhenGracefulShutdown {
            await withDiscardingTaskGroup { group in
                group.addTask { await self.askRegularly() }
                group.addTask { await self.fetchWhenAsked() }
            }
        }
    }

    private func askRegularly() async {
        request.yield()
        while (try? await Task.sleep(for: interval)) != nil { request.yield() }
    }

    private func fetchWhenAsked() async {
        for await _ in requests {
            await fetch()
            let isReady = keyset != nil
            if !isReady { request.yield() }
            let pause = isReady ? min(Self.shortestPause, interval) : Self.pauseWithoutKeyset
            guard (try? await Task.sleep(for: pause)) != nil else { return }
        }
    }

    private func fetch() async {
        do {
            let compact = try await authority.keyset()
            guard current.withLock({ $0?.compact }) != compact else { return }
            let trusted = try judge.withLock { try $0.judge(compact, now: Moment.now.unixSeconds) }
            current.withLock { $0 = trusted }
            logger.info("keyset accepted", metadata: ["version": "\(trusted.keyset.version)"])
        } catch let error as AuthorityUnavailable {
            logger.warning("the keyset cannot be fetched", metadata: ["reason": "\(error)"])
        } catch {
            refusals.increment()
            logger.error("the authority's keyset was refused", metadata: ["reason": "\(error)"])
        }
    }

    // MARK: Judging

    var keysetVersion: Int? { current.withLock { $0?.keyset.version } }

    func judge(_ certificate: String, site: WebOrigin, now: Int) throws(ProtocolError) -> JudgedCertificate {
        guard let trusted = current.withLock({ $0 }) else {
            throw ProtocolError(.unavailable, "This node has no keyset yet; try again.")
        }
        do throws(CertificateError) {
            let judged = try CertificateJudge(trusted).judge(Array(certificate.utf8), site: site, now: now)
            return JudgedCertificate(
                content: judged.contentID,
                url: judged.url.text,
                notBefore: judged.notBefore,
                expires: judged.expiresAt
            )
        } catch {
            if case .unknownKey = error { request.yield() }
            throw ProtocolError(ProtocolError.Code(rawValue: error.code.rawValue) ?? .badCertificate, error.description)
        }
    }
}
