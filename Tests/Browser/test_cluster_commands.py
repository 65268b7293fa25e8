"""`cluster/up`, `cluster/down` and HAProxy's configuration as an operator meets them."""

import os
import signal
import socket
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import MEDIA
from harness.backend import REPOSITORY, SHOAL
from harness.cluster import Cluster, free_base_port, up
from harness.processes import Process
from harness.tracker_socket import TrackerSocket
from harness.waiting import eventually
from websockets.exceptions import WebSocketException

Run = Callable[..., Process]
SITE = "http://site.example"


@pytest.fixture
def directory(tmp_path: Path, started: Any) -> Iterator[Path]:
    """A cluster's directory, whose processes are gone afterwards whatever happens."""
    yield tmp_path / "cluster"
    down = Process("cluster/down", [REPOSITORY / "cluster/down", "--data-directory", tmp_path / "cluster"])
    assert down.exit_code() == 0, down.tail()


@pytest.fixture
def run_up(started: Any, directory: Path) -> Run:
    """`run_up("--trackers", "1")`: a `cluster/up` in `directory`, on free ports."""

    def run(*arguments: str, executable: Path = SHOAL) -> Process:
        ports = ["--base-port", str(free_base_port(3, 3))]
        return started.add(up(directory, *ports, "--media-directory", str(MEDIA), "--executable", str(executable), *arguments))

    return run


@pytest.fixture
def shoal_but(tmp_path: Path) -> Callable[[str, str], Path]:
    """`shoal_but("site", "exec sleep 600")`: a `shoal` one of whose commands does something else."""

    def write(command: str, instead: str) -> Path:
        program = tmp_path / "shoal"
        program.write_text(f'#!/bin/sh\n[ "$1" = {command} ] && {{ {instead}; exit; }}\nexec {SHOAL} "$@"\n')
        program.chmod(0o755)
        return program

    return write


def running(directory: Path) -> list[str]:
    """What cluster/up has started and runs, by the files that it left."""
    found = []
    for file in directory.glob("*/pid"):
        pid = int(file.read_text().split()[0])
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2]
        except OSError:
            continue
        found += [] if state.startswith("Z") else [file.parent.name]
    return sorted(found)


