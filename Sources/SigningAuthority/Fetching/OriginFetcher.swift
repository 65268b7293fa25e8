import AsyncHTTPClient
import ContentTrust
import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix

/// What the authority may fetch for a site.
struct FetchPermission: Sendable {
    let site: Site

    /// Throws unless the site may have content of this origin.
    func check(_ origin: WebOrigin) throws(Refusal) {
        guard site.allows(origin) else {
            throw Refusal(
                .foreignOrigin,
                "\(origin) is neither the site \(site.origin) nor one of its content origins; add it with --content-origin."
            )
        }
    }

    /// Throws unless the site may have content from this address.
    func check(_ address: IPAddress, of origin: WebOrigin) throws(Refusal) {
        guard !site.allowsPrivateAddresses, let range = AddressPolicy.specialRange(of: address) else { return }
        throw Refusal(
            .privateAddress,
            "\(origin.hostText) is at \(address), a \(range) address; register the site with --allow-private-addresses if that is meant."
        )
    }
}

/// What came of asking an origin.
enum FetchOutcome: Hashable, Sendable {
    case content(FetchedContent)
    /// What the validators were given for is still the content.
    case unchanged
    case refused(Refusal)
}

/// Fetches content from its origin and hashes it as it comes; no more than a chunk of it is ever held (Docs/Certificates.md §5.1).
///
/// The name is resolved once and the connection made to the very address that was judged. AsyncHTTPClient resolves names itself, so the
/// address is given to it as `dnsOverride`, which replaces the target of the connection and leaves the Host field, the TLS server name and
/// the certificate check with the name. Each request has a client of its own, since the override belongs to the client.
struct OriginFetcher: Sendable {
    let limits: FetchLimits
    let resolver: any HostResolver

    /// - Parameter validators: what is known; asks whether it is still so.
    /// - Throws: `CancellationError` only.
    func fetch(
        _ url: ContentURL,
        permission: FetchPermission,
        validators: Validators?
    ) async throws(CancellationError) -> FetchOutcome {
        do {
            return try await withTimeLimit(limits.totalTimeout) {
                try await followingRedirects(url, permission: permission, validators: validators)
            }
        } catch {
            if Task.isCancelled { throw CancellationError() }
            if error is TimeLimitReached {
                return .refused(
                    FetchFailures.tooSlow("The content did not come within \(limits.totalTimeout)", "fetch-timeout")
                )
            }
            return .refused(FetchFailures.refusal(for: error, limits: limits))
        }
    }

    private func followingRedirects(
        _ first: ContentURL,
        permission: FetchPermission,
        validators: Validators?
    ) async throws -> FetchOutcome {
        var url = first
        for _ in 0...limits.redirects {
            try permission.check(url.origin)
            let known = validators?.url == url ? validators : nil
            switch try await exchange(url, addresses: addresses(of: url.origin, permission: permission), known: known) {
            case .outcome(let outcome): return outcome
            case .redirect(let location): url = try RedirectTarget.resolve(location, from: url)
            }
        }
        throw Refusal(.tooManyRedirects, "More than \(limits.redirects) redirects; link to the target itself.")
    }

    /// The addresses that may be connected to; throws when there is none.
    private func addresses(of origin: WebOrigin, permission: FetchPermission) async throws -> [IPAddress] {
        let addresses: [IPAddress] =
            switch origin.host {
            case .address(let address): [address]
            case .name(let name): try await resolver.addresses(of: name)
            }
        var refusal = Refusal(.unresolvable, "\(origin.hostText) has no address; check the name.")
        let allowed = addresses.filter { address in
            do throws(Refusal) { try permission.check(address, of: origin) } catch {
                refusal = error
                return false
            }
            return true
        }
        guard !allowed.isEmpty else { throw refusal }
        return allowed
    }

    private enum ExchangeResult: Sendable {
        case outcome(FetchOutcome)
        case redirect(String)
    }

    /// One request, at the first address that accepts a connection.
    private func exchange(
        _ url: ContentURL,
        addresses: [IPAddress],
        known: Validators?
    ) async throws -> ExchangeResult {
        let request = try Self.request(for: url, known: known)
        let deadline = NIODeadline.now() + TimeAmount(limits.firstByteTimeout)
        var failure: any Error = HTTPClientError.connectTimeout
        for address in addresses.prefix(Self.addressLimit) {
            let client = HTTPClient(
                eventLoopGroupProvider: .singleton,
                configuration: configuration(connecting: url.origin, to: address)
            )
            do {
                let response = try await client.execute(request, deadline: deadline)
                let result = try await read(response, of: url, known: known)
                try? await client.shutdown()
                return result
            } catch {
                try? await client.shutdown()
                guard FetchFailures.isFailureToConnect(error), !Task.isCancelled else { throw error }
                failure = error
            }
        }
        throw failure
    }

