import CHiredis

/// The values of one reply, flat and in pre-order: an array is followed by its elements.
///
/// Two arrays that are used again for every reply, instead of an object a value: objects made parsing 5 to 9 times slower. hiredis reaches
/// it through a raw pointer, for the same reason.
struct RESPArena {
    enum Kind: UInt8 { case status, error, integer, bulk, null, array }

    struct Value {
        var kind: Kind
        /// An integer's value, or where a string begins in ``RESPArena/bytes``.
        var payload: Int
        /// Bytes of a string, or elements of an array.
        var count: Int
    }

    /// Room that is kept between replies; what a rare large reply took beyond that is given back.
    static let keptBytes = 64 << 10
    static let keptValues = 4 << 10

    let limits: RESPLimits
    private(set) var values: [Value] = []
    private(set) var bytes: [UInt8] = []
    /// Why reading ended. hiredis knows only "out of memory" as a callback's failure.
    private(set) var violation: RESPViolation?
    /// Values that the arrays of the reply have announced so far.
    private var announced = 0

    init(limits: RESPLimits) { self.limits = limits }

    /// Bytes that strings may still take.
    var remainingBytes: Int { limits.bytes - bytes.count }

    /// The place after a value and everything in it.
    func end(of index: Int) -> Int {
        var next = index
        var missing = 1
        while missing > 0 {
            missing -= 1
            if values[next].kind == .array { missing += values[next].count }
            next += 1
        }
        return next
    }

    mutating func clear() {
        values.removeAll(keepingCapacity: values.capacity <= Self.keptValues)
        bytes.removeAll(keepingCapacity: bytes.capacity <= Self.keptBytes)
        announced = 0
    }

    mutating func append(_ kind: Kind, integer: Int = 0) -> Bool {
        values.append(Value(kind: kind, payload: integer, count: 0))
        return true
    }

    /// - Parameter text: hiredis' own buffer, valid only during the callback, and therefore copied.
    mutating func append(_ kind: Kind, text: UnsafeRawBufferPointer) -> Bool {
        guard text.count <= remainingBytes else {
            violation = .tooManyBytes(limit: limits.bytes)
            return false
        }
        values.append(Value(kind: kind, payload: bytes.count, count: text.count))
        bytes.append(contentsOf: text)
        return true
    }

    /// - Parameter depth: arrays around this one.
    mutating func appendArray(of count: Int, depth: Int) -> Bool {
        guard depth < limits.depth else {
            violation = .tooDeep(limit: limits.depth)
            return false
        }
        guard count <= limits.values - announced else {
            violation = .tooManyValues(announced + count, limit: limits.values)
            return false
        }
        announced += count
        values.append(Value(kind: .array, payload: 0, count: count))
        return true
    }
}

extension RESPArena {
    /// The callbacks that fill the arena to which a reader's `privdata` points.
    ///
    /// hiredis takes NULL for a failure and does not look at anything else, so every success is the same pointer. Written as closures
    /// whose types come from the header, because an array's count is an `int` in hiredis 0.14 and a `size_t` since 1.0.
    static var callbacks: redisReplyObjectFunctions {
        var functions = redisReplyObjectFunctions()
        functions.createString = { task, text, count in
            let kind: Kind =
                switch task?.pointee.type {
                case REDIS_REPLY_STATUS: .status
                case REDIS_REPLY_ERROR: .error
                default: .bulk
                }
            return RESPArena.fill(task) { $0.append(kind, text: UnsafeRawBufferPointer(start: text, count: count)) }
        }
        functions.createArray = { task, count in
            RESPArena.fill(task) { $0.appendArray(of: Int(count), depth: task?.depth ?? 0) }
        }
        functions.createInteger = { task, value in RESPArena.fill(task) { $0.append(.integer, integer: Int(value)) } }
        functions.createNil = { task in RESPArena.fill(task) { $0.append(.null) } }
        return functions
    }

    @inline(__always)
    private static func fill(_ task: UnsafePointer<redisReadTask>?, _ append: (inout RESPArena) -> Bool)
        -> UnsafeMutableRawPointer?
    {
        guard let arena = task?.pointee.privdata else { return nil }
        return append(&arena.assumingMemoryBound(to: RESPArena.self).pointee) ? arena : nil
    }
}

extension UnsafePointer<redisReadTask> {
    /// Arrays around a value.
    fileprivate var depth: Int {
        var depth = 0
        var parent = pointee.parent
        while let array = parent {
            depth += 1
            parent = array.pointee.parent
        }
        return depth
    }
}
