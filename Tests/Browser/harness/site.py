"""A web site that embeds Shoal as the README tells a webmaster to, on an origin of the tests' own."""

from typing import Any, Protocol

from .backend import get
from .browsers import Page
from .origin import Origin

PATIENT = "20000"
"""Milliseconds for `data-patience` where a share from peers is asserted: a slow machine must not send the page to the origin."""

SHA256 = "async data => [...new Uint8Array(await crypto.subtle.digest('SHA-256', data))].map(b => b.toString(16).padStart(2, '0')).join('')"


class TrackerAddress(Protocol):
    """What a page must know of a tracker, real or not."""

    socket_url: str


class Site:
    """Pages of `origin`: `/` embeds Shoal, `/plain` is the same page without it."""

    def __init__(self, origin: Origin, client: "ClientFiles", tracker: TrackerAddress, thumbprint: str):
        self.origin = origin
        self.url = origin.url
        self._tracker = tracker
        self._thumbprint = thumbprint
        origin.put("/shoal.js", client.script, "text/javascript")
        origin.put("/shoal-worker.js", client.worker, "text/javascript")
        origin.put("/sw.js", 'importScripts("/shoal-worker.js")\n', "text/javascript")
        self.embed()

    def embed(self, body: str = "<h1>A site</h1>", **attributes: str) -> None:
        """(Re)writes both pages. `attributes` are further ones of the script tag, without `data-`.

        `paths` makes the worker serve what scripts fetch, as these tests do, and not only images and media.
        """
        fixed = {"tracker": self._tracker.socket_url, "root": self._thumbprint, "worker": "/sw.js", "paths": "/"}
        values = fixed | attributes
        data = "".join(f' data-{name}="{value}"' for name, value in values.items())
        tag = f'<script src="/shoal.js"{data}></script>'
        for path, head in (("/", tag), ("/plain", "")):
            page = f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>A site</title>{head}</head><body>{body}</body></html>'
            self.origin.put(path, page, "text/html; charset=utf-8", headers={"Cache-Control": "no-cache"})


class ClientFiles:
    """The two files that a webmaster copies, as a tracker serves them."""

    def __init__(self, tracker_url: str):
        self.script, self.worker = (self._load(tracker_url + path) for path in ("/shoal.js", "/shoal-worker.js"))

    @staticmethod
    def _load(url: str) -> bytes:
        status, _, body = get(url)
        assert status == 200, (url, status, body[:200])
        return body


def wait_until_on(page: Page) -> None:
    """Waits until Shoal works and the worker sees the page's requests."""
    page.eventually("window.shoal.stats().state === 'on' && navigator.serviceWorker.controller !== null")


def load(page: Page, paths: list[str]) -> dict[str, dict[str, Any]]:
    """Fetches all paths at once in the page: status, media type, length and SHA-256 of each body; `error` where there is none."""
    return page.evaluate(
        f"""(async () => {{
            const sha256 = {SHA256};
            const one = async path => {{
                try {{
                    const answer = await fetch(path), body = await answer.arrayBuffer();
                    return [path, {{status: answer.status, type: answer.headers.get('Content-Type'),
                                    length: body.byteLength, sha256: await sha256(body)}}];
                }} catch (error) {{
                    return [path, {{error: String(error)}}];
                }}
            }};
            return Object.fromEntries(await Promise.all({paths}.map(one)));
        }})()"""
    )


def digests(loaded: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Only the digests of what `load` answered, or the whole entry where there is no digest."""
    return {path: entry.get("sha256", entry) for path, entry in loaded.items()}


def complete(url: str) -> str:
    """A condition for `Page.eventually`: the page has all of the content of `url`, and gives it to others."""
    return f"shoal.stats().resources.some(r => r.url === '{url}' && r.state === 'complete')"
