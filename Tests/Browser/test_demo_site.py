"""The demo site of `shoal up`: the second visitor's gallery and video come from the first visitor."""

import json
import urllib.request
from collections.abc import Callable

import pytest
from harness.backend import Up, get
from harness.browsers import Browser, Page
from harness.content import digest
from harness.site import digests, load

Start = Callable[..., Browser]


def certified_resources(page: Page) -> list[dict]:
    """What the page has asked for and Shoal has a certificate for."""
    return page.evaluate("shoal.stats().resources.filter(resource => resource.length)")


def stay_until_complete(page: Page, count: int) -> list[dict]:
    """Waits until a visitor has seen all of the gallery and the video and could give all of it to others."""
    page.eventually(
        f"(r => r.length >= {count} && r.every(one => one.state === 'complete'))(shoal.stats().resources.filter(one => one.state !== 'origin'))",
        within=240,
    )
    return certified_resources(page)


def forget_accesses(up: Up) -> None:
    urllib.request.urlopen(urllib.request.Request(f"{up.site}/-/access", method="DELETE"), timeout=30).close()


def accesses(up: Up) -> dict[str, dict[str, int]]:
    return json.loads(get(f"{up.site}/-/access")[2])


@pytest.mark.parametrize(("giver", "taker"), [("chromium", "chromium"), ("chromium", "firefox"), ("firefox", "chromium")])
def test_the_second_visitor_has_gallery_and_video_from_the_first(browser: Start, up: Up, giver: str, taker: str) -> None:
    first = browser(giver).page(up.site + "/")
    resources = stay_until_complete(first, 31)
    paths = {resource["url"].removeprefix(up.site): resource["length"] for resource in resources}
    assert len([path for path in paths if path.endswith(".mp4")]) == 1
    originals = {path: digest(get(up.site + path)[2]) for path in paths}

    forget_accesses(up)
    second = browser(taker).page(up.site + "/")
    stay_until_complete(second, 31)
    served = sum(entry["bytes"] for path, entry in accesses(up).items() if path in paths)
    assert served <= 0.05 * sum(paths.values()), accesses(up)
    assert digests(load(second, list(paths))) == originals
    assert first.evaluate("shoal.stats().uploaded") >= 0.95 * sum(paths.values())


@pytest.mark.parametrize(("giver", "taker"), [("chromium", "chromium"), ("chromium", "firefox")])
def test_the_video_plays_and_seeks_while_a_peer_gives_it(browser: Start, up: Up, giver: str, taker: str) -> None:
    first = browser(giver).page(up.site + "/")
    resources = stay_until_complete(first, 31)
    video = next(resource for resource in resources if resource["url"].endswith(".mp4"))
    path = video["url"].removeprefix(up.site)

    forget_accesses(up)
    second = browser(taker).page(up.site + "/")
    second.eventually("document.querySelector('video') !== null")
    second.evaluate("(async video => { video.muted = true; await video.play(); return true })(document.querySelector('video'))")
    second.eventually("document.querySelector('video').currentTime > 0.5")
    target = second.evaluate("(v => v.currentTime = 0.8 * v.duration)(document.querySelector('video'))")
    second.eventually(f"(v => !v.paused && v.currentTime > {target} + 0.5)(document.querySelector('video'))")
    assert accesses(up).get(path, {"bytes": 0})["bytes"] <= 0.05 * video["length"]
    figures = second.evaluate(f"shoal.stats().resources.find(resource => resource.url === '{video['url']}')")
    assert figures["fromPeers"] > 0 and figures["rejected"] == 0, figures
