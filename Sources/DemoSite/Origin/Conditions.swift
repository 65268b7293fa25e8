import Foundation
import HTTPTypes

/// The validators of a representation (RFC 9110 §8.8).
struct Validators: Equatable, Sendable {
    /// A strong entity tag, quotes included.
    let entityTag: String
    /// Whole seconds.
    let lastModified: Date
}

/// What the conditions of a request come to (RFC 9110 §13.2.2).
enum Precondition: Equatable, Sendable {
    case proceed
    /// 304.
    case notModified
    /// 412.
    case failed

    /// For a GET or HEAD request to a representation that exists.
    init(_ fields: HTTPFields, _ validators: Validators) {
        self = .proceed
        if let list = fields[.ifMatch] {
            if !Self.list(list, names: validators.entityTag, strongly: true) { self = .failed }
        } else if let date = fields[.ifUnmodifiedSince].flatMap(httpDate), validators.lastModified > date {
            self = .failed
        }
        guard self == .proceed else { return }
        if let list = fields[.ifNoneMatch] {
            if Self.list(list, names: validators.entityTag, strongly: false) { self = .notModified }
        } else if let date = fields[.ifModifiedSince].flatMap(httpDate), validators.lastModified <= date {
            self = .notModified
        }
    }

    /// Whether a range may be served (RFC 9110 §13.1.5): there is no `If-Range`, or it names this very representation.
    ///
    /// A date counts as a strong validator here: files are written once, under another name, so that none changes twice in a second.
    static func rangeApplies(_ fields: HTTPFields, _ validators: Validators) -> Bool {
        guard let value = fields[.ifRange]?.trimmingOptionalWhitespace() else { return true }
        if value.hasSuffix("\"") { return value == validators.entityTag }
        return httpDate(String(value)) == validators.lastModified
    }

    private static func list(_ list: String, names tag: String, strongly: Bool) -> Bool {
        if list.trimmingOptionalWhitespace() == "*" { return true }
        // A tag may hold a comma; ours never do, and a piece of a foreign tag does not equal ours.
        return list.split(separator: ",").contains { entry in
            var candidate = entry.trimmingOptionalWhitespace()
            if !strongly, candidate.hasPrefix("W/") { candidate = candidate.dropFirst(2) }
            return candidate == tag
        }
    }
}

/// Reads an IMF-fixdate (RFC 9110 §5.6.7). Its two obsolete forms count as no date, and so the condition as absent, which costs a browser of
/// the last century the transfer that it wanted to save.
func httpDate(_ text: String) -> Date? {
    let words = text.split(separator: " ", omittingEmptySubsequences: false)
    guard words.count == 6, words[0].count == 4, words[0].last == ",", words[5] == "GMT",
        let day = Int(words[1]), let month = months.firstIndex(of: String(words[2])), let year = Int(words[3])
    else { return nil }
    let clock = words[4].split(separator: ":").compactMap { Int($0) }
    guard clock.count == 3, words[4].count == 8, words[1].count == 2, words[3].count == 4 else { return nil }
    let parts = DateComponents(
        calendar: gregorian,
        timeZone: .gmt,
        year: year,
        month: month + 1,
        day: day,
        hour: clock[0],
        minute: clock[1],
        second: clock[2]
    )
    guard parts.isValidDate, let date = parts.date, httpDate(date) == text else { return nil }
    return date
}

/// Writes an IMF-fixdate.
func httpDate(_ date: Date) -> String {
    let parts = gregorian.dateComponents(in: .gmt, from: date)
    func two(_ value: Int?) -> String { String(((value ?? 0) + 100) % 100 + 100).suffix(2).description }
    let year = String((parts.year ?? 0) + 10_000).suffix(4)
    return weekdays[(parts.weekday ?? 1) - 1] + ", " + two(parts.day) + " " + months[(parts.month ?? 1) - 1]
        + " \(year) "
        + two(parts.hour) + ":" + two(parts.minute) + ":" + two(parts.second) + " GMT"
}

private let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
private let weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
private let gregorian: Calendar = {
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = .gmt
    return calendar
}()
