"""What the service worker answers: Range requests as the origin would, and nothing at all once Shoal is off."""

from collections.abc import Callable
from typing import Any

import pytest
from harness.backend import Backend, get
from harness.browsers import Browser, Page
from harness.content import digest
from harness.origin import Origin
from harness.site import SHA256, Site, complete, digests, load, wait_until_on
from test_swarm import publish, seed, visit

Start = Callable[..., Browser]
PATH = "/content.bin"
LENGTH = 300_001
RANGES = [
    "bytes=0-0",
    "bytes=0-99",
    "bytes=65530-65545",
    "bytes=16384-",
    "bytes=300000-",
    "bytes=-1",
    "bytes=-70000",
    "bytes=-9999999",
    "bytes=299990-9999999",
    "bytes=0-",
    "bytes=300001-",
    "bytes=9999999-",
    "bytes=-0",
]
NO_SINGLE_RANGE = ["bytes=5-2", "bytes=a-b", "bytes=-", "bytes 0-5", "items=0-5", "bytes=0-1,4-5"]
"""What an origin ignores, or answers in a way that only it knows."""


def ranged(page: Page, path: str, ranges: list[str]) -> list[dict[str, Any]]:
    """What the page gets for each range."""
    return page.evaluate(
        f"""(async () => {{
            const sha256 = {SHA256}, answers = [];
            for (const range of {ranges}) {{
                const answer = await fetch('{path}', {{headers: {{Range: range}}, cache: 'no-store'}});
                const body = await answer.arrayBuffer();
                answers.push({{range, status: answer.status, contentRange: answer.headers.get('Content-Range'),
                               length: answer.status === 416 ? 0 : body.byteLength,
                               sha256: answer.status === 416 ? '' : await sha256(body)}});
            }}
            return answers;
        }})()"""
    )


def from_origin(url: str, ranges: list[str]) -> list[dict[str, Any]]:
    """The origin's own answers."""
    answers = []
    for range in ranges:
        status, headers, body = get(url, {"Range": range})
        shown = b"" if status == 416 else body
        answers.append(
            {
                "range": range,
                "status": status,
                "contentRange": headers.get("content-range"),
                "length": len(shown),
                "sha256": digest(shown) if status != 416 else "",
            }
        )
    return answers


@pytest.mark.parametrize("kind", ["chromium", "firefox"])
def test_ranges_of_stored_content(browser: Start, site: Site, backend: Backend, origin: Origin, kind: str) -> None:
    publish(site, backend, PATH, LENGTH, 30)
    page = seed(browser(kind), site, PATH)
    origin.forget_accesses()
    assert ranged(page, PATH, RANGES) == from_origin(site.url + PATH, RANGES)
    assert origin.bytes_to_browsers([PATH]) == 0
    assert ranged(page, PATH, NO_SINGLE_RANGE) == from_origin(site.url + PATH, NO_SINGLE_RANGE)


def test_ranges_of_content_that_a_peer_has(
    browser: Start, site: Site, backend: Backend, origin: Origin, python_peer: Callable[..., Any]
) -> None:
    body = publish(site, backend, PATH, LENGTH, 31)
    python_peer(PATH)
    page = visit(browser("chromium"), site)
    origin.forget_accesses()
    assert ranged(page, PATH, RANGES) == from_origin(site.url + PATH, RANGES)
    assert origin.bytes_to_browsers([PATH]) <= 0.05 * len(body)


@pytest.mark.parametrize("kind", ["chromium", "firefox"])
def test_off_leaves_nothing_behind(browser: Start, site: Site, backend: Backend, origin: Origin, kind: str) -> None:
    body = publish(site, backend, PATH, LENGTH, 32)
    page = seed(browser(kind), site, PATH)
    left_behind = """(async () => ({
        workers: (await navigator.serviceWorker.getRegistrations()).length,
        caches: await caches.keys(),
        databases: (await indexedDB.databases()).map(database => database.name),
        storage: Object.keys(localStorage),
    }))()"""
    before = page.evaluate(left_behind)
    assert before["workers"] == 1 and before["caches"], before
    page.evaluate("shoal.off()")
    after = page.evaluate(left_behind)
    assert after == {"workers": 0, "caches": [], "databases": [], "storage": []}
    assert page.evaluate("shoal.stats().state").startswith("off")
    assert page.evaluate("shoal.stats().peers") == []

    origin.forget_accesses()
    assert digests(load(page, [PATH])) == {PATH: digest(body)}
    assert origin.bytes_to_browsers([PATH]) == LENGTH


def test_withdrawn_consent_stops_at_once(browser: Start, site: Site, backend: Backend, origin: Origin) -> None:
    body = publish(site, backend, PATH, LENGTH, 33)
    site.embed(consent="required")
    page = browser("chromium").page(site.url + "/")
    page.eventually("shoal.stats().state === 'off: no consent'")
    page.evaluate("shoal.consent(true)")
    wait_until_on(page)
    load(page, [PATH])
    page.eventually(complete(site.url + PATH))
    page.evaluate("shoal.consent(false)")
    page.eventually("shoal.stats().state === 'off: no consent'")
    assert page.eventually("caches.keys().then(keys => keys.length === 0)")
    origin.forget_accesses()
    assert digests(load(page, [PATH])) == {PATH: digest(body)}
    assert origin.bytes_to_browsers([PATH]) == LENGTH
