/// Reads claims of a signed payload, each of its type or an error that names it.
struct Claims {
    let payload: JSONObject

    func text(_ name: String, lengthLimit: Int) throws(TrustFormatError) -> String {
        guard let text = try claim(name).string else { throw wrong(name, "a text") }
        guard text.utf8.count <= lengthLimit else { throw wrong(name, "at most \(lengthLimit) bytes long") }
        return text
    }

    /// An integer from `smallest` to 2⁵³−1.
    func integer(_ name: String, from smallest: Int = 0) throws(TrustFormatError) -> Int {
        guard let integer = try claim(name).integer, integer >= smallest else {
            throw wrong(name, "an integer from \(smallest) to 2⁵³−1")
        }
        return integer
    }

    func array(_ name: String, count: ClosedRange<Int>) throws(TrustFormatError) -> [JSONValue] {
        guard let array = try claim(name).array, count.contains(array.count) else {
            throw wrong(name, "an array of \(count.lowerBound) to \(count.upperBound) entries")
        }
        return array
    }

    func wrong(_ name: String, _ demand: String) -> TrustFormatError {
        TrustFormatError("its claim \(name) is not \(demand)")
    }

    private func claim(_ name: String) throws(TrustFormatError) -> JSONValue {
        guard let value = payload[name] else { throw TrustFormatError("its claim \(name) is missing") }
        return value
    }
}
