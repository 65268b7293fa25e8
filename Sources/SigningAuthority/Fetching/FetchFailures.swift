import AsyncHTTPClient
import NIOCore
import NIOPosix

/// From errors of the network and its libraries to the refusals of Docs/Certificates.md §6.
enum FetchFailures {
    static func refusal(for error: any Error, limits: FetchLimits) -> Refusal {
        if let refusal = error as? Refusal { return refusal }
        if isConnectTimeout(error) {
            return tooSlow("The origin accepted no connection within \(limits.connectTimeout)", "connect-timeout")
        }
        switch error as? HTTPClientError {
        case HTTPClientError.deadlineExceeded:
            return tooSlow("The origin sent no answer within \(limits.firstByteTimeout)", "first-byte-timeout")
        case HTTPClientError.readTimeout:
            return tooSlow("The origin sent nothing for \(limits.idleTimeout)", "fetch-idle-timeout")
        default:
            let reason = ResponseRules.quoted("\(error)")
            return Refusal(.unreachable, "The origin cannot be reached, or broke off (\(reason)); check the origin.")
        }
    }

    /// Whether no connection came about, so that another address may be tried without asking anybody twice.
    static func isFailureToConnect(_ error: any Error) -> Bool {
        error is NIOConnectionError || error is IOError || isConnectTimeout(error)
    }

    static func isReadTimeout(_ error: any Error) -> Bool {
        error as? HTTPClientError == .readTimeout
    }

    static func tooSlow(_ what: String, _ setting: String) -> Refusal {
        Refusal(.tooSlow, "\(what); check the origin or raise \(setting).")
    }

    static func truncated(_ what: String) -> Refusal {
        Refusal(.truncated, "\(what); check the origin.")
    }

    private static func isConnectTimeout(_ error: any Error) -> Bool {
        if case ChannelError.connectTimeout? = error as? ChannelError { return true }
        guard let error = error as? HTTPClientError else { return false }
        return [.connectTimeout, .tlsHandshakeTimeout, .getConnectionFromPoolTimeout].contains(error)
    }
}
