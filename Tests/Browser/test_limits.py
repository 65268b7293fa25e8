"""The limits of Docs/Protocol.md §2.4 to §2.6 hold on a real node, and the node goes on."""

import json
import socket
from collections.abc import Callable
from contextlib import closing, suppress
from typing import Any

import pytest
from harness.backend import Backend, get
from harness.tracker_socket import TrackerSocket
from harness.waiting import DEADLINE, eventually
from websockets.client import ClientProtocol
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.uri import parse_uri

SITE = "http://site.example"


@pytest.fixture
def limited(started: Any) -> Callable[..., Backend]:
    """`limited("--connection-limit", "2")`: a backend whose tracker has these settings."""
    return lambda *settings: started.add(Backend(tracker=list(settings)))


def test_welcome_states_the_limits_in_force(backend: Backend, limited: Callable[..., Backend]) -> None:
    with TrackerSocket(backend.tracker.socket_url, SITE) as tracker:
        limits = tracker.welcome["limits"]
    defaults = {"message-size-limit": 65_536, "message-rate-limit": 50, "message-burst-limit": 200, "connection-limit": 10_000}
    defaults |= {"idle-timeout": 75, "ping-interval": 30, "send-queue-limit": 1_048_576, "announce-limit": 4_096}
    assert limits | defaults | {"introduction-limit": 16} == limits
    other = limited("--message-size-limit", "1024", "--announce-limit", "7")
    with TrackerSocket(other.tracker.socket_url, SITE) as tracker:
        assert tracker.welcome["limits"] == limits | {"message-size-limit": 1_024, "announce-limit": 7}
        assert tracker.ask("x" * 1_025)["limit"] == 1_024


def test_a_node_at_its_connection_limit_says_503(limited: Callable[..., Backend]) -> None:
    tracker = limited("--connection-limit", "2").tracker
    with TrackerSocket(tracker.socket_url, SITE) as first, TrackerSocket(tracker.socket_url, SITE):
        with pytest.raises(InvalidStatus) as refused:
            TrackerSocket(tracker.socket_url, SITE)
        assert refused.value.response.status_code == 503
        assert int(refused.value.response.headers["Retry-After"]) > 0
        assert get(f"{tracker.url}/v1/keyset")[0] == 200
        assert first.is_alive()

    def has_room_again() -> bool:
        try:
            with TrackerSocket(tracker.socket_url, SITE) as again:
                return again.is_alive()
        except InvalidStatus:
            return False

    eventually("the places are free again", has_room_again)


def test_messages_over_the_rate_are_not_carried_out(limited: Callable[..., Backend]) -> None:
    tracker = limited("--message-rate-limit", "1", "--message-burst-limit", "5").tracker
    with TrackerSocket(tracker.socket_url, SITE) as fast, TrackerSocket(tracker.socket_url, SITE) as other:
        for number in range(20):
            fast.send({"action": "leave", "id": number})
        done = []
        while (answer := fast.receive())["action"] == "left":
            done.append(answer["id"])
        assert done[:5] == [0, 1, 2, 3, 4]
        assert answer["code"] == "too-fast", answer
        assert other.is_alive()


def test_a_close_is_answered_however_fast_the_messages_were(limited: Callable[..., Backend]) -> None:
    tracker = limited("--message-rate-limit", "1", "--message-burst-limit", "5").tracker
    with TrackerSocket(tracker.socket_url, SITE) as fast:
        for number in range(10):
            fast.send({"action": "leave", "id": number})
        fast.socket.close()
        assert fast.socket.close_code == 1000


def test_one_that_goes_on_far_too_fast_is_closed(limited: Callable[..., Backend]) -> None:
    tracker = limited("--message-rate-limit", "1", "--message-burst-limit", "5").tracker
    with TrackerSocket(tracker.socket_url, SITE) as fast, TrackerSocket(tracker.socket_url, SITE) as other:
        message = json.dumps({"action": "leave", "id": 1})
        with suppress(ConnectionClosed):  # The tracker may close before all are sent.
            for _ in range(5 + 50 + 45):  # The burst, ten times the burst beyond it, and what the rate lets pass on a slow machine.
                fast.send(message)
        assert fast.close_code() == 1008
        assert other.is_alive()


def test_silence_ends_a_connection(limited: Callable[..., Backend]) -> None:
    """A client that answers not even pings; one that does is silent too, and stays."""
    tracker = limited("--idle-timeout", "3", "--ping-interval", "1").tracker
    protocol = ClientProtocol(parse_uri(f"{tracker.socket_url}/v1/connect"), origin=SITE, subprotocols=["shoal.v1"])
    host, port = tracker.url.removeprefix("http://").split(":")
    with TrackerSocket(tracker.socket_url, SITE) as alive, closing(socket.create_connection((host, int(port)))) as silent:
        silent.settimeout(DEADLINE)
        protocol.send_request(protocol.connect())
        silent.sendall(b"".join(protocol.data_to_send()))
        while protocol.close_rcvd is None:
            data = silent.recv(65_536)
            assert data, "the connection ended without a close frame"
            protocol.receive_data(data)
        assert protocol.close_rcvd.code == 1001
        assert alive.is_alive()


def test_one_that_does_not_read_is_closed(limited: Callable[..., Backend]) -> None:
    """Answers that nobody reads do not pile up in the node: the connection ends, and others notice nothing."""
    tracker = limited("--send-queue-limit", "65536", "--message-rate-limit", "100000", "--message-burst-limit", "100000").tracker
    protocol = ClientProtocol(parse_uri(f"{tracker.socket_url}/v1/connect"), origin=SITE, subprotocols=["shoal.v1"])
    host, port = tracker.url.removeprefix("http://").split(":")
    with TrackerSocket(tracker.socket_url, SITE) as other, closing(socket.socket()) as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        deaf.settimeout(DEADLINE)
        deaf.connect((host, int(port)))
        protocol.send_request(protocol.connect())
        deaf.sendall(b"".join(protocol.data_to_send()))
        while protocol.state.name != "OPEN":
            protocol.receive_data(deaf.recv(256))
        protocol.send_text(json.dumps({"action": "dance", "id": 1, "x": "y" * 50}).encode())
        message = b"".join(protocol.data_to_send())

        def is_closed() -> bool:
            try:
                for _ in range(100):
                    deaf.sendall(message)
            except (BrokenPipeError, ConnectionResetError):
                return True
            return False

        eventually("the connection is closed", is_closed)
        assert other.is_alive()
