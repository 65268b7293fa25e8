import HTTPTypes
import Hummingbird
import NIOCore
import NIOPosix

/// An ordinary origin server of a fixed set of representations.
///
/// A request's path is looked up in a table and never becomes a path of the file system, so there is nothing to traverse.
struct OriginResponder: HTTPResponder {
    typealias Context = BasicRequestContext

    /// How much of a file is in memory for one connection at a time.
    static let chunkLength = 64 * 1024
    static let accessPath = "/-/access"

    let representations: [String: Representation]
    let counts: AccessCounts
    let fileIO: FileIO

    init(_ representations: [String: Representation], counts: AccessCounts, threadPool: NIOThreadPool = .singleton) {
        self.representations = representations
        self.counts = counts
        fileIO = FileIO(threadPool: threadPool)
    }

    func respond(to request: Request, context: Context) async throws -> Response {
        if request.uri.path == Self.accessPath { return try access(request) }
        guard let representation = representations[request.uri.path] else {
            return plain(.notFound, "There is nothing at this address.\n", for: request.method)
        }
        let path = request.uri.path
        guard request.method == .get || request.method == .head else {
            return plain(.methodNotAllowed, "Only GET and HEAD.\n", for: request.method, [.allow: "GET, HEAD"])
        }
        counts.countRequest(of: path)
        let reply = Reply(to: request.method, request.headers, for: representation)
        guard let range = reply.body else { return Response(status: reply.status, headers: reply.fields) }
        let body: ResponseBody
        switch representation.content {
        case .bytes(let buffer):
            let slice = buffer.getSlice(at: buffer.readerIndex + range.lowerBound, length: range.count) ?? ByteBuffer()
            body = ResponseBody(byteBuffer: slice)
        case .file(let file, _):
            body = try await fileIO.loadFile(path: file, range: range, context: context, chunkLength: Self.chunkLength)
        }
        return Response(status: reply.status, headers: reply.fields, body: counted(body, path))
    }

    /// `GET` the access counts, `DELETE` to start anew. Anybody who can reach the demo site can do both: it is made for loopback.
    private func access(_ request: Request) throws -> Response {
        switch request.method {
        case .get, .head:
            let json = try counts.json()
            let fields: HTTPFields = [
                .contentType: "application/json", .cacheControl: "no-store", .contentLength: String(json.count),
            ]
            let body = request.method == .get ? ResponseBody(byteBuffer: ByteBuffer(bytes: json)) : ResponseBody()
            return Response(status: .ok, headers: fields, body: body)
        case .delete:
            counts.reset()
            return Response(status: .noContent)
        default:
            return plain(
                .methodNotAllowed,
                "Only GET, HEAD and DELETE.\n",
                for: request.method,
                [.allow: "GET, HEAD, DELETE"]
            )
        }
    }

    private func plain(
        _ status: HTTPResponse.Status,
        _ text: String,
        for method: HTTPRequest.Method,
        _ more: HTTPFields = [:]
    ) -> Response {
        var fields = more
        fields[.contentType] = "text/plain; charset=utf-8"
        fields[.cacheControl] = "no-store"
        fields[.contentLength] = String(text.utf8.count)
        let body = method == .head ? ResponseBody() : ResponseBody(byteBuffer: ByteBuffer(string: text))
        return Response(status: status, headers: fields, body: body)
    }

    private func counted(_ body: ResponseBody, _ path: String) -> ResponseBody {
        ResponseBody(contentLength: body.contentLength) { [counts] writer in
            try await body.write(CountingWriter(writer: writer, counts: counts, path: path))
        }
    }
}

/// Counts what a connection took, after it took it.
private struct CountingWriter: ResponseBodyWriter {
    var writer: any ResponseBodyWriter
    let counts: AccessCounts
    let path: String

    mutating func write(_ buffer: ByteBuffer) async throws {
        try await writer.write(buffer)
        counts.countBytes(buffer.readableBytes, of: path)
    }

    consuming func finish(_ trailingHeaders: HTTPFields?) async throws {
        try await writer.finish(trailingHeaders)
    }
}
