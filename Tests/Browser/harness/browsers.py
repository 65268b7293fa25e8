"""Chromium and Firefox, headless, each start with a fresh profile."""

import json
import os
import signal
import tempfile
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from websockets.exceptions import ConnectionClosed

from .bidi import BrowserError, Session
from .processes import Process
from .waiting import DEADLINE, eventually


@dataclass(frozen=True)
class ConsoleLine:
    level: str
    """`debug`, `info`, `warn` or `error`."""
    kind: str
    """`console` for a call of console.*, `javascript` for an exception that nobody caught."""
    text: str


class Page:
    """A tab."""

    def __init__(self, session: Session, context: str):
        self._session = session
        self.context = context

    def open(self, url: str) -> None:
        """Navigates, and returns when the load event has been."""
        self._session.command("browsingContext.navigate", context=self.context, url=url, wait="complete")

    def evaluate(self, expression: str, within: float = 120.0) -> Any:
        """The value of a JavaScript expression; a promise is awaited."""
        return self._session.evaluate(self.context, expression, within)

    def eventually(self, expression: str, within: float = DEADLINE) -> Any:
        """Waits until the expression is true, and returns its value. It may fail while the page is still loading."""

        def look() -> Any:
            try:
                return self.evaluate(expression, within)
            except BrowserError as error:
                last.append(str(error))
                return None

        last: list[str] = []
        try:
            return eventually(f"in the page: {expression}", look, within, every=0.1)
        except AssertionError as failure:
            raise AssertionError(f"{failure}; {last[-1:]}; Shoal's figures: {self.figures()}") from None

    def figures(self) -> Any:
        """Shoal's own figures, for failure messages."""
        try:
            return self.evaluate("window.shoal?.stats?.()")
        except BrowserError as error:
            return str(error)

    def close(self) -> None:
        self._session.command("browsingContext.close", context=self.context)


class Browser:
    """A running browser. `kind` is `chromium` or `firefox`."""

    def __init__(self, kind: str, session: Session, process: Process, browser_pid: int, profile: tempfile.TemporaryDirectory[str]):
        self.kind = kind
        self.process = process
        self._session = session
        self._browser_pid = browser_pid
        self._profile = profile
        session.command("session.subscribe", events=["log.entryAdded"])

    def page(self, url: str | None = None) -> Page:
        """A new tab; the tab itself is there at once, `url` after its load event."""
        page = Page(self._session, self._session.command("browsingContext.create", type="tab")["context"])
        if url is not None:
            page.open(url)
        return page

    def before_every_page(self, function: str) -> None:
        """Runs a JavaScript function in every new document, before the document's own scripts."""
        self._session.command("script.addPreloadScript", functionDeclaration=function)

    def console(self) -> list[ConsoleLine]:
        """Everything that pages have written to the console so far, uncaught exceptions included."""
        self._session.command("session.status")  # Events are ordered with answers, so what happened before has arrived now.
        entries = [event["params"] for event in self._session.events if event["method"] == "log.entryAdded"]
        return [ConsoleLine(entry["level"], entry["type"], entry.get("text") or "") for entry in entries]

    def report(self) -> list[tuple[str, str]]:
        """Titles and texts for a failure message: the console, and Shoal's figures in every tab."""
        try:
            lines = "\n".join(f"{line.level}: {line.text}" for line in self.console())
            tabs = self._session.command("browsingContext.getTree")["contexts"]
            figures = [(f"{self.kind}: Shoal in {tab['url']}", json.dumps(Page(self._session, tab["context"]).figures())) for tab in tabs]
            return [(f"{self.kind}: console", lines), *figures]
        except (BrowserError, ConnectionClosed) as error:
            return [(self.kind, f"does not answer any more: {error}")]

    def kill(self) -> None:
        """SIGKILL to the browser, as a crash would be."""
        os.kill(self._browser_pid, signal.SIGKILL)

    def stop(self) -> None:
        self._session.close()
        self.process.kill()
        self._profile.cleanup()


def start_chromium(arguments: list[str] = []) -> Browser:
    """Chromium by chromedriver, whose port and WebSocket are its own choice."""
    profile = tempfile.TemporaryDirectory(prefix="shoal-chromium-", ignore_cleanup_errors=True)
    driver = Process("chromedriver", ["chromedriver", "--port=0"])
    try:
        port = driver.line(r"started successfully on port (\d+)")[1]
        options = {
            "binary": "/usr/bin/chromium",
            "args": [
                "--headless=new",
                "--no-sandbox",  # CI runs as root, where Chromium's sandbox refuses to start.
                "--disable-dev-shm-usage",
                "--autoplay-policy=no-user-gesture-required",
                f"--user-data-dir={profile.name}",
                *arguments,
            ],
        }
        wanted = {"capabilities": {"alwaysMatch": {"browserName": "chrome", "webSocketUrl": True, "goog:chromeOptions": options}}}
        request = urllib.request.Request(
            f"http://127.0.0.1:{port}/session", json.dumps(wanted).encode(), {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=DEADLINE) as answer:
            capabilities = json.load(answer)["value"]["capabilities"]
        session = Session(capabilities["webSocketUrl"])
        return Browser("chromium", session, driver, capabilities["goog:processID"], profile)
    except BaseException:
        driver.kill()
        profile.cleanup()
        raise


def start_firefox(preferences: dict[str, Any] = {}) -> Browser:
    """Firefox, driven directly by its remote agent."""
    profile = tempfile.TemporaryDirectory(prefix="shoal-firefox-", ignore_cleanup_errors=True)
    settings = {
        "media.autoplay.default": 0,
        "app.normandy.enabled": False,
        "browser.shell.checkDefaultBrowser": False,
        "datareporting.policy.dataSubmissionEnabled": False,
        "network.captive-portal-service.enabled": False,
        "network.connectivity-service.enabled": False,
        **preferences,
    }
    lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});\n" for name, value in settings.items()]
    (Path(profile.name) / "user.js").write_text("".join(lines))
    firefox = Process(
        "firefox", ["firefox-esr", "--headless", "--no-remote", "--profile", profile.name, "--remote-debugging-port", "0"]
    )
    try:
        session = Session(firefox.line(r"WebDriver BiDi listening on (ws://\S+)")[1] + "/session")
        session.command("session.new", capabilities={})
        return Browser("firefox", session, firefox, firefox.pid, profile)
    except BaseException:
        firefox.kill()
        profile.cleanup()
        raise


STARTERS: dict[str, Callable[..., Browser]] = {"chromium": start_chromium, "firefox": start_firefox}
