"""A member of a site's swarm, written with aiortc: its tracker connection and its connections to other peers."""

import asyncio
import itertools
import json
import threading
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any

from aiortc import RTCDataChannel, RTCPeerConnection, RTCSessionDescription
from websockets.asyncio.client import connect

from .waiting import DEADLINE

Contents = list[tuple[str, bytes]]
"""Pairs of a certificate and the content itself."""


class Member:
    """Joins through a tracker and announces contents. It lives on an event loop in a thread of its own."""

    def __init__(self, tracker: str, site: str, contents: Contents):
        self._certificates = [certificate for certificate, _ in contents]
        self._connections: dict[str, RTCPeerConnection] = {}
        self._numbers = itertools.count(1)
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        try:
            self._run(self._join(tracker, site))
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        if self._loop.is_closed():
            return
        with suppress(Exception):
            self._run(self._leave())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(DEADLINE)
        self._loop.close()

    async def signalled(self, sender: str, data: dict[str, str]) -> None:
        """A signal has come from another peer."""

    def _run(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        """Runs on the member's own loop, and waits for the result."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(DEADLINE)

    async def _join(self, tracker: str, site: str) -> None:
        self._socket = await connect(f"{tracker}/v1/connect", origin=site, subprotocols=["shoal.v1"], max_size=None)
        welcome = json.loads(await self._socket.recv())
        assert welcome["action"] == "welcome", welcome
        self.id: str = welcome["peer"]
        self._receiving = asyncio.create_task(self._receive())
        if self._certificates:
            answer = await self._ask({"action": "announce", "certificates": self._certificates})
            assert all("content" in result for result in answer["results"]), answer

    async def _leave(self) -> None:
        if hasattr(self, "_receiving"):
            self._receiving.cancel()
            await self._socket.close()
        await asyncio.gather(*(connection.close() for connection in self._connections.values()))

    async def _ask(self, message: dict[str, Any]) -> dict[str, Any]:
        number = next(self._numbers)
        self._answers[number] = asyncio.get_running_loop().create_future()
        await self._socket.send(json.dumps(message | {"id": number}))
        return await asyncio.wait_for(self._answers[number], DEADLINE)

    async def _signal(self, to: str, data: dict[str, str]) -> None:
        await self._socket.send(json.dumps({"action": "signal", "to": to, "data": data}))

    async def _receive(self) -> None:
        async for text in self._socket:
            message = json.loads(text)
            if message["action"] == "signal":
                await self.signalled(message["from"], message["data"])
            elif answer := self._answers.pop(message.get("id", 0), None):
                answer.set_result(message)

    def _open(self, other: str) -> tuple[RTCPeerConnection, RTCDataChannel]:
        """A connection with the one data channel of Docs/Protocol.md §6.1."""
        connection = self._connections[other] = RTCPeerConnection()
        return connection, connection.createDataChannel("shoal.v1", negotiated=True, id=0, ordered=False)


def description(data: dict[str, str]) -> RTCSessionDescription:
    """What another peer has sent, without the candidates that are mDNS names, which aiortc does not resolve reliably.

    The browser knows aiortc's addresses and its checks reveal its own (peer-reflexive candidates, RFC 8445 §7.3.1.3). So that
    aiortc waits for them, it must not be told that there are no further candidates.
    """
    lines = data["sdp"].splitlines()
    kept = [line for line in lines if line != "a=end-of-candidates" and not (line.startswith("a=candidate") and ".local" in line)]
    return RTCSessionDescription("\r\n".join(kept) + "\r\n", data["type"])
