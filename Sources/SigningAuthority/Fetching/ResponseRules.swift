import ContentTrust
import NIOHTTP1

/// What the head of an origin's response means (Docs/Certificates.md §6).
enum ResponseVerdict: Hashable {
    /// The body is content; `Content-Length` in bytes where there is one.
    case content(mediaType: String, length: Int?)
    /// A conditional request was answered 304: what is known is still the content.
    case unchanged
    /// Ask there instead; the text of `Location`.
    case redirect(String)
    case refused(Refusal)
}

/// Decides by status and headers alone whether everybody gets the same, and so may get it from each other.
///
/// Redirects are held to the same rules: one that differs from visitor to visitor makes what lies behind it differ, too.
enum ResponseRules {
    static let redirectStatuses = [301, 302, 303, 307, 308]
    private static let shareableVary: Set<String> = ["accept-encoding", "origin"]

    static func judge(
        status: Int,
        headers: HTTPHeaders,
        isConditional: Bool,
        contentSizeLimit: Int
    ) -> ResponseVerdict {
        if let refusal = sharingRefusal(headers) { return .refused(refusal) }
        if redirectStatuses.contains(status), let location = headers.first(name: "location") {
            return .redirect(location)
        }
        if status == 304, isConditional { return .unchanged }
        guard status == 200 else {
            return .refused(Refusal(.badStatus, "The origin answered \(status); it must answer 200 to a plain GET."))
        }
        if let encoding = headers[canonicalForm: "content-encoding"].first(where: { $0.lowercased() != "identity" }) {
            return .refused(
                Refusal(
                    .encoded,
                    "The origin encoded the content as \(quoted(encoding)) although identity was asked for; "
                        + "serve it unencoded to Accept-Encoding: identity."
                )
            )
        }
        return content(headers, contentSizeLimit: contentSizeLimit)
    }

    private static func content(_ headers: HTTPHeaders, contentSizeLimit: Int) -> ResponseVerdict {
        let types = headers["content-type"]
        let mediaType = types.first ?? ""
        guard types.count <= 1, mediaType.utf8.count <= ContentCertificate.mediaTypeLengthLimit,
            mediaType.utf8.allSatisfy({ (0x20...0x7E).contains($0) })
        else {
            return .refused(
                Refusal(
                    .notShareable,
                    "The origin's Content-Type is longer than \(ContentCertificate.mediaTypeLengthLimit) bytes, "
                        + "not ASCII or there twice; correct the header."
                )
            )
        }
        guard let lengthText = headers.first(name: "content-length") else {
            // HTTP/1.0 style: the end of the connection would be the end of the content, and so would any interruption.
            guard headers.contains(name: "transfer-encoding") else {
                return .refused(
                    Refusal(
                        .truncated,
                        "The origin sent neither Content-Length nor chunks, so nobody can tell whether all of it came; send one."
                    )
                )
            }
            return .content(mediaType: mediaType, length: nil)
        }
        guard let length = Int(lengthText), length >= 0 else {
            return .refused(Refusal(.truncated, "The origin's Content-Length, \(quoted(lengthText)), is not a number."))
        }
        guard length <= contentSizeLimit else { return .refused(tooLarge(limit: contentSizeLimit)) }
        return .content(mediaType: mediaType, length: length)
    }

    static func tooLarge(limit: Int) -> Refusal {
        Refusal(.tooLarge, "The content is longer than \(limit) bytes; raise content-size-limit.")
    }

    private static func sharingRefusal(_ headers: HTTPHeaders) -> Refusal? {
        func refusal(_ what: String) -> Refusal {
            Refusal(
                .notShareable,
                "The origin sent \(what), so the content is not the same for everyone; leave it to the origin or correct the header."
            )
        }
        for directive in headers[canonicalForm: "cache-control"] {
            let name = directive.prefix { $0 != "=" }.trimmingWhitespace.lowercased()
            if name == "private" || name == "no-store" { return refusal("Cache-Control: \(name)") }
        }
        if headers.contains(name: "set-cookie") { return refusal("Set-Cookie") }
        if let field = headers[canonicalForm: "vary"].first(where: {
            !shareableVary.contains($0.lowercased()) && !$0.isEmpty
        }) {
            return refusal("Vary: \(quoted(field))")
        }
        return nil
    }

    /// A text from an origin, fit for a message.
    static func quoted(_ text: some StringProtocol) -> String {
        String(
            text.unicodeScalars.prefix(64).map {
                $0.isASCII && $0.value >= 0x20 && $0.value != 0x7F ? Character($0) : "?"
            }
        )
    }
}

extension Substring {
    fileprivate var trimmingWhitespace: Substring {
        var text = self.drop { $0 == " " || $0 == "\t" }
        while text.last == " " || text.last == "\t" { text.removeLast() }
        return text
    }
}
