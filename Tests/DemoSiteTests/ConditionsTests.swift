import Foundation
import HTTPTypes
import Testing

@testable import DemoSite

@Suite("Conditions (RFC 9110 §13)")
struct ConditionsTests {
    static let date = "Sun, 06 Nov 1994 08:49:37 GMT"
    static let before = "Sun, 06 Nov 1994 08:49:36 GMT"
    static let after = "Sun, 06 Nov 1994 08:49:38 GMT"
    static let validators = Validators(entityTag: "\"abc\"", lastModified: Date(timeIntervalSince1970: 784_111_777))

    /// Rows of §13.1 and of the order of §13.2.2.
    static let table: [(HTTPFields, Precondition)] = [
        ([:], .proceed),
        ([.ifNoneMatch: "\"abc\""], .notModified),
        ([.ifNoneMatch: "W/\"abc\""], .notModified),
        ([.ifNoneMatch: "*"], .notModified),
        ([.ifNoneMatch: "\"x\", \"abc\" , \"y\""], .notModified),
        ([.ifNoneMatch: "\"x\""], .proceed),
        ([.ifNoneMatch: "abc"], .proceed),
        ([.ifModifiedSince: date], .notModified),
        ([.ifModifiedSince: after], .notModified),
        ([.ifModifiedSince: before], .proceed),
        ([.ifModifiedSince: "yesterday"], .proceed),
        // If-Modified-Since is ignored beside If-None-Match.
        ([.ifNoneMatch: "\"x\"", .ifModifiedSince: date], .proceed),
        ([.ifNoneMatch: "\"abc\"", .ifModifiedSince: before], .notModified),
        ([.ifMatch: "\"abc\""], .proceed),
        ([.ifMatch: "*"], .proceed),
        ([.ifMatch: "\"x\""], .failed),
        // If-Match compares strongly.
        ([.ifMatch: "W/\"abc\""], .failed),
        ([.ifUnmodifiedSince: date], .proceed),
        ([.ifUnmodifiedSince: before], .failed),
        ([.ifUnmodifiedSince: "yesterday"], .proceed),
        // If-Unmodified-Since is ignored beside If-Match.
        ([.ifMatch: "\"abc\"", .ifUnmodifiedSince: before], .proceed),
        // 412 comes before 304.
        ([.ifMatch: "\"x\"", .ifNoneMatch: "\"abc\""], .failed),
        ([.ifMatch: "\"abc\"", .ifNoneMatch: "\"abc\""], .notModified),
    ]

    @Test(arguments: table)
    func `preconditions are judged in the standard's order`(fields: HTTPFields, expected: Precondition) {
        #expect(Precondition(fields, Self.validators) == expected)
    }

    static let ifRange: [(String?, Bool)] = [
        (nil, true), ("\"abc\"", true), ("\"x\"", false), ("W/\"abc\"", false), (date, true), (before, false),
        (after, false),
        ("nonsense", false),
    ]

    @Test(arguments: ifRange)
    func `a range applies only to the representation that it was meant for`(value: String?, applies: Bool) {
        var fields: HTTPFields = [:]
        fields[.ifRange] = value
        #expect(Precondition.rangeApplies(fields, Self.validators) == applies)
    }

    @Test func `dates are written and read as the standard's example`() {
        #expect(httpDate(Self.validators.lastModified) == Self.date)
        #expect(httpDate(Self.date) == Self.validators.lastModified)
    }

    @Test(arguments: [
        "", "Sun, 06 Nov 1994 08:49:37", "Mon, 06 Nov 1994 08:49:37 GMT", "Sun, 6 Nov 1994 08:49:37 GMT",
        "Thu, 31 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 24:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 CET", "Sun, 06 Nov 1994 08:49:37 GMT ",
        "Sunday, 06-Nov-94 08:49:37 GMT",
    ])
    func `what is not a date is none`(text: String) {
        #expect(httpDate(text) == nil)
    }

    @Test func `every second survives writing and reading`() throws {
        var randomness = Randomness(seed: 5)
        for _ in 0..<200 {
            let date = Date(timeIntervalSince1970: Double(randomness.next() % 4_000_000_000))
            #expect(httpDate(httpDate(date)) == date)
        }
    }
}
