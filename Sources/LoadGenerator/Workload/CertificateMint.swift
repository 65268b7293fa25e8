import ContentTrust
import Foundation
import Signing
import TrackerProtocol

/// Certificates for contents that do not exist, signed with an authority's key: what a tracker needs to see before it tracks a content.
///
/// Issued when first asked for and again when half of their life is over; not `Sendable`, because it keeps them.
struct CertificateMint {
    /// Seconds; the longest that there are, so that a run is about tracking and not about verifying.
    static let lifetime = ContentCertificate.lifetimeLimit
    /// Seconds before its issue from which a certificate is valid: clocks differ.
    static let backdating = 60

    private struct Issued {
        var text: String
        var renewAt: Int
    }

    let site: WebOrigin
    let contents: [ContentID]
    private let urls: [ContentURL]
    private let key: SigningKey
    private var issued: [Issued?]

    /// - Parameter seed: runs of the same seed are about the same contents.
    init(key: SigningKey, site: WebOrigin, contents: Int, seed: UInt64) throws(WebAddressError) {
        self.key = key
        self.site = site
        var urls: [ContentURL] = []
        for index in 0..<contents { urls.append(try ContentURL("\(site.text)/bench/\(seed)/\(index)")) }
        self.urls = urls
        self.contents = urls.compactMap { ContentID(bytes: SHA256.hash(Array($0.text.utf8))) }
        issued = Array(repeating: nil, count: contents)
    }

    /// The certificate of a content, valid for half of ``lifetime`` at least.
    mutating func certificate(_ index: Int) throws(SigningError) -> String {
        let now = Int(Date().timeIntervalSince1970)
        if let known = issued[index], now < known.renewAt { return known.text }
        let certificate = ContentCertificate(
            issuer: "shoal-bench",
            site: site,
            url: urls[index],
            contentID: contents[index],
            length: 1_048_576,
            mediaType: "application/octet-stream",
            generation: 1,
            issuedAt: now,
            notBefore: now - Self.backdating,
            expiresAt: now - Self.backdating + Self.lifetime
        )
        let text = String(decoding: try certificate.signed(by: key), as: UTF8.self)
        issued[index] = Issued(text: text, renewAt: now + Self.lifetime / 2)
        return text
    }
}
