"""A browser that gives to others, asked by a second implementation of the protocol, by the rules and against them."""

from collections.abc import Callable
from typing import Any

import pytest
from harness import merkle, wire
from harness.backend import Backend
from harness.browsers import Browser, Page
from harness.requester import Requester
from harness.site import Site
from harness.waiting import eventually
from test_swarm import publish, seed

Start = Callable[..., Browser]
Serving = Callable[..., tuple[Page, Requester, bytes]]
PATH = "/content.bin"
LENGTH = 1_000_001


@pytest.fixture
def serving(browser: Start, site: Site, backend: Backend, started: Any) -> Serving:
    """`serving("chromium")`: a page that has announced content, a requester connected to it, and the content."""

    def start(kind: str = "chromium") -> tuple[Page, Requester, bytes]:
        body = publish(site, backend, PATH, LENGTH, 40)
        page = seed(browser(kind), site, PATH)
        requester = started.add(Requester(backend.tracker.socket_url, site.url))
        certificate = backend.tracker.certified(site.url, site.url + PATH)["certificate"]
        requester.connect(requester.peers(certificate)[0])
        return page, requester, body

    return start


@pytest.mark.parametrize("kind", ["chromium", "firefox"])
def test_a_second_implementation_is_served(serving: Serving, kind: str) -> None:
    page, requester, body = serving(kind)
    content = merkle.content_id(body)
    assert requester.fetch(content, LENGTH, merkle.piece_length(LENGTH)) == body
    page.eventually(f"shoal.stats().uploaded === {LENGTH}")


def test_content_that_it_does_not_have_is_refused(serving: Serving) -> None:
    _, requester, body = serving()
    requester.send(wire.request(1, 0, bytes(32)))
    requester.send(wire.request(2, 0, merkle.content_id(body)))
    eventually("the refusal and a piece arrive", lambda: len(requester.received) == 5)
    assert requester.refusals() == [(1, 1)]
    assert not requester.is_closed


def test_more_than_64_requests_are_refused_and_not_piled_up(serving: Serving) -> None:
    _, requester, body = serving()
    content = merkle.content_id(body)
    for number in range(400):
        requester.send(wire.request(number, number % 15, content))

    def answered() -> bool:
        blocks = sum(1 for message in requester.received if message[0] == wire.BLOCK_TYPE)
        return blocks // 4 + len(requester.refusals()) == 400

    eventually("every request is answered", answered)
    assert {reason for _, reason in requester.refusals()} <= {2}


AGAINST_THE_RULES: dict[str, bytes | str] = {
    "text": "hello",
    "nothing": b"",
    "unknown type": b"\x09" + bytes(40),
    "type 0": b"\x00" + bytes(40),
    "request too short": wire.request(1, 0, bytes(31)),
    "request too long": wire.request(1, 0, bytes(33)),
    "cancel too long": wire.cancel(1) + b"\x00",
    "refuse too short": wire.refuse(1, 1)[:5],
    "block that nobody asked for": wire.block(1, 0, bytes(16_384)),
    "block too long": wire.block(1, 0, bytes(16_385)),
    "60,000 bytes": b"\x01" + bytes(59_999),
}


@pytest.mark.parametrize("name", AGAINST_THE_RULES)
def test_who_breaks_the_rules_is_dropped(serving: Serving, name: str) -> None:
    page, requester, _ = serving()
    requester.send(AGAINST_THE_RULES[name])
    eventually("the connection is closed", lambda: requester.is_closed)
    assert page.evaluate("shoal.stats().state") == "on"
    assert page.evaluate("shoal.stats().peers") == []
