import Foundation

/// Asks a Redis server by a blocking socket and the plainest possible code: a second opinion beside our own client.
///
/// Not redis-cli: `Process.waitUntilExit()` of several threads at the same time may wait for ever.
public enum RedisProbe {
    /// The first line of the reply to a command, with its type: `+OK`, `:3`, `-ERR …`; of an array or a string only the length.
    public static func ask(port: Int, _ arguments: String...) throws -> String {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw RedisProcess.Failure(description: "no socket: errno \(errno)") }
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = INADDR_LOOPBACK.bigEndian
        address.sin_port = UInt16(port).bigEndian
        let status = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard status == 0 else { throw RedisProcess.Failure(description: "no connection to \(port): errno \(errno)") }
        let command = "*\(arguments.count)\r\n" + arguments.map { "$\($0.utf8.count)\r\n\($0)\r\n" }.joined()
        var rest = Array(command.utf8)[...]
        while !rest.isEmpty {
            let sent = rest.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard sent > 0 else { throw RedisProcess.Failure(description: "not sent: errno \(errno)") }
            rest = rest.dropFirst(sent)
        }
        var line: [UInt8] = []
        while line.last != UInt8(ascii: "\n") {
            var byte: UInt8 = 0
            guard recv(descriptor, &byte, 1, 0) == 1 else {
                throw RedisProcess.Failure(description: "no reply: errno \(errno)")
            }
            line.append(byte)
        }
        return String(decoding: line.dropLast(2), as: UTF8.self)
    }
}
