"""A client of WebDriver BiDi (https://www.w3.org/TR/webdriver-bidi/), as far as these tests need it.

Chromium (through chromedriver) and Firefox (by itself) both speak it, so one driver serves both; Debian has no geckodriver,
which Selenium would need for Firefox.
"""

import itertools
import json
from contextlib import ExitStack
from typing import Any

from websockets.sync.client import connect


class BrowserError(Exception):
    """The browser refused a command, or a script threw; the text is the browser's."""


class Session:
    """One WebDriver BiDi session over one WebSocket. Commands are sent one at a time; events that arrive meanwhile are kept."""

    def __init__(self, url: str):
        self.events: list[dict[str, Any]] = []
        self._ids = itertools.count(1)
        self._stack = ExitStack()
        self._socket = self._stack.enter_context(connect(url, max_size=None, ping_interval=None))

    def command(self, method: str, within: float = 120.0, **parameters: Any) -> dict[str, Any]:
        """Sends a command and returns its result."""
        number = next(self._ids)
        self._socket.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while True:
            message = json.loads(self._socket.recv(timeout=within))
            if message.get("type") == "event":
                self.events.append(message)
            elif message.get("id") == number:
                if message["type"] != "success":
                    raise BrowserError(f"{method}: {message.get('error')}: {message.get('message')}")
                return message["result"]

    def evaluate(self, context: str, expression: str, within: float = 120.0) -> Any:
        """The value of an expression (a promise is awaited) in a page, carried over as JSON."""
        answer = self.command(
            "script.evaluate",
            within,
            expression=f"(async () => JSON.stringify(await ({expression})))()",
            target={"context": context},
            awaitPromise=True,
        )
        if answer["type"] == "exception":
            raise BrowserError(f"{answer['exceptionDetails']['text']} in: {expression[:300]}")
        text = answer["result"].get("value")
        return None if text is None else json.loads(text)

    def close(self) -> None:
        self._stack.close()
