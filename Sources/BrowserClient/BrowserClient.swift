import COpenSSL
import Foundation

/// The browser client as it is served: two scripts, built from the TypeScript beside this file by `ops/build-client`.
public enum BrowserClient {
    /// The page script, `shoal.js`.
    public static let pageScript = PackageResources.shoal_js
    /// The service worker, `shoal-worker.js`.
    public static let workerScript = PackageResources.shoal_worker_js
    /// What a script tag's `integrity` says of the page script (W3C Subresource Integrity).
    public static let pageScriptIntegrity = integrity(of: pageScript)
    /// The same of the worker. A browser has no place for it, so it only names the version.
    public static let workerScriptIntegrity = integrity(of: workerScript)

    private static func integrity(of script: [UInt8]) -> String {
        var digest = [UInt8](repeating: 0, count: Int(SHA384_DIGEST_LENGTH))
        _ = SHA384(script, script.count, &digest)
        return "sha384-" + Data(digest).base64EncodedString()
    }
}
