import ArgumentParser
import AsyncHTTPClient
import Foundation
import NIOCore
import NIOFoundationCompat
import NIOHTTP1

/// An admin address, as the operator's verbs reach it.
struct AdminAddress {
    /// For one request in all.
    static let timeout = TimeAmount.seconds(10)
    /// Bytes of an answer.
    static let answerLimit = 16_777_216

    var url: String
    /// Who answers there: `signing authority`.
    var role: String
    /// The flag that names the address.
    var flag: String

    /// Sends a request and gives the body of an answer in the 200s; any other answer is thrown as the server words it.
    func request(_ method: HTTPMethod, _ path: String, body: Data? = nil) async throws -> Data {
        var request = HTTPClientRequest(url: url + path)
        request.method = method
        if let body {
            request.headers.add(name: "content-type", value: "application/json")
            request.body = .bytes(ByteBuffer(data: body))
        }
        let response: HTTPClientResponse
        do {
            response = try await HTTPClient.shared.execute(request, timeout: Self.timeout)
        } catch {
            throw ValidationError(
                "The \(role) does not answer at \(url): \(error). Is it running, and is \(flag) right?"
            )
        }
        let answer = Data(buffer: try await response.body.collect(upTo: Self.answerLimit))
        guard (200..<300).contains(response.status.code) else {
            let reason = String(decoding: answer, as: UTF8.self).trimmingCharacters(in: .newlines)
            throw ValidationError("The \(role) refused: \(reason)")
        }
        return answer
    }
}

/// The signing authority's admin address.
struct AuthorityAdmin: ParsableArguments {
    /// The flag's environment variable.
    static let variable = "SHOAL_AUTHORITY_ADMIN_URL"

    @Option(help: "The authority's admin address; also \(variable).")
    var authorityAdminURL: String = ProcessInfo.processInfo.environment[variable] ?? "http://127.0.0.1:9100"

    func request(_ method: HTTPMethod, _ path: String, body: Data? = nil) async throws -> Data {
        try await AdminAddress(url: authorityAdminURL, role: "signing authority", flag: "--authority-admin-url")
            .request(method, path, body: body)
    }
}

/// The admin address of any tracker node of a cluster.
struct TrackerAdmin: ParsableArguments {
    /// The flag's environment variable.
    static let variable = "SHOAL_TRACKER_ADMIN_URL"

    @Option(help: "The admin address of any tracker node; also \(variable).")
    var trackerAdminURL: String = ProcessInfo.processInfo.environment[variable] ?? "http://127.0.0.1:9000"

    func request(_ method: HTTPMethod, _ path: String, body: Data? = nil) async throws -> Data {
        try await AdminAddress(url: trackerAdminURL, role: "tracker node", flag: "--tracker-admin-url")
            .request(method, path, body: body)
    }
}
