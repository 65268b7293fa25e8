"""A peer that breaks Docs/Protocol.md §6: not one wrong byte reaches the page, the peer is dropped, the page completes."""

from collections.abc import Callable

import pytest
from harness.backend import Backend
from harness.browsers import Browser
from harness.content import digest
from harness.hostility import HOSTILE, silent
from harness.origin import Origin
from harness.peer import PythonPeer
from harness.site import Site, digests, load
from test_swarm import publish, visit

Start = Callable[..., Browser]
PATH = "/content.bin"
LENGTH = 400_000
"""Seven pieces, the last one shorter, and its last block too."""


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_peer_is_dropped_and_the_page_completes(
    browser: Start, site: Site, backend: Backend, origin: Origin, python_peer: Callable[..., PythonPeer], name: str
) -> None:
    body = publish(site, backend, PATH, LENGTH, 10)
    peer = python_peer(PATH, HOSTILE[name])
    page = visit(browser("chromium"), site)
    assert digests(load(page, [PATH])) == {PATH: digest(body)}
    assert peer.requests, "the hostile peer was never asked"
    peer.was_dropped()
    stats = page.evaluate("shoal.stats()")
    assert stats["totals"]["fromPeers"] == 0, stats
    assert stats["peers"] == [], stats
    assert origin.bytes_to_browsers([PATH]) == LENGTH
    assert peer.faults == []


def test_one_liar_among_honest_peers_costs_nothing_but_itself(
    browser: Start, site: Site, backend: Backend, origin: Origin, python_peer: Callable[..., PythonPeer]
) -> None:
    body = publish(site, backend, PATH, 4_000_000, 11)
    liar, honest = python_peer(PATH, HOSTILE["flipped-bit"]), python_peer(PATH)
    page = visit(browser("chromium"), site)
    assert digests(load(page, [PATH])) == {PATH: digest(body)}
    liar.was_dropped()
    assert honest.closed == 0
    assert page.evaluate("shoal.stats().totals.rejected") > 0
    assert origin.bytes_to_browsers([PATH]) < len(body)


def test_a_dropped_peer_is_not_connected_to_again(
    browser: Start, site: Site, backend: Backend, origin: Origin, python_peer: Callable[..., PythonPeer]
) -> None:
    publish(site, backend, PATH, LENGTH, 12)
    liar = python_peer(PATH, HOSTILE["unknown-type"])
    page = visit(browser("chromium"), site)
    load(page, [PATH])
    liar.was_dropped()
    opened = liar.opened
    again = publish(site, backend, "/again.bin", LENGTH, 12)  # The same content, under another URL.
    assert digests(load(page, ["/again.bin"])) == {"/again.bin": digest(again)}
    assert liar.opened == opened


@pytest.mark.parametrize("connects", [True, False])
def test_a_silent_peer_delays_nothing_for_long(
    browser: Start, site: Site, backend: Backend, origin: Origin, python_peer: Callable[..., PythonPeer], connects: bool
) -> None:
    body = publish(site, backend, PATH, LENGTH, 13)
    site.embed()
    peer = python_peer(PATH, silent)
    peer.answering = connects
    page = visit(browser("chromium"), site)
    assert digests(load(page, [PATH])) == {PATH: digest(body)}
    assert page.evaluate("shoal.stats().totals.fromPeers") == 0
    assert (peer.opened > 0) == connects
    assert origin.bytes_to_browsers([PATH]) == LENGTH
