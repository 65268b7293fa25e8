"""A peer on aiortc: a second implementation of Docs/Protocol.md §6, honest or hostile as its behaviour says."""

import asyncio
import json
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from typing import Any

from aiortc import RTCDataChannel, RTCPeerConnection, RTCSessionDescription
from websockets.asyncio.client import ClientConnection, connect

from . import wire
from .merkle import content_id, piece_length
from .tokens import base64url
from .waiting import DEADLINE, eventually

Behaviour = Callable[[wire.Request, bytes], list[bytes | str]]
"""Given a request and the right bytes of the piece asked for: the messages to answer with, text for a text message."""


def honest(request: wire.Request, piece: bytes) -> list[bytes | str]:
    return list(wire.blocks(request.number, piece))


class PythonPeer:
    """Joins a site's swarm through a tracker, announces contents, and answers other peers' offers and requests.

    It lives on an event loop in a thread of its own. `contents` are pairs of a certificate and the content itself.
    """

    def __init__(self, tracker: str, site: str, contents: list[tuple[str, bytes]], behaviour: Behaviour = honest):
        self.requests: list[wire.Request] = []
        self.faults: list[str] = []
        """What other peers have done against the protocol."""
        self.opened = 0
        """Data channels that have opened."""
        self.closed = 0
        """Data channels that the other side has closed again."""
        self.answering = True
        """Whether offers are answered; set to False for a peer that does not even connect."""
        self._contents = {content_id(data): data for _, data in contents}
        self._certificates = [certificate for certificate, _ in contents]
        self._behaviour = behaviour
        self._connections: dict[str, RTCPeerConnection] = {}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        try:
            self._call(self._join(tracker, site)).result(DEADLINE)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        if self._loop.is_closed():
            return
        with suppress(Exception):
            self._call(self._leave()).result(DEADLINE)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(DEADLINE)
        self._loop.close()

    def was_dropped(self) -> None:
        """Waits until every connection that came about has been closed by the other side."""
        eventually("the peer is connected to and dropped", lambda: self.opened and self.closed == self.opened)

    def report(self) -> list[tuple[str, str]]:
        text = f"opened {self.opened}, closed {self.closed}, asked for {len(self.requests)} pieces, faults: {self.faults}"
        return [("peer in Python", text)]

    def _call(self, coroutine: Any) -> Future[Any]:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop)

    async def _join(self, tracker: str, site: str) -> None:
        self._socket = await connect(f"{tracker}/v1/connect", origin=site, subprotocols=["shoal.v1"], max_size=None)
        welcome = json.loads(await self._socket.recv())
        assert welcome["action"] == "welcome", welcome
        self.id: str = welcome["peer"]
        await self._socket.send(json.dumps({"action": "announce", "id": 1, "certificates": self._certificates}))
        answer = json.loads(await self._socket.recv())
        wanted = [{"content": base64url(content)} for content in self._contents]
        assert answer.get("results") == wanted, answer
        self._receiving = asyncio.create_task(self._receive(self._socket))

    async def _leave(self) -> None:
        if hasattr(self, "_receiving"):
            self._receiving.cancel()
            await self._socket.close()
        await asyncio.gather(*(connection.close() for connection in self._connections.values()))

    async def _receive(self, socket: ClientConnection) -> None:
        async for text in socket:
            message = json.loads(text)
            if message["action"] == "signal" and message["data"]["type"] == "offer" and self.answering:
                answer = await self._answer(message["from"], message["data"]["sdp"])
                await socket.send(json.dumps({"action": "signal", "to": message["from"], "data": answer}))

    async def _answer(self, other: str, sdp: str) -> dict[str, str]:
        connection = RTCPeerConnection()
        self._connections[other] = connection
        channel = connection.createDataChannel("shoal.v1", negotiated=True, id=0, ordered=False)
        self._serve(channel)
        await connection.setRemoteDescription(RTCSessionDescription(_without_names(sdp), "offer"))
        await connection.setLocalDescription(await connection.createAnswer())
        return {"type": "answer", "sdp": connection.localDescription.sdp}

    def _serve(self, channel: RTCDataChannel) -> None:
        @channel.on("open")
        def _() -> None:
            self.opened += 1

        @channel.on("close")
        def _() -> None:
            self.closed += 1

        @channel.on("message")
        def _(message: bytes | str) -> None:
            try:
                request = wire.read_request(message) if isinstance(message, bytes) else None
            except ValueError as error:
                self.faults.append(str(error))
                return
            if isinstance(message, str):
                self.faults.append(f"a text message: {message[:60]!r}")
            elif request:
                self.requests.append(request)
                for part in self._messages(request):
                    if channel.readyState == "open":
                        channel.send(part)

    def _messages(self, request: wire.Request) -> list[bytes | str]:
        data = self._contents.get(request.content)
        if data is None:
            return [wire.refuse(request.number, 1)]
        size = piece_length(len(data))
        return self._behaviour(request, data[request.piece * size : (request.piece + 1) * size])


def _without_names(sdp: str) -> str:
    """The SDP without candidates that are mDNS names, which aiortc does not resolve reliably.

    The browser knows aiortc's addresses and its checks reveal its own (peer-reflexive candidates, RFC 8445 §7.3.1.3). So that
    aiortc waits for them, it must not be told that there are no further candidates.
    """
    lines = sdp.splitlines()
    kept = [line for line in lines if line != "a=end-of-candidates" and not (line.startswith("a=candidate") and ".local" in line)]
    return "\r\n".join(kept) + "\r\n"
