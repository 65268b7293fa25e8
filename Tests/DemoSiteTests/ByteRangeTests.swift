import Testing

@testable import DemoSite

@Suite("Ranges (RFC 9110 §14)")
struct ByteRangeTests {
    /// Header, length of the representation, answer; the first rows are the examples of §14.1.2.
    static let table: [(String?, Int, ByteRange)] = [
        ("bytes=0-499", 10_000, .part(0...499)),
        ("bytes=500-999", 10_000, .part(500...999)),
        ("bytes=-500", 10_000, .part(9500...9999)),
        ("bytes=9500-", 10_000, .part(9500...9999)),
        ("bytes=0-0", 10_000, .part(0...0)),
        ("bytes= 0-999, 4500-5499, -1000", 10_000, .whole),
        ("bytes=0-0,-1", 10_000, .whole),
        (nil, 10_000, .whole),
        ("bytes=0-", 10_000, .part(0...9999)),
        ("bytes=0-9999", 10_000, .part(0...9999)),
        ("bytes=0-10000", 10_000, .part(0...9999)),
        ("bytes=9999-99999999999999999999999", 10_000, .part(9999...9999)),
        ("bytes=-10000", 10_000, .part(0...9999)),
        ("bytes=-99999999999999999999999", 10_000, .part(0...9999)),
        ("bytes=10000-", 10_000, .unsatisfiable),
        ("bytes=99999999999999999999999-", 10_000, .unsatisfiable),
        ("bytes=-0", 10_000, .unsatisfiable),
        ("bytes=0-", 0, .unsatisfiable),
        ("bytes=-1", 0, .unsatisfiable),
        ("BYTES=0-1", 10, .part(0...1)),
        ("bytes=\t0-1 ", 10, .part(0...1)),
        ("bytes=5-4", 10, .whole),
        ("bytes=-", 10, .whole),
        ("bytes=", 10, .whole),
        ("bytes", 10, .whole),
        ("bytes=a-b", 10, .whole),
        ("bytes=+1-2", 10, .whole),
        ("bytes=1--2", 10, .whole),
        ("bytes=1-2x", 10, .whole),
        ("bytes=0x1-2", 10, .whole),
        ("bytes=١-٢", 10, .whole),
        ("pages=1-2", 10, .whole),
    ]

    @Test(arguments: table)
    func `a header is answered as the standard says`(header: String?, length: Int, expected: ByteRange) {
        #expect(ByteRange(header: header, length: length) == expected)
    }
}
