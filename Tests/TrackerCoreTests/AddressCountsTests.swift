import ContentTrust
import Testing

@testable import TrackerCore

@Suite struct AddressCountsTests {
    private func address(_ text: String) throws -> IPAddress { try #require(IPAddress(canonical: text)) }

    @Test func holdsEachAddressToTheLimit() throws {
        var counts = AddressCounts(limit: 2)
        let (one, other) = (try address("192.0.2.1"), try address("192.0.2.2"))
        #expect(counts.hasRoom(one))
        counts.add(one)
        #expect(counts.hasRoom(one))
        counts.add(one)
        #expect(!counts.hasRoom(one))
        #expect(counts.hasRoom(other))
        counts.remove(one)
        #expect(counts.hasRoom(one))
        counts.remove(one)
        #expect(counts.addressCount == 0)
        counts.remove(one)
        counts.add(one)
        #expect(counts.hasRoom(one))
    }

    /// A household has all addresses of a /64, and an IPv4 client may be seen through an IPv6 socket.
    @Test func countsWhatBelongsTogether() throws {
        var counts = AddressCounts(limit: 1)
        counts.add(try address("2001:db8:1:2::1"))
        #expect(!counts.hasRoom(try address("2001:db8:1:2:ffff:ffff:ffff:ffff")))
        #expect(counts.hasRoom(try address("2001:db8:1:3::1")))
        counts.add(try #require(IPAddress(bytes: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 192, 0, 2, 1])))
        #expect(!counts.hasRoom(try address("192.0.2.1")))
        #expect(counts.hasRoom(try address("192.0.2.2")))
        #expect(counts.addressCount == 2)
    }

    @Test func countsNothingWithoutALimit() throws {
        var counts = AddressCounts(limit: nil)
        let one = try address("192.0.2.1")
        for _ in 0..<1_000 { counts.add(one) }
        #expect(counts.hasRoom(one))
        #expect(counts.addressCount == 0)
        counts.remove(one)
        #expect(counts.hasRoom(one))
    }
}