WRONG = {
    "unknown option": (["--colour", "blue"], ["--colour"]),
    "no value": (["--trackers"], ["--trackers"]),
    "no number": (["--trackers", "many"], ["--trackers", "1 to 32", "many"]),
    "too few": (["--shards=0"], ["--shards", "1 to 26", '"0"']),
    "too many": (["--shards", "27"], ["--shards", "1 to 26", "27"]),
    "no port": (["--base-port", "80"], ["--base-port", "2000 to 60000", "80"]),
    "no program": (["--executable", "/nowhere/shoal"], ["--executable", "/nowhere/shoal"]),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_option_is_named(started: Any, directory: Path, name: str) -> None:
    arguments, words = WRONG[name]
    process = started.add(up(directory, *arguments))
    assert process.exit_code() == 2
    for word in words:
        assert word in "\n".join(process.output), process.tail()
    assert running(directory) == []


def test_a_cluster_that_runs_is_not_started_again(started: Any, cluster: Cluster) -> None:
    again = started.add(up(cluster.directory))
    assert again.exit_code() == 1
    assert "running already" in again.tail() and "tracker-1" in again.tail()
    assert cluster.pid("tracker-1") and cluster.is_ready("tracker-1")


def test_it_says_what_it_starts_and_where(cluster: Cluster) -> None:
    text = "\n".join(cluster.output)
    for member in cluster.members.values():
        line = next(line for line in cluster.output if line.startswith(member.name + " "))
        assert member.address in line and member.admin in line and f"{member.name}/log" in line, line
    assert cluster.socket_url in text and cluster.thumbprint in text


def test_a_port_in_use_is_named_and_nothing_stays(run_up: Run, directory: Path) -> None:
    base = free_base_port(3, 3)
    with socket.create_server(("127.0.0.1", base + 2)):
        process = run_up("--base-port", str(base))
        assert process.exit_code() == 1
    assert "tracker-2" in process.tail() and f"127.0.0.1:{base + 2}" in process.tail()
    assert running(directory) == []


def test_what_failed_is_shown_and_nothing_stays(run_up: Run, directory: Path, shoal_but: Callable[[str, str], Path]) -> None:
    process = run_up(executable=shoal_but("tracker", "echo the sea is too rough >&2; exit 3"))
    assert process.exit_code() == 1
    assert "the sea is too rough" in process.tail() and "tracker-1 has ended" in process.tail()
    assert running(directory) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_it_stops_what_it_started(
    run_up: Run, directory: Path, shoal_but: Callable[[str, str], Path], number: signal.Signals
) -> None:
    process = run_up(executable=shoal_but("site", "exec sleep 600"))
    process.line("Waiting for the site")
    assert len(running(directory)) == 9
    process.signal(number)
    assert process.exit_code() == 128 + number
    assert running(directory) == []


def test_down_stops_a_cluster_that_is_half_started(
    started: Any, run_up: Run, directory: Path, shoal_but: Callable[[str, str], Path]
) -> None:
    process = run_up(executable=shoal_but("site", "exec sleep 600"))
    process.line("Waiting for the site")
    process.kill()
    before = running(directory)
    assert len(before) == 9
    # An ID that belongs to another process by now: this one.
    (directory / "shard-b" / "pid").rename(directory / "shard-b" / "was")
    (directory / "shard-b" / "pid").write_text(f"{os.getpid()} 1\n")
    down = started.add(Process("cluster/down", [REPOSITORY / "cluster/down", "--data-directory", directory]))
    assert down.exit_code() == 0
    said = [line.split()[1] for line in down.output if line.startswith("stopped ")]
    assert sorted(said) == [name for name in before if name != "shard-b"]
    (directory / "shard-b" / "was").rename(directory / "shard-b" / "pid")
    assert running(directory) == ["shard-b"]


def test_down_with_nothing_to_stop_says_so(started: Any, tmp_path: Path) -> None:
    down = started.add(Process("cluster/down", [REPOSITORY / "cluster/down", "--data-directory", tmp_path]))
    assert down.exit_code() == 0
    assert "No cluster is running" in down.tail()


def test_no_client_address_is_logged(cluster: Cluster) -> None:
    """By a client with an address of its own: a WebSocket, half a request, and nonsense."""
    client = "127.0.0.77"
    port = int(cluster.url.rpartition(":")[2])
    with TrackerSocket(cluster.socket_url, SITE, source_address=(client, 0)) as peer:
        assert peer.is_alive()
    for text in (b"GET / HTT", b"nonsense\r\n\r\n", b"GET /?url=secret HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"):
        with socket.create_connection(("127.0.0.1", port), source_address=(client, 0)) as connection:
            connection.sendall(text)
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(4096):
                pass
    eventually("HAProxy has written about all of it", lambda: "no whole request" in cluster.log("haproxy") and "GET /v1/connect" in cluster.log("haproxy"))
    for name in cluster.members:
        text = (cluster.directory / name / "log").read_text()
        assert client not in text and "secret" not in text, name


def test_connections_of_one_address_are_limited(started: Any, cluster: Cluster) -> None:
    """By a HAProxy of the test's own before the same nodes, with a limit that can be reached."""
    tracker, figures = (socket.create_server(("127.0.0.1", 0)) for _ in range(2))
    addresses = [f"127.0.0.1:{listener.getsockname()[1]}" for listener in (tracker, figures)]
    tracker.close(), figures.close()
    environment = {"TRACKER_ADDRESS": addresses[0], "STATS_ADDRESS": addresses[1], "ADDRESS_CONNECTION_LIMIT": "3"}
    files = [REPOSITORY / "cluster/haproxy/haproxy.cfg", cluster.directory / "haproxy/trackers.cfg"]
    arguments = [part for file in files for part in ("-f", file)]
    proxy = started.add(Process("haproxy", ["haproxy", "-db", *arguments], environment | {"CONNECTION_LIMIT": "1000"}))

    def connect(client: str) -> TrackerSocket | None:
        assert proxy.running, proxy.tail()
        try:
            return TrackerSocket(f"ws://{addresses[0]}", SITE, source_address=(client, 0))
        except (OSError, EOFError, WebSocketException):
            return None

    open_ones = [eventually("HAProxy serves", lambda: connect("127.0.0.2"))]
    try:
        open_ones += [connect("127.0.0.2") for _ in range(2)]
        assert all(one and one.is_alive() for one in open_ones)
        assert connect("127.0.0.2") is None
        another = connect("127.0.0.3")
        assert another and another.is_alive()
        open_ones.append(another)
        open_ones.pop(0).__exit__()
        open_ones.append(eventually("there is room again", lambda: connect("127.0.0.2")))
    finally:
        for one in open_ones:
            one and one.__exit__()


def test_tls_ends_at_haproxy(own_cluster: Callable[..., Cluster]) -> None:
    cluster = own_cluster(trackers=1, shards=1, options=["--tls"])
    trust = ssl.create_default_context(cafile=cluster.directory / "haproxy/tracker.pem")
    with TrackerSocket(cluster.socket_url.replace("ws", "wss"), SITE, ssl=trust) as peer:
        assert peer.is_alive()
    with pytest.raises((OSError, EOFError, WebSocketException)):
        TrackerSocket(cluster.socket_url, SITE)
