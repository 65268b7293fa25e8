import ContentTrust
import NIOCore
import TrackerProtocol

/// Values that messages are made of in these tests.
enum Sample {
    static let content = String(repeating: "A", count: 43)
    static let peer = "AAAAAAAAAAE"
    static let certificate = "eyJhIjoxfQ.eyJiIjoyfQ.c2ln"
    static let url = "https://site.example/a.mp4"

    /// A text of `count` bytes in quotes.
    static func quoted(_ count: Int, _ character: Character = "a") -> String {
        "\"" + String(repeating: character, count: count) + "\""
    }

    /// A JSON array of `count` times the same element.
    static func array(_ count: Int, of element: String) -> String {
        "[" + [String](repeating: element, count: count).joined(separator: ",") + "]"
    }

    /// Valid messages of each action, with every optional field once there and once not.
    static let valid = [
        #"{"action":"announce","id":1,"certificates":["\#(certificate)"]}"#,
        #"{"action":"announce","id":9007199254740991,"certificates":["\#(certificate)","x","ü🐟"]}"#,
        #"{"action":"find","id":0,"urls":["\#(url)"],"peers":3}"#,
        #"{"action":"find","id":2,"certificates":["\#(certificate)"]}"#,
        #"{"action":"find","id":3,"urls":["\#(url)","\#(url)?b"],"certificates":["\#(certificate)"],"peers":0}"#,
        #"{"action":"leave","id":4}"#,
        #"{"action":"leave","id":5,"contents":["\#(content)","\#(content)"]}"#,
        #"{"action":"signal","to":"\#(peer)","data":{"type":"offer","sdp":"v=0\r\n"}}"#,
        #" { "data" : [ 1 , -2.5e+3 , "\u00e9\n" , null , true , false , { } ] , "to" : "\#(peer)" , "action" : "signal" } "#,
        #"{"action":"signal","to":"\#(peer)","data":null,"unknown":[[[]]]}"#,
    ]
}

extension ClientMessageDecoder {
    static let byDefault = ClientMessageDecoder(limits: ProtocolLimits())

    func decode(_ text: String) throws(RejectedMessage) -> ClientMessage { try decode(ByteBuffer(string: text)) }
    func decode(_ bytes: [UInt8]) throws(RejectedMessage) -> ClientMessage { try decode(ByteBuffer(bytes: bytes)) }

    /// What decoding is rejected with; nil when the message is accepted.
    func rejection(_ bytes: [UInt8]) -> RejectedMessage? {
        do throws(RejectedMessage) {
            _ = try decode(bytes)
            return nil
        } catch {
            return error
        }
    }

    func rejection(_ text: String) -> RejectedMessage? { rejection(Array(text.utf8)) }
}
