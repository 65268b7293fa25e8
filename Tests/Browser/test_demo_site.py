"""The demo site of `shoal up`: the second visitor's gallery and video come from the first visitor."""

import json
import urllib.request
from collections.abc import Callable, Iterable
from urllib.parse import urlsplit

import pytest
from harness.backend import Up, get
from harness.browsers import Browser, Page
from harness.content import digest
from harness.site import SHA256
from harness.waiting import eventually

Start = Callable[..., Browser]


def stay_until_complete(page: Page) -> dict[str, dict]:
    """Waits until the visitor has all pictures and the film and could give them to others. Answers them by path."""
    media = "shoal.stats().resources.filter(one => one.url.includes('/media/'))"
    page.eventually(f"(r => r.length >= 32 && r.every(one => one.state === 'complete'))({media})", within=240)
    return {urlsplit(resource["url"]).path: resource for resource in page.evaluate(media)}


def forget_accesses(up: Up) -> None:
    urllib.request.urlopen(urllib.request.Request(f"{up.site}/-/access", method="DELETE"), timeout=30).close()


def bytes_from_origin(up: Up, paths: Iterable[str]) -> int:
    """What the origin has sent of these paths since `forget_accesses`, to anybody."""
    accesses = json.loads(get(f"{up.site}/-/access")[2])
    return sum(accesses.get(path, {"bytes": 0})["bytes"] for path in paths)


@pytest.mark.parametrize(("giver", "taker"), [("chromium", "chromium"), ("chromium", "firefox"), ("firefox", "chromium")])
def test_the_second_visitor_has_gallery_and_film_from_the_first(browser: Start, up: Up, giver: str, taker: str) -> None:
    first = browser(giver).page(up.site + "/")
    media = stay_until_complete(first)
    length = sum(resource["length"] for resource in media.values())
    assert len([path for path in media if path.endswith(".jpg")]) >= 30 and media["/media/film.webm"]["length"] >= 10_000_000
    originals = {path: digest(get(up.site + path)[2]) for path in media}

    forget_accesses(up)
    second = browser(taker).page(up.site + "/")
    assert stay_until_complete(second).keys() == media.keys()
    assert bytes_from_origin(up, media) <= 0.05 * length, second.figures()["totals"]
    assert pictures_shown(second) == pictures_shown(first)
    eventually("all is kept as it is at the origin", lambda: digests_of_what_is_kept(second, list(media)) == originals)
    first.eventually(f"shoal.stats().uploaded >= {int(0.95 * length)}")


def pictures_shown(page: Page) -> list[list]:
    """Source and size of every picture that the page shows."""
    return page.eventually("(all => all.every(i => i.complete) && all.map(i => [i.src, i.naturalWidth, i.naturalHeight]))([...document.images].filter(i => i.src.includes('/media/')))")


def digests_of_what_is_kept(page: Page, paths: list[str]) -> dict[str, str]:
    """SHA-256 of each path's bytes as they came to this browser and are given to its pages from now on.

    Scripts cannot read the bytes that the worker gave to an <img> or a <video>, and what they fetch themselves comes from the
    origin; so the store is read, whose keys hold the URLs.
    """
    return page.evaluate(
        f"""(async () => {{
            const sha256 = {SHA256}, answers = {{}};
            const cache = await caches.open('shoal');
            for (const request of await cache.keys()) {{
                const {{pathname}} = new URL(decodeURIComponent(new URL(request.url).search.slice(1)));
                if ({paths}.includes(pathname)) answers[pathname] = await sha256(await (await cache.match(request)).arrayBuffer());
            }}
            return answers;
        }})()"""
    )
