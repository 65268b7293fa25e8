"""HAProxy with the configuration of `cluster/haproxy`: addresses, limits, health and TLS."""

import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from harness.backend import REPOSITORY
from harness.cluster import Cluster
from harness.processes import Process
from harness.tracker_socket import TrackerSocket
from harness.waiting import DEADLINE, eventually
from websockets.exceptions import WebSocketException

SITE = "http://site.example"
CLIENT = "127.0.0.77"
"""An address of its own, to be told from everybody else's 127.0.0.1."""


class Proxy:
    """A HAProxy of the test's own."""

    def __init__(self, started: Any, nodes: Path, environment: dict[str, str] = {}):
        with socket.create_server(("127.0.0.1", 0)) as tracker, socket.create_server(("127.0.0.1", 0)) as figures:
            self.port, figures_port = tracker.getsockname()[1], figures.getsockname()[1]
        addresses = {"TRACKER_ADDRESS": f"127.0.0.1:{self.port}", "STATS_ADDRESS": f"127.0.0.1:{figures_port}"}
        files = [part for file in (REPOSITORY / "cluster/haproxy/haproxy.cfg", nodes) for part in ("-f", file)]
        settings = {"CONNECTION_LIMIT": "1000"} | addresses | environment
        self.process: Process = started.add(Process("haproxy", ["haproxy", "-db", *files], settings))
        eventually("HAProxy accepts connections", self._accepts)

    def connect(self, client: str) -> TrackerSocket | None:
        """A WebSocket from an address of this machine, or None when it is refused."""
        try:
            return TrackerSocket(f"ws://127.0.0.1:{self.port}", SITE, source_address=(client, 0))
        except (OSError, EOFError, WebSocketException):
            return None

    def _accepts(self) -> bool:
        assert self.process.running, self.process.tail()
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


