"""Browsers that give to each other: from several at once, from a second implementation, from one that dies."""

from collections.abc import Callable

import pytest
from harness.backend import Backend
from harness.browsers import Browser, Page
from harness.content import digest, noise
from harness.origin import Origin
from harness.peer import PythonPeer
from harness.site import Site, complete, digests, load, wait_until_on

Start = Callable[..., Browser]
BIG = "/big.bin"


def visit(browser: Browser, site: Site) -> Page:
    """A page of the site on which Shoal works."""
    page = browser.page(site.url + "/")
    wait_until_on(page)
    return page


def seed(browser: Browser, site: Site, path: str) -> Page:
    """A page that has all of a path's content and gives it to others."""
    page = visit(browser, site)
    load(page, [path])
    page.eventually(complete(site.url + path))
    return page


def publish(site: Site, backend: Backend, path: str, length: int, seed: int) -> bytes:
    """Puts certified content on the site."""
    body = noise(length, seed)
    site.origin.put(path, body)
    backend.tracker.certified(site.url, site.url + path)
    return body


@pytest.mark.parametrize(("giver", "taker"), [("chromium", "chromium"), ("chromium", "firefox"), ("firefox", "chromium")])
def test_the_second_visitor_draws_from_the_first(
    browser: Start, site: Site, backend: Backend, origin: Origin, giver: str, taker: str
) -> None:
    lengths = {"/a.bin": 1, "/b.bin": 65_536, "/c.bin": 65_537, "/d.bin": 1_000_000, "/e.bin": 5_000_000}
    for number, (path, length) in enumerate(lengths.items()):
        publish(site, backend, path, length, number)
    first = visit(browser(giver), site)
    load(first, list(lengths))
    for path in lengths:
        first.eventually(complete(site.url + path))

    origin.forget_accesses()
    second = visit(browser(taker), site)
    assert digests(load(second, list(lengths))) == origin.digests(list(lengths))
    assert origin.bytes_to_browsers(list(lengths)) <= 0.05 * sum(lengths.values())
    assert second.evaluate("shoal.stats().totals.fromPeers") >= 0.95 * sum(lengths.values())
    first.eventually(f"shoal.stats().uploaded >= {int(0.95 * sum(lengths.values()))}")


def test_a_third_visitor_draws_from_two_at_once(browser: Start, site: Site, backend: Backend, origin: Origin) -> None:
    body = publish(site, backend, BIG, 24_000_000, 1)
    givers = [seed(browser("chromium"), site, BIG) for _ in range(2)]

    origin.forget_accesses()
    third = visit(browser("chromium"), site)
    assert digests(load(third, [BIG])) == {BIG: digest(body)}
    for giver in givers:
        assert giver.evaluate("shoal.stats().uploaded") > 1_000_000
    received = third.evaluate("shoal.stats().peers.map(peer => peer.received)")
    assert len([count for count in received if count > 1_000_000]) == 2, received
    assert origin.bytes_to_browsers([BIG]) <= 0.05 * len(body)


def test_a_giver_killed_in_mid_transfer_is_replaced_by_the_origin(
    browser: Start, site: Site, backend: Backend, origin: Origin
) -> None:
    body = publish(site, backend, BIG, 48_000_000, 2)
    giver = browser("chromium")
    seed(giver, site, BIG)

    origin.forget_accesses()
    taker = visit(browser("chromium"), site)
    taker.evaluate(
        f"""(() => {{
            globalThis.wholeBody = fetch('{BIG}').then(answer => answer.arrayBuffer());
            return true;
        }})()"""
    )
    taker.eventually("shoal.stats().totals.fromPeers > 1_000_000")
    giver.kill()
    sha256 = taker.evaluate(
        "wholeBody.then(body => crypto.subtle.digest('SHA-256', body))"
        ".then(hash => [...new Uint8Array(hash)].map(byte => byte.toString(16).padStart(2, '0')).join(''))"
    )
    assert sha256 == digest(body)
    totals = taker.evaluate("shoal.stats().totals")
    assert totals["fromPeers"] > 1_000_000 and totals["fromOrigin"] > 0, totals
    assert 0 < origin.bytes_to_browsers([BIG]) < len(body)


@pytest.mark.parametrize("kind", ["chromium", "firefox"])
def test_a_second_implementation_of_the_peer_protocol_serves_a_browser(
    browser: Start, site: Site, backend: Backend, origin: Origin, python_peer: Callable[..., PythonPeer], kind: str
) -> None:
    body = publish(site, backend, BIG, 1_200_000, 3)
    peer = python_peer(BIG)
    page = visit(browser(kind), site)
    assert digests(load(page, [BIG])) == {BIG: digest(body)}
    assert origin.bytes_to_browsers([BIG]) == 0
    assert page.evaluate("shoal.stats().totals.fromPeers") == len(body)
    assert peer.faults == []
    assert sorted({request.piece for request in peer.requests}) == list(range(-(-len(body) // 65_536)))
