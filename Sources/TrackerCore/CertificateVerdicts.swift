import ContentTrust
import TrackerProtocol

/// A certificate that was judged valid for a site.
public struct JudgedCertificate: Equatable, Sendable {
    public var content: ContentID
    /// Valid before this second since 1970.
    public var expires: Int

    public init(content: ContentID, expires: Int) {
        self.content = content
        self.expires = expires
    }
}

/// Judges certificates against one keyset (Docs/Certificates.md §3.1).
public protocol CertificateJudge: Sendable {
    /// - Parameters:
    ///   - certificate: a compact JWS, as a client sent it.
    ///   - site: the serialized origin that the audience must be.
    ///   - now: seconds since 1970.
    func judge(_ certificate: String, site: String, now: Int) throws(ProtocolError) -> JudgedCertificate
}

/// The verdicts of one judge, kept until the certificate expires: a signature is verified once for each node and loop, not for each visitor.
///
/// Bounded without keeping an order: two generations, of which the older is dropped when the younger is full. A verdict in use moves
/// to the younger one.
struct CertificateVerdicts {
    /// Verdicts of one generation; a verdict takes about 1 KiB, nearly all of it the certificate's text.
    static let generationSize = 8_192

    private struct Key: Hashable {
        var certificate: String
        var site: String
    }

    private let judge: any CertificateJudge
    private var young: [Key: JudgedCertificate] = [:]
    private var old: [Key: JudgedCertificate] = [:]
    private(set) var verifications = 0

    init(judge: any CertificateJudge) { self.judge = judge }

    var count: Int { young.count + old.count }

    /// Refusals are not kept: a refused certificate is rare from an honest client, and a dishonest one is held by its rate.
    mutating func judge(_ certificate: String, site: String, now: Int) throws(ProtocolError) -> JudgedCertificate {
        let key = Key(certificate: certificate, site: site)
        if let verdict = young[key], now < verdict.expires { return verdict }
        if let verdict = old[key], now < verdict.expires {
            keep(verdict, for: key)
            return verdict
        }
        verifications += 1
        let verdict = try judge.judge(certificate, site: site, now: now)
        keep(verdict, for: key)
        return verdict
    }

    private mutating func keep(_ verdict: JudgedCertificate, for key: Key) {
        if young.count >= Self.generationSize {
            old = young
            young = [:]
        }
        young[key] = verdict
    }
}
