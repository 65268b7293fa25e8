import ContentTrust
import TrackerProtocol

#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// A certificate that was judged valid for a site.
public struct JudgedCertificate: Equatable, Sendable {
    public var content: ContentID
    /// The URL that it is about.
    public var url: String
    /// Valid from this second since 1970.
    public var notBefore: Int
    /// Valid before this second since 1970.
    public var expires: Int

    public init(content: ContentID, url: String, notBefore: Int, expires: Int) {
        self.content = content
        self.url = url
        self.notBefore = notBefore
        self.expires = expires
    }
}

/// Judges certificates against the keyset in force (Docs/Certificates.md §3.1). Callable from any thread.
public protocol CertificateJudging: Sendable {
    /// Changes with the keyset; verdicts of another version are worth nothing. Nil: there is no keyset yet.
    var keysetVersion: Int? { get }

    /// - Parameters:
    ///   - certificate: a compact JWS, as a client sent it.
    ///   - site: what its audience must be.
    ///   - now: seconds since 1970.
    func judge(_ certificate: String, site: WebOrigin, now: Int) throws(ProtocolError) -> JudgedCertificate
}

/// The verdicts of a judge, kept until the certificate expires or the keyset changes: a signature is verified once for each loop, not
/// for each visitor.
struct CertificateVerdicts {
    /// A verdict takes about 1 KiB, nearly all of it the certificate's text.
    static let generationSize = 8_192

    private struct Key: Hashable {
        var certificate: String
        var site: WebOrigin

        /// By bytes: String's own == takes texts for equal that only look alike, such as K and KELVIN SIGN.
        static func == (a: Self, b: Self) -> Bool {
            a.site == b.site && a.certificate.hasBytes(of: b.certificate)
        }
    }

    private let judging: any CertificateJudging
    private var keysetVersion: Int?
    private var verdicts = GenerationalCache<Key, JudgedCertificate>(generationSize: generationSize)
    private(set) var verifications = 0

    init(judge: any CertificateJudging) { judging = judge }

    /// Refusals are not kept: a refused certificate is rare from an honest client, and a dishonest one is held by its rate.
    mutating func judge(_ certificate: String, site: WebOrigin, now: Int) throws(ProtocolError) -> JudgedCertificate {
        if judging.keysetVersion != keysetVersion {
            keysetVersion = judging.keysetVersion
            verdicts = GenerationalCache(generationSize: Self.generationSize)
        }
        let key = Key(certificate: certificate, site: site)
        if let verdict = verdicts.use(key), now < verdict.expires { return verdict }
        verifications += 1
        let verdict = try judging.judge(certificate, site: site, now: now)
        verdicts[key] = verdict
        return verdict
    }
}

extension String {
    /// Whether both are the same bytes; compared as memory, because a certificate has some 600 and is met at every announce and find.
    fileprivate func hasBytes(of other: String) -> Bool {
        let same = utf8.withContiguousStorageIfAvailable { ours in
            other.utf8.withContiguousStorageIfAvailable { theirs in
                guard ours.count == theirs.count, let a = ours.baseAddress, let b = theirs.baseAddress else {
                    return ours.count == theirs.count
                }
                return memcmp(a, b, ours.count) == 0
            }
        }
        return (same ?? nil) ?? utf8.elementsEqual(other.utf8)
    }
}
