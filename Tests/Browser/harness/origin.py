"""An origin server of the tests' own: static bytes, a count of every access, and everything that a real origin may do wrong."""

import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from .content import digest


@dataclass
class Resource:
    """What one path answers. The fields after `media_type` are knobs."""

    body: bytes
    media_type: str = "application/octet-stream"
    headers: dict[str, str] = field(default_factory=dict)
    """Further headers, for example `Cache-Control` or `Set-Cookie`."""
    delay: float = 0.0
    """Seconds before the answer starts."""
    cut_after: int | None = None
    """Bytes of the body after which the connection breaks."""
    ranges: bool = True
    """Whether `Range` is honoured; otherwise it is ignored, and the answer is the whole body with 200."""


@dataclass
class Access:
    path: str
    agent: str
    status: int
    bytes: int = 0
    """Bytes of the body handed over so far, counted before each write: a browser cannot have more than is counted."""

    @property
    def by_browser(self) -> bool:
        return self.agent.startswith("Mozilla/")


class Origin:
    """Serves `resources`, a dictionary from paths to what they answer, on a port of the system's choice."""

    def __init__(self) -> None:
        self.resources: dict[str, Resource] = {}
        self._accesses: list[Access] = []
        self._lock = threading.Lock()
        self.stopping = threading.Event()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.origin = self
        self.address = f"127.0.0.1:{self._server.server_address[1]}"
        self.url = f"http://{self.address}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()

    def put(self, path: str, body: bytes | str, media_type: str = "application/octet-stream", **knobs) -> Resource:
        data = body.encode() if isinstance(body, str) else body
        self.resources[path] = Resource(data, media_type, **knobs)
        return self.resources[path]

    def digests(self, paths: list[str]) -> dict[str, str]:
        return {path: digest(self.resources[path].body) for path in paths}

    def record(self, access: Access) -> None:
        with self._lock:
            self._accesses.append(access)

    def accesses(self, path: str | None = None) -> list[Access]:
        with self._lock:
            return [access for access in self._accesses if path in (None, access.path)]

    def forget_accesses(self) -> None:
        with self._lock:
            self._accesses.clear()

    def bytes_to_browsers(self, paths: list[str]) -> int:
        """What browsers have had of these paths since `forget_accesses`; the authority's own look does not count."""
        return sum(access.bytes for access in self.accesses() if access.by_browser and access.path in paths)

    def stop(self) -> None:
        self.stopping.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128
    origin: Origin

    def handle_error(self, request: object, client_address: object) -> None:
        """A browser that leaves in the middle of an answer is nothing to report."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        origin = self.server.origin
        path = urlsplit(self.path).path
        resource = origin.resources.get(path)
        if resource is None:
            return self._answer(path, 404, Resource(b"no such path\n", "text/plain"), 0, None)
        if resource.delay and origin.stopping.wait(resource.delay):
            return
        wanted = self.headers.get("Range") if resource.ranges else None
        try:
            span = _span(wanted, len(resource.body)) if wanted else None
        except ValueError:
            unsatisfiable = Resource(b"", resource.media_type, {"Content-Range": f"bytes */{len(resource.body)}"})
            return self._answer(path, 416, unsatisfiable, 0, None)
        if span is None:
            return self._answer(path, 200, resource, 0, len(resource.body))
        first, end = span
        headers = {"Content-Range": f"bytes {first}-{end - 1}/{len(resource.body)}"}
        self._answer(path, 206, resource, first, end, headers)

    do_HEAD = do_GET

    def _answer(
        self, path: str, status: int, resource: Resource, first: int, end: int | None, headers: dict[str, str] = {}
    ) -> None:
        body = resource.body[first:end]
        self.send_response(status)
        fixed = {"Content-Type": resource.media_type, "Content-Length": str(len(body))}
        if resource.ranges:
            fixed["Accept-Ranges"] = "bytes"
        for name, value in (fixed | headers | resource.headers).items():
            self.send_header(name, value)
        self.end_headers()
        sent = body if resource.cut_after is None else body[: resource.cut_after]
        access = Access(path, self.headers.get("User-Agent", ""), status)
        self.server.origin.record(access)
        if self.command != "HEAD":
            for start in range(0, len(sent), 65_536):
                part = sent[start : start + 65_536]
                access.bytes += len(part)
                self.wfile.write(part)
        if len(sent) < len(body):
            self.close_connection = True

    def log_message(self, format: str, *arguments: object) -> None:
        """The accesses are the log."""


def _span(header: str, length: int) -> tuple[int, int] | None:
    """The half-open span of a `Range` header with one range (RFC 9110 §14.2); None where the header is to be ignored."""
    unit, _, ranges = header.partition("=")
    first, dash, last = ranges.strip().partition("-")
    if unit.strip() != "bytes" or "," in ranges or not dash or not (first + last).isdigit():
        return None
    if not first:
        start, end = max(0, length - int(last)), length
    else:
        start, end = int(first), min(length, int(last) + 1) if last else length
        if last and int(last) < start:
            return None
    if start >= end:
        raise ValueError("not satisfiable")
    return start, end
