import ContentTrust
import Foundation

/// Resolves a `Location` (RFC 9110 §10.2.2), which may be relative, against the URL that it came from.
enum RedirectTarget {
    /// The result is judged as strictly as any URL that is asked for; a fragment is dropped, since it is not sent anyway.
    static func resolve(_ location: String, from url: ContentURL) throws(Refusal) -> ContentURL {
        let withoutFragment = location.prefix { $0 != "#" }
        guard location.utf8.count <= ContentURL.lengthLimit, let base = URL(string: url.text),
            let target = URL(string: String(withoutFragment), relativeTo: base)?.absoluteURL
        else { throw refusal("it cannot be read") }
        // The URL standard writes the empty path of an origin as "/".
        var text = target.absoluteString
        if target.path(percentEncoded: true).isEmpty, target.query(percentEncoded: true) == nil { text += "/" }
        do throws(WebAddressError) { return try ContentURL(text) } catch { throw refusal(error.description) }
    }

    private static func refusal(_ reason: String) -> Refusal {
        Refusal(
            .badURL,
            "The origin redirects to a URL that cannot be certified (\(reason)); link to the target itself."
        )
    }
}
