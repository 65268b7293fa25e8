import ContentTrust
import Testing

@Suite struct AddressBlockTests {
    private func address(_ text: String) throws -> IPAddress { try #require(IPAddress(canonical: text)) }

    @Test(arguments: [
        ("10.0.0.0/8", ["10.0.0.0", "10.255.255.255"], ["9.255.255.255", "11.0.0.0", "::a00:0"]),
        ("192.168.4.0/22", ["192.168.4.0", "192.168.7.255"], ["192.168.3.255", "192.168.8.0"]),
        ("172.16.0.0/12", ["172.31.255.255"], ["172.32.0.0"]),
        ("127.0.0.1", ["127.0.0.1"], ["127.0.0.2", "127.0.0.0"]),
        ("127.0.0.1/32", ["127.0.0.1"], ["127.0.0.0"]),
        ("0.0.0.0/0", ["0.0.0.0", "255.255.255.255"], ["::"]),
        (
            "2001:db8::/32", ["2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"],
            ["2001:db9::", "2001:db7:ffff::"]
        ),
        ("2001:db8:0:8000::/49", ["2001:db8:0:8000::", "2001:db8:0:ffff::1"], ["2001:db8:0:7fff::"]),
        ("::1", ["::1"], ["::", "::2", "0.0.0.1"]),
        ("::/0", ["::", "2001:db8::1"], ["1.2.3.4"]),
    ])
    func containsItsAddresses(text: String, inside: [String], outside: [String]) throws {
        let block = try #require(AddressBlock(text))
        for each in inside { #expect(block.contains(try address(each)), "\(each)") }
        for each in outside { #expect(!block.contains(try address(each)), "\(each)") }
    }

    @Test(arguments: [
        "", "/", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/08", "10.0.0.0/+8", "10.0.0.0/ 8",
        "10.0.0.0/8/8",
        "10.0.0.1/8", "10/8", "localhost", "010.0.0.0/8", "2001:db8::1/32", "2001:db8::/129", "2001:DB8::/32", "[::1]",
        "::1%lo",
    ])
    func refusesOtherTexts(text: String) { #expect(AddressBlock(text) == nil) }

    @Test func cutsAnAddressToItsPrefix() throws {
        let home = AddressBlock(of: try address("2001:db8:1:2:3:4:5:6"), prefixLength: 64)
        #expect(home.description == "2001:db8:1:2::/64")
        #expect(home == AddressBlock(of: try address("2001:db8:1:2::9"), prefixLength: 64))
        #expect(home != AddressBlock(of: try address("2001:db8:1:3::9"), prefixLength: 64))
        #expect(AddressBlock(of: try address("10.1.2.3"), prefixLength: 99).description == "10.1.2.3/32")
    }

    @Test func showsAMappedAddressAsWhatItIs() throws {
        let mapped = try #require(IPAddress(bytes: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 10, 1, 2, 3]))
        #expect(mapped.unmapped == IPAddress(canonical: "10.1.2.3"))
        for other in ["10.1.2.3", "::1", "::fffe:0:0", "1::ffff:a01:203"] {
            #expect(try address(other).unmapped == address(other))
        }
    }
}
