"""Shoal's own processes: `shoal authority` and `shoal tracker` apart, so that each can be killed, and `shoal up`."""

import json
import os
import tempfile
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

from .processes import Process
from .waiting import DEADLINE, eventually

REPOSITORY = Path(__file__).resolve().parents[3]
SHOAL = Path(os.environ.get("EXECUTABLE_UNDER_TEST", REPOSITORY / ".build/release/shoal"))
ANY_PORT = "127.0.0.1:0"
RENDERING = 900.0
"""Seconds for the demo site's first start, which draws its pictures and its film."""


def get(url: str, headers: dict[str, str] = {}) -> tuple[int, dict[str, str], bytes]:
    """Status, headers (names in lower case) and body of a GET, whatever the status."""
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=DEADLINE) as answer:
            return answer.status, {name.lower(): value for name, value in answer.headers.items()}, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, {name.lower(): value for name, value in error.headers.items()}, error.read()


class ShoalProcess(Process):
    """A started `shoal`. It says on its standard output where it listens."""

    def __init__(self, name: str, arguments: list[str]):
        super().__init__(name, [SHOAL, *arguments])

    def address(self, what: str, within: float = DEADLINE) -> str:
        """Host and port of a listener, for example of `tracker: admin`."""
        return self.line(rf"^{what} address (127\.0\.0\.1:\d+)$", within)[1]

    def wait_until_ready(self, admin: str) -> None:
        def ready() -> bool:
            if not self.running:
                raise AssertionError(f"{self.name} has ended\n{self.tail()}")
            try:
                return get(f"http://{admin}/readyz")[0] == 200
            except OSError:
                return False

        eventually(f"{self.name} is ready", ready)


def register(authority_admin: str, site: str, content_origins: list[str] = [], private: bool = True) -> None:
    """Registers a site by the operator's own verb."""
    options = [option for origin in content_origins for option in ("--content-origin", origin)]
    options += ["--allow-private-addresses"] if private else []
    verb = Process("sites add", [SHOAL, "sites", "add", site, *options, "--authority-admin-url", f"http://{authority_admin}"])
    assert verb.exit_code() == 0, verb.tail()


class Authority(ShoalProcess):
    """A signing authority. Without a `data` directory it has one of its own that goes with it."""

    def __init__(self, arguments: list[str] = [], data: Path | None = None):
        self._data = tempfile.TemporaryDirectory(prefix="shoal-authority-")
        addresses = ["--public-address", ANY_PORT, "--admin-address", ANY_PORT]
        directory = str(data or self._data.name)
        super().__init__("authority", ["authority", *addresses, "--data-directory", directory, *arguments])
        self.url = f"http://{self.address('authority: public')}"
        self.admin = self.address("authority: admin")
        self.thumbprint = self.line(r"root thumbprint\W+([A-Za-z0-9_-]{43})")[1]
        self.wait_until_ready(self.admin)

    def register(self, site: str, content_origins: list[str] = [], private: bool = True) -> None:
        register(self.admin, site, content_origins, private)

    def stop(self) -> None:
        super().stop()
        self._data.cleanup()


class CertificateSource:
    """What answers `GET /v1/certificates` (Docs/Protocol.md §7): a node, or the load balancer before several."""

    url: str

    def certificate(self, site: str, url: str) -> tuple[int, dict[str, Any]]:
        """One answer."""
        query = urllib.parse.urlencode({"url": url})
        status, _, body = get(f"{self.url}/v1/certificates?{query}", {"Origin": site})
        return status, json.loads(body)

    def certified(self, site: str, url: str) -> dict[str, Any]:
        """Asks until the URL is certified."""
        return self._decided(site, url, 200)

    def refused(self, site: str, url: str) -> dict[str, Any]:
        """Asks until the URL is refused."""
        return self._decided(site, url, 403)

    def _decided(self, site: str, url: str, wanted: int) -> dict[str, Any]:
        def ask() -> dict[str, Any] | None:
            status, result = self.certificate(site, url)
            assert status in (wanted, 202), (status, result)
            return result if status == wanted else None

        return eventually(f"{url} is decided about", ask)


class Tracker(ShoalProcess, CertificateSource):
    """A tracker node. Unless `arguments` say how it drains, it ends at once: tests stop it with clients that nobody leads away."""

    def __init__(self, authority_url: str, thumbprint: str, arguments: list[str] = []):
        settings = ["--authority-url", authority_url, "--root-thumbprint", thumbprint]
        if "--drain-limit" not in arguments:
            settings += ["--drain-spread", "0", "--drain-limit", "0"]
        super().__init__(
            "tracker", ["tracker", "--public-address", ANY_PORT, "--admin-address", ANY_PORT, *settings, *arguments]
        )
        public = self.address("tracker: public")
        self.url = f"http://{public}"
        self.socket_url = f"ws://{public}"
        self.admin = self.address("tracker: admin")
        self.wait_until_ready(self.admin)


class Backend:
    """An authority and a tracker that belongs to it."""

    def __init__(self, tracker: list[str] = [], authority: list[str] = []):
        self.authority = Authority(authority)
        try:
            self.tracker = Tracker(self.authority.url, self.authority.thumbprint, tracker)
        except BaseException:
            self.authority.stop()
            raise

    def stop(self) -> None:
        self.tracker.stop()
        self.authority.stop()

    def report(self) -> list[tuple[str, str]]:
        return self.authority.report() + self.tracker.report()


class Up(ShoalProcess):
    """`shoal up`, everything in one process."""

    def __init__(self, media: Path, arguments: list[str] = []):
        self._data = tempfile.TemporaryDirectory(prefix="shoal-up-")
        listeners = ("site", "tracker", "authority", "admin", "authority-admin")
        addresses = [option for name in listeners for option in (f"--{name}-address", ANY_PORT)]
        directories = ["--data-directory", self._data.name, "--media-directory", str(media)]
        super().__init__("up", ["up", *addresses, *directories, *arguments])
        self.site = f"http://{self.address('site', RENDERING)}"
        self.admin = self.address("tracker: admin")
        self.wait_until_ready(self.admin)

    def stop(self) -> None:
        super().stop()
        self._data.cleanup()
