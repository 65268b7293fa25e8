"""The demo site's film, on a site that waits long for peers: it plays and seeks while another visitor gives it."""

from collections.abc import Callable

import pytest
from conftest import MEDIA
from harness.backend import Backend, Up
from harness.browsers import Browser, Page
from harness.origin import Origin
from harness.site import Site, complete, wait_until_on

Start = Callable[..., Browser]
PATH = "/film.webm"
VIDEO = "document.querySelector('video')"


def watch(browser: Browser, site: Site) -> Page:
    """A page that plays the film from its start."""
    page = browser.page(site.url + "/")
    wait_until_on(page)
    page.evaluate(
        f"""(() => {{
            const video = document.createElement('video');
            Object.assign(video, {{muted: true, preload: 'auto', src: '{PATH}'}});
            document.body.append(video);
            return video.play().then(() => true);
        }})()"""
    )
    page.eventually(f"{VIDEO}.currentTime > 0.5")
    return page


@pytest.mark.parametrize(("giver", "taker"), [("chromium", "chromium"), ("chromium", "firefox"), ("firefox", "chromium")])
def test_the_film_plays_and_seeks_while_a_peer_gives_it(
    browser: Start, up: Up, site: Site, backend: Backend, origin: Origin, giver: str, taker: str
) -> None:
    film = (MEDIA / "film.webm").read_bytes()
    assert len(film) >= 10_000_000
    origin.put(PATH, film, "video/webm")
    backend.tracker.certified(site.url, site.url + PATH)
    watch(browser(giver), site).eventually(complete(site.url + PATH))

    origin.forget_accesses()
    page = watch(browser(taker), site)
    target = page.evaluate(f"(video => video.currentTime = 0.8 * video.duration)({VIDEO})")
    page.eventually(f"(video => !video.paused && !video.error && video.currentTime > {target} + 0.5)({VIDEO})")
    figures = page.evaluate(f"shoal.stats().resources.find(resource => resource.url.endsWith('{PATH}'))")
    assert figures["fromPeers"] > 0 and figures["rejected"] == 0, figures
    assert origin.bytes_to_browsers([PATH]) == 0, figures
