"""The second way to embed Shoal: the page loads the client from the tracker, with the hash that the tracker's admin page prints."""

import html
import re
from collections.abc import Callable

import pytest
from harness.backend import Backend, get
from harness.browsers import Browser
from harness.comparison import MARKUP, PICTURE, furnish, look
from harness.origin import Origin
from harness.site import Site, complete, wait_until_on

Start = Callable[..., Browser]


def printed(backend: Backend, element: str) -> str:
    """What the admin page shows in an element, as a webmaster copies it."""
    status, _, body = get(f"http://{backend.tracker.admin}/")
    assert status == 200
    return html.unescape(re.search(rf'id="{element}">(.*?)</pre>', body.decode(), re.DOTALL)[1])


def embed(origin: Origin, tag: str, worker: str) -> None:
    furnish(origin)
    origin.put("/sw.js", worker, "text/javascript")
    for path, head in (("/", tag), ("/plain", "")):
        origin.put(path, f'<!DOCTYPE html><meta charset="utf-8"><title>A site</title>{head}<body>{MARKUP}</body>', "text/html; charset=utf-8")


@pytest.mark.parametrize("kind", ["chromium", "firefox"])
def test_what_the_admin_page_prints_works(browser: Start, site: Site, backend: Backend, kind: str) -> None:
    embed(site.origin, printed(backend, "script-tag"), printed(backend, "worker-line"))
    site.origin.put("/photo.svg", PICTURE, "image/svg+xml")
    backend.tracker.certified(site.url, site.url + "/photo.svg")
    page = browser(kind).page(site.url + "/")
    wait_until_on(page)
    page.evaluate("(photo => { photo.src = '/photo.svg'; return photo.decode().then(() => true) })(new Image())")
    page.eventually(complete(site.url + "/photo.svg"))


@pytest.mark.parametrize("kind", ["chromium", "firefox"])
def test_a_script_that_was_tampered_with_is_refused(
    browser: Start, site: Site, backend: Backend, another_origin: Callable[[], Origin], kind: str
) -> None:
    """The same tag, but the tracker serves one byte more."""
    tag = printed(backend, "script-tag")
    evil = another_origin()
    script = get(f"{backend.tracker.url}/shoal.js")[2]
    evil.put("/shoal.js", script + b";", "text/javascript", headers={"Access-Control-Allow-Origin": "*"})
    embed(site.origin, tag.replace(f"{backend.tracker.url}/shoal.js", f"{evil.url}/shoal.js"), printed(backend, "worker-line"))
    chosen = browser(kind)
    bare = look(chosen.page(site.url + "/plain"))
    page = chosen.page(site.url + "/")
    assert evil.accesses("/shoal.js"), "the page did not ask for the tampered script"
    assert page.evaluate("typeof shoal") == "undefined"
    assert look(page) == bare


def test_client_files_are_served_to_be_cached(backend: Backend) -> None:
    for path in ("/shoal.js", "/shoal-worker.js"):
        status, headers, body = get(backend.tracker.url + path)
        assert (status, headers["cache-control"]) == (200, "public, max-age=3600")
        assert headers["access-control-allow-origin"] == "*" and headers["x-content-type-options"] == "nosniff"
        assert headers["content-type"].startswith("text/javascript") and len(body) > 500
        assert get(backend.tracker.url + path, {"If-None-Match": headers["etag"]})[0] == 304
