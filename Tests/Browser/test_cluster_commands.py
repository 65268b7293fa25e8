"""`cluster/up` and `cluster/down` as an operator meets them."""

import os
import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import MEDIA
from harness.backend import REPOSITORY, SHOAL
from harness.cluster import Cluster, free_base_port, up
from harness.processes import Process

Run = Callable[..., Process]


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
