"""A tracker in Python that speaks the server's side of Docs/Protocol.md and signs with joserfc.

It is honest about everything but what a test tells it to be dishonest about: `keyset` and `certify` may be replaced.
"""

import asyncio
import itertools
import json
import threading
from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs, urlsplit

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.datastructures import Headers
from websockets.http11 import Request, Response

from . import merkle
from .tokens import Authority, base64url, from_base64url
from .waiting import DEADLINE

Result = dict[str, Any]
"""A `found` result of §4.3 without `peers`."""

LIMITS = {
    "message-size-limit": 65_536,
    "message-rate-limit": 50,
    "message-burst-limit": 200,
    "connection-limit": 10_000,
    "idle-timeout": 75,
    "ping-interval": 30,
    "send-queue-limit": 1_048_576,
    "announce-limit": 4_096,
    "introduction-limit": 16,
}


def certified(certificate: str, body: bytes) -> Result:
    """The `found` result of a certified content."""
    layer = merkle.layer(body)
    result = {"content": base64url(merkle.content_id(body)), "certificate": certificate}
    return result | ({"layer": base64url(layer)} if layer else {})


class FakeTracker:
    """`certify(site, url)` gives the result for a URL; every announced peer is introduced, whatever it presents."""

    def __init__(self, authority: Authority, certify: Callable[[str, str], Result]):
        self.authority = authority
        self.certify = certify
        self.keyset: Callable[[], str] = authority.keyset
        self.announced: list[int] = []
        """How many certificates each announcement had."""
        self.asked: list[str] = []
        """URLs that have been asked for."""
        self._connections: dict[str, ServerConnection] = {}
        self._peers_of: dict[str, set[str]] = {}
        self._numbers = itertools.count(1)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._server = asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(DEADLINE)
        self.address = "127.0.0.1:%d" % self._server.sockets[0].getsockname()[1]
        self.url = f"http://{self.address}"
        self.socket_url = f"ws://{self.address}"

    def stop(self) -> None:
        async def close() -> None:
            self._server.close()
            await self._server.wait_closed()

        asyncio.run_coroutine_threadsafe(close(), self._loop).result(DEADLINE)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(DEADLINE)
        self._loop.close()

    def move(self, delay: int) -> None:
        """Leads every page away, to this very tracker, after so many milliseconds (§4.8)."""

        async def tell() -> None:
            for connection in list(self._connections.values()):
                await connection.send(json.dumps({"action": "move", "delay": delay}))

        asyncio.run_coroutine_threadsafe(tell(), self._loop).result(DEADLINE)

    async def _listen(self) -> Any:
        return await serve(
            self._converse, "127.0.0.1", 0, process_request=self._answer_http, subprotocols=["shoal.v1"], max_size=65_536
        )

    def _answer_http(self, connection: ServerConnection, request: Request) -> Response | None:
        target = urlsplit(request.path)
        if target.path == "/v1/connect":
            return None
        if target.path == "/v1/keyset":
            return _response(200, "application/jose", self.keyset())
        if target.path == "/v1/certificates":
            url = parse_qs(target.query)["url"][0]
            site = request.headers.get("Origin") or "{0.scheme}://{0.netloc}".format(urlsplit(url))
            self.asked.append(url)
            return _response(200, "application/json", json.dumps(self.certify(site, url)))
        return _response(404, "text/plain", "no such path")

    async def _converse(self, connection: ServerConnection) -> None:
        peer = base64url(next(self._numbers).to_bytes(8, "big"))
        site = connection.request.headers["Origin"]
        self._connections[peer] = connection
        try:
            with suppress(ConnectionClosed):  # A page that is gone takes its connection with it.
                await connection.send(json.dumps({"action": "welcome", "peer": peer, "limits": LIMITS, "ice": []}))
                async for text in connection:
                    await self._carry_out(connection, peer, site, json.loads(text))
        finally:
            del self._connections[peer]
            for peers in self._peers_of.values():
                peers.discard(peer)

    async def _carry_out(self, connection: ServerConnection, peer: str, site: str, message: dict[str, Any]) -> None:
        answer: dict[str, Any] | None = None
        match message["action"]:
            case "announce":
                self.announced.append(len(message["certificates"]))
                contents = [_content_of(certificate) for certificate in message["certificates"]]
                for content in contents:
                    self._peers_of.setdefault(content, set()).add(peer)
                answer = {"action": "announced", "results": [{"content": content} for content in contents]}
            case "find":
                self.asked += message.get("urls", [])
                found = [self.certify(site, url) for url in message.get("urls", [])]
                found += [{"content": _content_of(certificate)} for certificate in message.get("certificates", [])]
                for result in found:
                    if "content" in result:
                        result["peers"] = sorted(self._peers_of.get(result["content"], set()) - {peer})
                answer = {"action": "found", "results": found}
            case "leave":
                answer = {"action": "left", "count": 0}
            case "signal" if (other := self._connections.get(message["to"])) is not None:
                await other.send(json.dumps({"action": "signal", "from": peer, "data": message["data"]}))
            case "signal":
                await connection.send(json.dumps({"action": "gone", "peer": message["to"]}))
        if answer is not None:
            await connection.send(json.dumps(answer | {"id": message["id"]}))


def _content_of(certificate: str) -> str:
    return json.loads(from_base64url(certificate.split(".")[1]))["cid"]


def _response(status: int, media_type: str, text: str) -> Response:
    body = text.encode()
    headers = {
        "Access-Control-Allow-Origin": "*",
        "Connection": "close",
        "Content-Length": str(len(body)),
        "Content-Type": media_type,
    }
    return Response(status, HTTPStatus(status).phrase, Headers(headers), body)
