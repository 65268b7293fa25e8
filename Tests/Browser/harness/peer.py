"""A peer in Python that serves others: a second implementation of Docs/Protocol.md §6, honest or hostile as its behaviour says."""

from collections.abc import Callable

from aiortc import RTCDataChannel

from . import wire
from .member import Contents, Member, description
from .merkle import content_id, piece_length
from .waiting import eventually

Behaviour = Callable[[wire.Request, bytes], list[bytes | str]]
"""Given a request and the right bytes of the piece asked for: the messages to answer with, text for a text message."""


def honest(request: wire.Request, piece: bytes) -> list[bytes | str]:
    return list(wire.blocks(request.number, piece))


class PythonPeer(Member):
    """Announces contents, and answers other peers' offers and requests."""

    def __init__(self, tracker: str, site: str, contents: Contents, behaviour: Behaviour = honest):
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
        self._behaviour = behaviour
        super().__init__(tracker, site, contents)

    def was_dropped(self) -> None:
        """Waits until every connection that came about has been closed by the other side."""
        eventually("the peer is connected to and dropped", lambda: self.opened and self.closed == self.opened)

    def report(self) -> list[tuple[str, str]]:
        text = f"opened {self.opened}, closed {self.closed}, asked for {len(self.requests)} pieces, faults: {self.faults}"
        return [("peer in Python", text)]

    async def signalled(self, sender: str, data: dict[str, str]) -> None:
        if data["type"] != "offer" or not self.answering:
            return
        connection, channel = self._open(sender)
        self._serve(channel)
        await connection.setRemoteDescription(description(data))
        await connection.setLocalDescription(await connection.createAnswer())
        await self._signal(sender, {"type": "answer", "sdp": connection.localDescription.sdp})

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
                request = wire.read_request(message)
            except ValueError as error:
                self.faults.append(str(error))
                return
            if request:
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
