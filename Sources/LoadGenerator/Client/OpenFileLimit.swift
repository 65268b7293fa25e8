#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// Why a run cannot be: a sentence that says what to do.
public struct LoadError: Error, CustomStringConvertible {
    public var description: String

    public init(_ description: String) { self.description = description }
}

/// The process's limit of open files, which every connection takes one of.
public enum OpenFileLimit {
    /// Files that are open besides connections.
    private static let others = 128

    /// Raises the limit so that so many connections can be open, in this process and in those that it starts from here on.
    public static func raise(toConnections connections: Int) throws(LoadError) {
        let needed = rlim_t(connections + others)
        var limit = rlimit()
        guard getrlimit(nofile, &limit) == 0 else { throw LoadError("the limit of open files cannot be read") }
        guard limit.rlim_cur < needed else { return }
        let hard = limit.rlim_max
        limit.rlim_cur = needed
        limit.rlim_max = max(hard, needed)
        guard setrlimit(nofile, &limit) == 0 else {
            throw LoadError(
                "\(connections) connections need \(needed) open files, and this user may have \(hard): raise the hard limit (ulimit -Hn \(needed) as root, or LimitNOFILE= of the unit)."
            )
        }
    }

    #if canImport(Darwin)
        private static let nofile = RLIMIT_NOFILE
    #else
        // Glibc declares it as an enumeration whose type the functions take under another name.
        private static let nofile = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    #endif
}