    /// Addresses of one host that are tried.
    private static let addressLimit = 4

    private func configuration(connecting origin: WebOrigin, to address: IPAddress) -> HTTPClient.Configuration {
        var configuration = HTTPClient.Configuration(
            redirectConfiguration: .disallow,
            timeout: .init(connect: TimeAmount(limits.connectTimeout), read: TimeAmount(limits.idleTimeout)),
            decompression: .disabled
        )
        configuration.dnsOverride = [origin.hostText: address.text]
        configuration.connectionPool.retryConnectionEstablishment = false
        // One request a connection: there is nothing to multiplex.
        configuration.httpVersion = .http1Only
        return configuration
    }

    private static func request(for url: ContentURL, known: Validators?) throws(Refusal) -> HTTPClientRequest {
        // AsyncHTTPClient reads the URL with Foundation. If that saw another host, the override would not hold; if another target,
        // other content than the browser's would be certified.
        let origin = url.origin
        let target = url.text.dropFirst(origin.text.count)
        guard let read = URL(string: url.text),
            let host = read.host(percentEncoded: true), [host, "[\(host)]"].contains(origin.hostText),
            read.port ?? origin.scheme.defaultPort == origin.port,
            read.path(percentEncoded: true) + (read.query(percentEncoded: true).map { "?\($0)" } ?? "") == target
        else { throw Refusal(.badURL, "The URL is not read the same by everyone; use a simpler one.") }

        var request = HTTPClientRequest(url: url.text)
        request.headers = ["Accept": "*/*", "Accept-Encoding": "identity", "User-Agent": "Shoal"]
        if let tag = known?.entityTag { request.headers.add(name: "If-None-Match", value: tag) }
        if let date = known?.lastModified { request.headers.add(name: "If-Modified-Since", value: date) }
        return request
    }

    private func read(
        _ response: HTTPClientResponse,
        of url: ContentURL,
        known: Validators?
    ) async throws -> ExchangeResult {
        let verdict = ResponseRules.judge(
            status: Int(response.status.code),
            headers: response.headers,
            isConditional: known != nil,
            contentSizeLimit: limits.contentSize
        )
        switch verdict {
        case .refused(let refusal): return .outcome(.refused(refusal))
        case .unchanged: return .outcome(.unchanged)
        case .redirect(let location): return .redirect(location)
        case .content(let mediaType, let length):
            let tree = try await hash(response.body, announced: length)
            let content = FetchedContent(
                tree: tree,
                mediaType: mediaType,
                validators: Self.validators(response.headers, url)
            )
            return .outcome(.content(content))
        }
    }

    private func hash(_ body: HTTPClientResponse.Body, announced: Int?) async throws -> MerkleTree {
        var hasher = MerkleHasher()
        do {
            for try await chunk in body {
                guard hasher.length + chunk.readableBytes <= limits.contentSize else {
                    throw ResponseRules.tooLarge(limit: limits.contentSize)
                }
                chunk.withUnsafeReadableBytes { hasher.update($0) }
            }
            // The body of a cancelled task ends as if it were complete.
            try Task.checkCancellation()
        } catch let error where !(error is Refusal || error is CancellationError || FetchFailures.isReadTimeout(error))
        {
            throw FetchFailures.truncated("The connection broke after \(hasher.length) bytes")
        }
        guard announced == nil || hasher.length == announced else {
            throw FetchFailures.truncated("\(hasher.length) bytes came instead of \(announced ?? 0)")
        }
        guard let tree = hasher.finish() else {
            throw Refusal(.emptyContent, "The content has zero bytes; there is nothing to share.")
        }
        return tree
    }

    private static func validators(_ headers: HTTPHeaders, _ url: ContentURL) -> Validators? {
        func value(_ name: String) -> String? {
            headers.first(name: name).flatMap { $0.utf8.count <= validatorLengthLimit ? $0 : nil }
        }
        let (tag, date) = (value("etag"), value("last-modified"))
        return tag == nil && date == nil ? nil : Validators(url: url, entityTag: tag, lastModified: date)
    }

    /// A longer validator is not kept, so the content is fetched in full for each renewal.
    private static let validatorLengthLimit = 1_024
}
