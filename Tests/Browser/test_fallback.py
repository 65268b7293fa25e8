"""Whatever is missing: the page is what it is without Shoal, and the console has one clear line at most."""

from collections.abc import Callable
from typing import Any

import pytest
from harness.backend import Backend
from harness.browsers import Browser, Page
from harness.comparison import BODY, MARKUP, furnish, same_as_without_shoal
from harness.content import noise
from harness.site import Site, load, wait_until_on

Start = Callable[..., Browser]
KINDS = ["chromium", "firefox"]


@pytest.mark.parametrize("kind", KINDS)
def test_all_is_well(browser: Start, site: Site, backend: Backend, kind: str) -> None:
    """The comparison itself, with Shoal at work: what is refused or certified looks the same."""
    furnish(site.origin)
    site.embed(MARKUP)
    backend.tracker.certified(site.url, site.url + "/data.bin")
    page = same_as_without_shoal(browser(kind), site.origin, wait_until_on)
    assert page.evaluate("shoal.stats().totals.fromOrigin") >= len(BODY)


@pytest.mark.parametrize("kind", KINDS)
def test_an_answer_that_breaks_off_is_an_error_as_without_shoal(browser: Start, site: Site, kind: str) -> None:
    """A short body never passes for a whole one. Browsers word the failure in their own ways; that it is one counts."""
    site.origin.put("/broken.bin", noise(100_000, 21), cut_after=50_000)
    chosen = browser(kind)
    assert "error" in load(chosen.page(site.url + "/plain"), ["/broken.bin"])["/broken.bin"]
    page = chosen.page(site.url + "/")
    wait_until_on(page)
    assert "error" in load(page, ["/broken.bin"])["/broken.bin"]


@pytest.mark.parametrize("kind", KINDS)
def test_tracker_dead(browser: Start, mortal_site: Site, own_backend: Backend, kind: str) -> None:
    furnish(mortal_site.origin)
    mortal_site.embed(MARKUP)
    own_backend.tracker.kill()
    same_as_without_shoal(browser(kind), mortal_site.origin)


def test_tracker_dies_while_the_page_is_open(browser: Start, mortal_site: Site, own_backend: Backend) -> None:
    furnish(mortal_site.origin)
    mortal_site.embed(MARKUP)

    def kill_it(page: Page) -> None:
        wait_until_on(page)
        own_backend.tracker.kill()

    same_as_without_shoal(browser("chromium"), mortal_site.origin, kill_it)


@pytest.mark.parametrize("kind", KINDS)
def test_authority_dead(browser: Start, mortal_site: Site, own_backend: Backend, kind: str) -> None:
    furnish(mortal_site.origin)
    mortal_site.embed(MARKUP)
    own_backend.authority.kill()
    same_as_without_shoal(browser(kind), mortal_site.origin)


NO_WEBRTC: dict[str, tuple[str, list[Any]]] = {
    "chromium, addresses withheld by policy": ("chromium", [["--force-webrtc-ip-handling-policy=disable_non_proxied_udp"]]),
    "firefox, switched off": ("firefox", [{"media.peerconnection.enabled": False}]),
}


@pytest.mark.parametrize("name", NO_WEBRTC)
def test_webrtc_switched_off(browser: Start, site: Site, backend: Backend, name: str) -> None:
    kind, options = NO_WEBRTC[name]
    furnish(site.origin)
    site.embed(MARKUP)
    backend.tracker.certified(site.url, site.url + "/data.bin")
    same_as_without_shoal(browser(kind, *options), site.origin)


@pytest.mark.parametrize("kind", KINDS)
def test_webrtc_taken_away_by_an_extension(browser: Start, site: Site, backend: Backend, kind: str) -> None:
    """Chromium has no switch for it; extensions remove the constructor before the page runs."""
    furnish(site.origin)
    site.embed(MARKUP)
    backend.tracker.certified(site.url, site.url + "/data.bin")
    chosen = browser(kind)
    chosen.before_every_page("() => { delete globalThis.RTCPeerConnection; delete globalThis.webkitRTCPeerConnection; }")
    page = same_as_without_shoal(chosen, site.origin)
    assert page.evaluate("typeof RTCPeerConnection") == "undefined"