class FakeNode:
    """A node of which only the outside is there: a listener at the public address, and a `/readyz` that can be switched."""

    def __init__(self, stack: ExitStack):
        self.ready = True
        self.public = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        self.public.settimeout(DEADLINE)
        node = self

        class Health(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200 if node.ready and self.path == "/readyz" else 503)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *arguments: object) -> None:
                """Checks come twice a second."""

        self.admin = stack.enter_context(HTTPServer(("127.0.0.1", 0), Health))
        threading.Thread(target=self.admin.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        stack.callback(self.admin.shutdown)

    def line(self, name: str) -> str:
        return f"    server {name} 127.0.0.1:{self.public.getsockname()[1]} port {self.admin.server_address[1]}\n"


@pytest.fixture
def fake_nodes(tmp_path: Path) -> Iterator[tuple[list[FakeNode], Path]]:
    """Two nodes, and HAProxy's file that lists them."""
    with ExitStack() as stack:
        nodes = [FakeNode(stack) for _ in range(2)]
        file = tmp_path / "trackers.cfg"
        file.write_text("backend trackers from trackers\n" + "".join(node.line(f"tracker-{n}") for n, node in enumerate(nodes, 1)))
        yield nodes, file


def ask(port: int, client: str) -> socket.socket:
    """A connection that wants to become a tunnel."""
    connection = socket.create_connection(("127.0.0.1", port), source_address=(client, 0), timeout=DEADLINE)
    connection.sendall(b"GET /v1/connect HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: test\r\n\r\n")
    return connection


def test_a_node_is_told_the_clients_address(started: Any, fake_nodes: tuple[list[FakeNode], Path]) -> None:
    """PROXY protocol, version 2 (haproxy's doc/proxy-protocol.txt, section 2.2), before the first byte of the client."""
    (first, second), file = fake_nodes
    second.ready = False
    proxy = Proxy(started, file)
    with ask(proxy.port, CLIENT) as client, accepted(first) as node:
        received = read_request(node)
        assert received[:12] == b"\r\n\r\n\0\r\nQUIT\n"
        assert received[12] == 0x21 and received[13] == 0x11, "version 2, PROXY; TCP over IPv4"
        assert str(ipaddress.ip_address(received[16:20])) == CLIENT
        assert int.from_bytes(received[24:26], "big") == client.getsockname()[1]
        request = received[16 + int.from_bytes(received[14:16], "big") :]
        assert request.startswith(b"GET /v1/connect HTTP/1.1\r\n")
        assert CLIENT.encode() not in request


def accepted(node: FakeNode) -> socket.socket:
    connection = node.public.accept()[0]
    connection.settimeout(DEADLINE)
    return connection


def read_request(node: socket.socket) -> bytes:
    """The PROXY header of 28 bytes, and the request's head."""
    received = b""
    while b"\r\n\r\n" not in received[28:]:
        received += node.recv(4096)
    return received


def test_a_node_that_is_not_ready_keeps_its_connections_and_gets_no_new_ones(
    started: Any, fake_nodes: tuple[list[FakeNode], Path]
) -> None:
    """As a node does that drains (Docs/Operations.md)."""
    (first, second), file = fake_nodes
    second.ready = False
    proxy = Proxy(started, file)
    eventually("the one that is not ready is out", lambda: "Server trackers/tracker-2 is DOWN" in proxy.process.tail())
    with ask(proxy.port, CLIENT) as client, accepted(first) as node:
        upgrade = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: test\r\nConnection: Upgrade\r\n\r\n"
        read_request(node)
        node.sendall(upgrade)
        assert client.recv(4096).startswith(b"HTTP/1.1 101")
        first.ready, second.ready = False, True
        eventually("the roles are swapped", lambda: all(text in proxy.process.tail() for text in ("tracker-1 is DOWN", "tracker-2 is UP")))
        with ask(proxy.port, CLIENT), accepted(second):
            node.sendall(b"still here")
            assert client.recv(4096) == b"still here"
            client.sendall(b"me too")
            assert node.recv(4096) == b"me too"


def test_connections_of_one_address_are_limited(started: Any, cluster: Cluster) -> None:
    proxy = Proxy(started, cluster.directory / "haproxy/trackers.cfg", {"ADDRESS_CONNECTION_LIMIT": "3"})
    with ExitStack() as stack:
        ones = [stack.enter_context(eventually("a place is free", lambda: proxy.connect(CLIENT))) for _ in range(3)]
        assert all(one.is_alive() for one in ones)
        assert proxy.connect(CLIENT) is None
        assert stack.enter_context(proxy.connect("127.0.0.78") or pytest.fail("another address is refused")).is_alive()
        ones[0].__exit__()
        stack.enter_context(eventually("there is room again", lambda: proxy.connect(CLIENT)))


def test_new_connections_of_one_address_are_limited(started: Any, cluster: Cluster) -> None:
    proxy = Proxy(started, cluster.directory / "haproxy/trackers.cfg", {"ADDRESS_CONNECTION_RATE_LIMIT": "5"})

    def is_served(client: str) -> bool:
        if one := proxy.connect(client):
            one.__exit__()
        return one is not None

    eventually("one of an address' many connections is refused", lambda: not is_served(CLIENT))
    assert is_served("127.0.0.78")


def test_no_client_address_is_logged(cluster: Cluster) -> None:
    """Of a WebSocket, half a request, nonsense, and a query that names a content."""
    port = int(cluster.url.rpartition(":")[2])
    with TrackerSocket(cluster.socket_url, SITE, source_address=(CLIENT, 0)) as peer:
        assert peer.is_alive()
    for text in (b"GET / HTT", b"nonsense\r\n\r\n", b"GET /?url=secret HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"):
        with socket.create_connection(("127.0.0.1", port), source_address=(CLIENT, 0)) as connection:
            connection.sendall(text)
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(4096):
                pass
    written = ("no whole request", "GET /v1/connect", "GET /\n")
    eventually("HAProxy has written about all of it", lambda: all(text in cluster.log("haproxy") + "\n" for text in written))
    for name in cluster.members:
        text = (cluster.directory / name / "log").read_text()
        assert CLIENT not in text and "secret" not in text, name


def test_tls_ends_at_haproxy(own_cluster: Callable[..., Cluster]) -> None:
    cluster = own_cluster(trackers=1, shards=1, options=["--tls"])
    trust = ssl.create_default_context(cafile=cluster.directory / "haproxy/tracker.pem")
    with TrackerSocket(cluster.socket_url.replace("ws", "wss"), SITE, ssl=trust) as peer:
        assert peer.is_alive()
    with pytest.raises((OSError, EOFError, WebSocketException)):
        TrackerSocket(cluster.socket_url, SITE)
