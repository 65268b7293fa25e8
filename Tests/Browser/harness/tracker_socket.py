"""A connection to a tracker, for tests that send what no browser would."""

import json
from contextlib import ExitStack
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from .waiting import DEADLINE


class TrackerSocket:
    """Connects as a page of `site` would, and holds the `welcome` (Docs/Protocol.md §4.1)."""

    def __init__(self, tracker: str, site: str, **options: Any):
        self._stack = ExitStack()
        # Without a limit on its queue, the client goes on reading when a test does not, and can close properly.
        unlimited = {"max_size": None, "max_queue": None, "compression": None}
        options = {"origin": site, "subprotocols": ["shoal.v1"]} | unlimited | options
        self.socket = self._stack.enter_context(connect(f"{tracker}/v1/connect", **options))
        self.welcome = self.receive()
        assert self.welcome["action"] == "welcome", self.welcome

    def __enter__(self) -> "TrackerSocket":
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def send(self, message: str | bytes | dict[str, Any], text: bool | None = None) -> None:
        """Sends a dictionary as JSON, text as it is, bytes as a binary message, or, with `text`, as a text message."""
        self.socket.send(json.dumps(message) if isinstance(message, dict) else message, text=text)

    def receive(self) -> dict[str, Any]:
        return json.loads(self.socket.recv(timeout=DEADLINE))

    def ask(self, message: str | bytes | dict[str, Any], text: bool | None = None) -> dict[str, Any]:
        self.send(message, text)
        return self.receive()

    def is_alive(self) -> bool:
        """Whether a `leave` is still answered."""
        return self.ask({"action": "leave", "id": 999_999}) == {"action": "left", "id": 999_999, "count": 0}

    def close_code(self) -> int | None:
        """Waits for the other side to close, and returns its code."""
        try:
            while True:
                self.socket.recv(timeout=DEADLINE)
        except ConnectionClosed as closed:
            return closed.rcvd.code if closed.rcvd else None
