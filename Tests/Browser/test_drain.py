"""A tracker that is told to end leads its clients away first (Docs/Protocol.md §4.8, Docs/Operations.md)."""

import signal
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import pytest
from harness.backend import Backend, get
from harness.tracker_socket import TrackerSocket

SITE = "http://site.example"
Drained = Callable[..., Backend]


@pytest.fixture
def drained(started: Any) -> Drained:
    """`drained(SPREAD, LIMIT)`: a backend whose tracker has this drain."""
    return lambda spread, limit: started.add(Backend(["--drain-spread", str(spread), "--drain-limit", str(limit)]))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_clients_are_served_until_they_have_moved(drained: Drained, number: int) -> None:
    tracker = drained(50, 50).tracker
    with ExitStack() as stack:
        clients = [stack.enter_context(TrackerSocket(tracker.socket_url, SITE)) for _ in range(5)]
        tracker.signal(number)
        moves = [client.receive() for client in clients]
        assert all(move["action"] == "move" and 0 <= move["delay"] <= 50_000 for move in moves), moves
        assert len({move["delay"] for move in moves}) > 1, moves
        assert get(f"http://{tracker.admin}/readyz")[::2] == (503, b"not ready: draining\n")
        late = stack.enter_context(TrackerSocket(tracker.socket_url, SITE))
        assert late.receive()["action"] == "move"
        assert all(client.is_alive() for client in [*clients, late])
        assert tracker.running
    assert tracker.exit_code() == 0, tracker.tail()
    assert tracker.group_is_empty()
    assert not any("EventLoop" in line for line in tracker.output), tracker.tail()


def test_clients_that_stay_are_closed_at_the_limit(drained: Drained) -> None:
    tracker = drained(0, 2).tracker
    with TrackerSocket(tracker.socket_url, SITE) as client:
        began = time.monotonic()
        tracker.signal(signal.SIGTERM)
        assert client.receive() == {"action": "move", "delay": 0}
        assert client.close_code() == 1001
        assert time.monotonic() - began >= 2
    assert tracker.exit_code() == 0, tracker.tail()


def test_a_second_signal_ends_the_wait(drained: Drained) -> None:
    tracker = drained(3_600, 3_600).tracker
    with TrackerSocket(tracker.socket_url, SITE) as client:
        tracker.signal(signal.SIGTERM)
        assert client.receive()["action"] == "move"
        tracker.signal(signal.SIGTERM)
        assert client.close_code() == 1001
    assert tracker.exit_code() == 0, tracker.tail()


def test_nobody_to_lead_away(drained: Drained) -> None:
    tracker = drained(3_600, 3_600).tracker
    tracker.signal(signal.SIGTERM)
    assert tracker.exit_code() == 0, tracker.tail()
