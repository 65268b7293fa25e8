"""Pages that a tracker leads away (Docs/Protocol.md §4.8): they come back as other peers, and nobody who looks at them notices."""

from collections.abc import Callable
from typing import Any

import pytest
from harness.browsers import Browser, Page
from harness.content import digest, noise
from harness.fake_tracker import FakeTracker, Result, certified
from harness.origin import Origin
from harness.site import PATIENT, ClientFiles, Site, complete, digests, load, wait_until_on
from harness.tokens import Authority
from harness.waiting import eventually

Start = Callable[..., Browser]
BIG = "/big.bin"
OTHER = "/other.bin"
BODIES = {BIG: noise(48_000_000, 71), OTHER: noise(1_000_000, 72)} | {f"/{n}.bin": noise(1_000 + n, n) for n in range(40)}


@pytest.fixture
def tracker(started: Any) -> FakeTracker:
    authority = Authority.new()

    def certify(site: str, url: str) -> Result:
        body = BODIES[url.removeprefix(site)]
        return certified(authority.certificate(site, url, body, "application/octet-stream"), body)

    return started.add(FakeTracker(authority, certify))


@pytest.fixture
def moving_site(origin: Origin, tracker: FakeTracker, client: ClientFiles) -> Site:
    for path, body in BODIES.items():
        origin.put(path, body)
    site = Site(origin, client, tracker, tracker.authority.thumbprint)
    site.embed(patience=PATIENT)
    return site


def visit(browser: Browser, site: Site) -> Page:
    page = browser.page(site.url + "/")
    wait_until_on(page)
    return page


def peer_id(page: Page) -> str:
    return page.evaluate("shoal.stats().peer")


@pytest.mark.parametrize(("giver", "taker"), [("chromium", "chromium"), ("firefox", "chromium"), ("chromium", "firefox")])
def test_what_flows_between_peers_goes_on_while_both_move(
    browser: Start, moving_site: Site, tracker: FakeTracker, origin: Origin, giver: str, taker: str
) -> None:
    first = visit(browser(giver), moving_site)
    load(first, [BIG, OTHER])
    for path in (BIG, OTHER):
        first.eventually(complete(moving_site.url + path))
    second = visit(browser(taker), moving_site)
    before = peer_id(first), peer_id(second)

    origin.forget_accesses()
    second.evaluate(f"window.body = fetch('{BIG}').then(answer => answer.arrayBuffer()), 0")
    second.eventually("shoal.stats().totals.fromPeers > 0")
    tracker.move(0)
    for page, old in zip((first, second), before):
        page.eventually(f"(shoal.stats().peer ?? '{old}') !== '{old}'")
    assert second.evaluate("shoal.stats().totals.fromPeers") < len(BODIES[BIG]), "the transfer was over before the move"
    assert second.evaluate("body.then(body => body.byteLength)") == len(BODIES[BIG])
    assert origin.bytes_to_browsers([BIG]) == 0
    assert second.evaluate("shoal.stats().peers.map(peer => peer.peer)") == [before[0]]

    # Those that have moved are introduced to each other anew.
    assert digests(load(second, [OTHER])) == {OTHER: digest(BODIES[OTHER])}
    assert origin.bytes_to_browsers([OTHER]) == 0


def test_what_a_page_has_is_announced_anew_in_few_messages(browser: Start, moving_site: Site, tracker: FakeTracker) -> None:
    paths = [f"/{n}.bin" for n in range(40)]
    page = visit(browser("chromium"), moving_site)
    load(page, paths)
    eventually("all is announced", lambda: sum(tracker.announced) == 40)
    tracker.announced.clear()
    tracker.move(100)
    eventually("all is announced anew", lambda: sum(tracker.announced) == 40)
    assert tracker.announced == [31, 9]
