import BrowserClient

/// A page of the demo site.
///
/// The markup is in `Pages`; here the figures of the gallery and the tag that embeds Shoal are put in.
struct Page {
    enum Variant {
        /// Shoal is on.
        case shoal
        /// The same page without Shoal, to compare with.
        case plain
        /// Shoal waits until the visitor agrees.
        case consent
    }

    let html: String

    init(_ configuration: DemoSite.Configuration, media: MediaSet, variant: Variant) {
        func link(_ path: String, _ text: String, current: Bool) -> String {
            "<a href=\"\(path)\"\(current ? " aria-current=\"page\"" : "")>\(text)</a>"
        }
        let navigation = [
            link("/", "With Shoal", current: variant == .shoal), link("/plain", "Without", current: variant == .plain),
            link("/consent", "Asking first", current: variant == .consent),
        ]
        let pictures = media.paintings.map(Self.figure).joined(separator: "\n")
        html = Self.fill(
            PackageResources.page_html,
            [
                "shoal": variant == .plain ? "" : Self.scriptTag(configuration, consent: variant == .consent) + "\n",
                "navigation": navigation.joined(separator: "\n"),
                "aside": Self.fill(variant == .plain ? PackageResources.plain_html : PackageResources.panel_html, [:]),
                "banner": variant == .consent ? Self.fill(PackageResources.consent_html, [:]) : "",
                "hint": variant == .plain ? "" : Self.fill(PackageResources.hint_html, [:]),
                "gallery": pictures,
                "film": "/media/\(MediaSet.filmName)",
                "poster": "/media/\(MediaSet.posterName)",
                "film-width": String(media.film.width),
                "film-height": String(media.film.height),
                "count": String(media.paintings.count),
            ]
        )
    }

    /// The tag as the README tells a webmaster to write it.
    static func scriptTag(_ configuration: DemoSite.Configuration, consent: Bool) -> String {
        var attributes: [(String, String)] = []
        switch configuration.embedding {
        case .selfHosted:
            attributes.append(("src", "/shoal.js"))
        case .fromTracker:
            attributes.append(("src", configuration.trackerScriptBase + "/shoal.js"))
            attributes.append(("integrity", BrowserClient.pageScriptIntegrity))
            attributes.append(("crossorigin", "anonymous"))
        }
        attributes.append(("data-tracker", configuration.trackerURL))
        attributes.append(("data-root", configuration.rootThumbprint))
        attributes.append(("data-worker", "/sw.js"))
        if consent { attributes.append(("data-consent", "required")) }
        return "<script " + attributes.map { "\($0)=\"\(escaped($1))\"" }.joined(separator: " ") + "></script>"
    }

    private static func figure(_ painting: Painting) -> String {
        let path = "/media/\(MediaSet.fileName(of: painting))"
        let ratio = Double(painting.width) / Double(painting.height)
        return """
            <figure class="picture" style="--ratio: \((ratio * 1000).rounded() / 1000)" data-path="\(path)">
              <a href="\(path)"><img src="\(path)" width="\(painting.width)" height="\(painting.height)" decoding="async" \
            alt="\(escaped(painting.description))"></a>
              <figcaption>\(escaped(painting.title))</figcaption>
            </figure>
            """
    }

    /// Puts `values` in place of `{{name}}`.
    private static func fill(_ template: [UInt8], _ values: [String: String]) -> String {
        var html = ""
        var rest = Substring(String(decoding: template, as: UTF8.self))
        while let open = rest.firstRange(of: "{{"), let close = rest[open.upperBound...].firstRange(of: "}}") {
            html += rest[..<open.lowerBound]
            html += values[String(rest[open.upperBound..<close.lowerBound])] ?? ""
            rest = rest[close.upperBound...]
        }
        return html + rest
    }

    private static func escaped(_ text: String) -> String {
        text.reduce(into: "") { result, character in
            switch character {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            default: result.append(character)
            }
        }
    }
}
