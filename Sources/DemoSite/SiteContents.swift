import BrowserClient
import Foundation
import NIOCore

/// Everything that the demo site serves, by path.
///
/// - Parameter startedAt: when this process began to serve its pages, which are in its code; their time of last change.
func siteContents(
    _ configuration: DemoSite.Configuration,
    media: MediaLibrary,
    manifest: MediaManifest,
    startedAt: Date
) throws -> [String: Representation] {
    let builtIn = Date(timeIntervalSince1970: startedAt.timeIntervalSince1970.rounded(.down))
    func resident(_ bytes: [UInt8], _ contentType: String, cache: Caching) -> Representation {
        Representation(
            content: .bytes(ByteBuffer(bytes: bytes)),
            contentType: contentType,
            cacheControl: cache.rawValue,
            validators: Validators(entityTag: "\"\(fingerprint(bytes))\"", lastModified: builtIn)
        )
    }
    func text(_ text: String, _ contentType: String, cache: Caching = .revalidate) -> Representation {
        resident(Array(text.utf8), "\(contentType); charset=utf-8", cache: cache)
    }
    var contents: [String: Representation] = [:]
    for (path, variant) in [("/", Page.Variant.shoal), ("/plain", .plain), ("/consent", .consent)] {
        contents[path] = text(Page(configuration, media: media.set, variant: variant).html, "text/html")
    }
    contents["/sw.js"] = text(workerLine(configuration), "text/javascript")
    contents["/site.css"] = resident(PackageResources.site_css, "text/css; charset=utf-8", cache: .short)
    contents["/site.js"] = resident(PackageResources.site_js, "text/javascript; charset=utf-8", cache: .short)
    contents["/swarm.js"] = resident(PackageResources.swarm_js, "text/javascript; charset=utf-8", cache: .short)
    contents["/icon.svg"] = resident(PackageResources.icon_svg, "image/svg+xml", cache: .short)
    if configuration.embedding == .selfHosted {
        contents["/shoal.js"] = resident(BrowserClient.pageScript, "text/javascript; charset=utf-8", cache: .short)
        contents["/shoal-worker.js"] = resident(
            BrowserClient.workerScript,
            "text/javascript; charset=utf-8",
            cache: .short
        )
    }
    for (name, file) in manifest.files where media.set.fileNames.contains(name) {
        let url = media.url(of: name)
        let values = try url.resourceValues(forKeys: [.contentModificationDateKey])
        let changed = values.contentModificationDate ?? startedAt
        contents["/media/\(name)"] = Representation(
            content: .file(path: url.path, length: file.bytes),
            contentType: name.hasSuffix(".webm") ? "video/webm" : "image/jpeg",
            cacheControl: Caching.short.rawValue,
            validators: Validators(
                entityTag: "\"\(file.tag)\"",
                lastModified: Date(timeIntervalSince1970: changed.timeIntervalSince1970.rounded(.down))
            )
        )
    }
    return contents
}

/// The site's service worker file.
func workerLine(_ configuration: DemoSite.Configuration) -> String {
    let base = configuration.embedding == .selfHosted ? "" : configuration.trackerScriptBase
    return "importScripts(\"\(base)/shoal-worker.js\")\n"
}

private enum Caching: String {
    /// Short, so that the demonstration shows transfers and not the browser's own cache.
    case short = "public, max-age=60"
    /// Pages and the worker say what embeds what; they are asked for anew each time.
    case revalidate = "no-cache"
}
