"""A peer in Python that takes from others, by the rules or against them."""

import struct

from aiortc import RTCDataChannel

from . import wire
from .member import Member, description
from .merkle import BLOCK
from .waiting import eventually


class Requester(Member):
    """Connects to one peer at a time and keeps what it sends."""

    def __init__(self, tracker: str, site: str):
        self.received: list[bytes | str] = []
        self.is_open = False
        self.is_closed = False
        """The other side has closed the data channel."""
        self._channel: RTCDataChannel | None = None
        super().__init__(tracker, site, [])

    def report(self) -> list[tuple[str, str]]:
        kinds = [message[:9].hex() if isinstance(message, bytes) else message for message in self.received[-10:]]
        return [("requester in Python", f"open {self.is_open}, closed {self.is_closed}, last messages begin with {kinds}")]

    def peers(self, certificate: str) -> list[str]:
        """Waits until the tracker names peers that have the content."""

        def find() -> list[str]:
            return self._run(self._ask({"action": "find", "certificates": [certificate]}))["results"][0]["peers"]

        return eventually("somebody has the content", find)

    def connect(self, other: str) -> None:
        """Opens a connection by an offer, and waits until it is open."""
        self._run(self._offer(other))
        eventually("the connection is open", lambda: self.is_open)

    def send(self, message: bytes | str) -> None:
        async def send() -> None:
            assert self._channel is not None
            self._channel.send(message)

        self._run(send())

    def fetch(self, content: bytes, length: int, piece_length: int) -> bytes:
        """Asks for all pieces, and puts the blocks together."""
        count = -(-length // piece_length)
        for piece in range(count):
            self.send(wire.request(piece, piece, content))
        blocks = -(-length // BLOCK)
        eventually(f"{blocks} blocks arrive", lambda: len(self.received) >= blocks)
        data = bytearray(length)
        for message in self.received:
            assert isinstance(message, bytes) and message[0] == wire.BLOCK_TYPE, message[:20]
            piece, block = struct.unpack(">II", message[1:9])
            start = piece * piece_length + block * BLOCK
            data[start : start + len(message) - 9] = message[9:]
        return bytes(data)

    def refusals(self) -> list[tuple[int, int]]:
        """Request ID and reason of every refusal so far."""
        return [struct.unpack(">IB", m[1:]) for m in self.received if isinstance(m, bytes) and m[0] == wire.REFUSE]

    async def signalled(self, sender: str, data: dict[str, str]) -> None:
        if data["type"] == "answer":
            await self._connections[sender].setRemoteDescription(description(data))

    async def _offer(self, other: str) -> None:
        connection, self._channel = self._open(other)

        @self._channel.on("open")
        def _() -> None:
            self.is_open = True

        @self._channel.on("close")
        def _() -> None:
            self.is_closed = True

        @self._channel.on("message")
        def _(message: bytes | str) -> None:
            self.received.append(message)

        await connection.setLocalDescription(await connection.createOffer())
        await self._signal(other, {"type": "offer", "sdp": connection.localDescription.sdp})
