"""Clients behind a real HAProxy, which tells the node their addresses by the PROXY protocol, version 2."""

import re
import socket
from collections.abc import Callable
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from typing import Any

import pytest
from harness.backend import Backend, Tracker, get
from harness.processes import Process
from harness.tracker_socket import TrackerSocket
from harness.waiting import eventually
from websockets.exceptions import InvalidStatus

SITE = "http://site.example"

CONFIGURATION = """
defaults
    mode tcp
    timeout connect 5s
    timeout client 60s
    timeout server 60s
frontend clients
    bind 127.0.0.1:{port}
    bind [::1]:{port}
    unique-id-format %rt
    default_backend trackers
backend trackers
    option httpchk GET /v1/keyset
    server tracker {tracker} check check-send-proxy inter 100ms fall 1 send-proxy-v2 proxy-v2-options {options}
"""


def free_port() -> int:
    with closing(socket.socket()) as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def metric(tracker: Tracker, name: str) -> float:
    text = get(f"http://{tracker.admin}/metrics")[2].decode()
    found = re.search(rf"^{name} (\S+)$", text, re.MULTILINE)
    return float(found[1]) if found else 0


@pytest.fixture
def tracker(started: Any) -> Tracker:
    """It believes 127.0.0.1, where HAProxy comes from, and admits two connections of one address."""
    return started.add(Backend(["--trusted-proxies", "127.0.0.1", "--address-connection-limit", "2"])).tracker


@pytest.fixture
def proxy(started: Any, tracker: Tracker, tmp_path: Path) -> Callable[[str], int]:
    """`proxy(OPTIONS)`: the port of an HAProxy that puts these into its headers, on 127.0.0.1 and ::1."""

    def start(options: str) -> int:
        port = free_port()
        file = tmp_path / "haproxy.cfg"
        file.write_text(CONFIGURATION.format(port=port, tracker=tracker.url.removeprefix("http://"), options=options))
        process = started.add(Process("haproxy", ["haproxy", "-db", "-f", file]))

        def serves() -> bool:
            assert process.running, process.tail()
            try:
                return get(f"http://127.0.0.1:{port}/v1/keyset")[0] == 200
            except OSError:
                return False

        eventually("HAProxy serves", serves)
        return port

    return start


@pytest.mark.parametrize("options", ["unique-id", "unique-id,crc32c,ssl"])
def test_each_client_is_held_to_the_limit_of_its_own_address(proxy: Callable[[str], int], tracker: Tracker, options: str) -> None:
    port = proxy(options)

    def connect(client: str, stack: ExitStack) -> TrackerSocket:
        host = "[::1]" if ":" in client else "127.0.0.1"
        return stack.enter_context(TrackerSocket(f"ws://{host}:{port}", SITE, source_address=(client, 0)))

    with ExitStack() as stack:
        for client in ("127.0.0.2", "127.0.0.3", "::1"):
            with ExitStack() as first:
                connect(client, first)
                kept = connect(client, stack)
                with pytest.raises(InvalidStatus) as refused:
                    connect(client, stack)
                assert refused.value.response.status_code == 503
                assert int(refused.value.response.headers["Retry-After"]) > 0
                assert kept.is_alive()
    assert metric(tracker, "shoal_tracker_address_refused_total") == 3
    # HAProxy's health checks have headers too (LOCAL), and none of them was wrong.
    assert metric(tracker, "shoal_tracker_proxy_header_errors_total") == 0


def test_a_header_is_demanded_of_the_proxy_and_of_nobody_else(tracker: Tracker) -> None:
    host, port = tracker.url.removeprefix("http://").split(":")
    request = b"GET /v1/keyset HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    header = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\x00\x0c" + bytes([192, 0, 2, 1, 192, 0, 2, 2, 1, 1, 1, 1])

    def answer(client: str, sent: bytes) -> bytes:
        with closing(socket.create_connection((host, int(port)), 60, (client, 0))) as connection:
            connection.sendall(sent)
            received = b""
            with suppress(ConnectionResetError):  # What was not read when the node closed the connection resets it.
                while part := connection.recv(65_536):
                    received += part
            return received

    assert answer("127.0.0.1", header + request).startswith(b"HTTP/1.1 200 ")
    assert answer("127.0.0.2", request).startswith(b"HTTP/1.1 200 ")
    assert answer("127.0.0.2", header + request).startswith(b"HTTP/1.1 400 ")
    assert answer("127.0.0.1", request) == b""
    assert metric(tracker, "shoal_tracker_proxy_header_errors_total") == 1


def test_addresses_are_neither_logged_nor_shown(proxy: Callable[[str], int], tracker: Tracker) -> None:
    with TrackerSocket(f"ws://127.0.0.1:{proxy('unique-id')}", SITE, source_address=("127.0.0.77", 0)):
        shown = b"".join(get(f"http://{tracker.admin}{path}")[2] for path in ("/", "/metrics"))
        assert b"127.0.0.77" not in shown
    assert not any("127.0.0.77" in line for line in tracker.output), tracker.tail()
