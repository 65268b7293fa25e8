"""A cluster of real processes, by `cluster/up`: its addresses, and everything that can happen to one of its processes."""

import os
import random
import signal
import socket
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from .backend import RENDERING, REPOSITORY, SHOAL, CertificateSource, get, register
from .processes import Process
from .waiting import DEADLINE, eventually


@dataclass(frozen=True)
class Member:
    """One of the cluster's processes: `tracker-1`, `shard-a`, `authority`, `site`, `haproxy`."""

    name: str
    address: str
    """Host and port: a node's public address, a shard's Redis, HAProxy's address of the tracker."""
    admin: str
    """Host and port; of HAProxy, its figures. Empty where there is none."""


class Cluster(CertificateSource):
    """Started by `cluster/up` on free ports, stopped by `cluster/down`. Nodes are reached through HAProxy, or each by its own address."""

    def __init__(
        self, media: Path, trackers: int = 3, shards: int = 3, options: Sequence[str] = (), environment: dict[str, str] = {}
    ):
        self._temporary = tempfile.TemporaryDirectory(prefix="shoal-cluster-")
        self.directory = Path(self._temporary.name)
        self._environment = environment
        base = free_base_port(trackers, shards)
        arguments = ["--trackers", str(trackers), "--shards", str(shards), "--base-port", str(base), "--media-directory", str(media)]
        self._up = up(self.directory, *arguments, "--executable", str(SHOAL), *options, environment=environment)
        try:
            assert self._up.exit_code(RENDERING) == 0, self._up.tail()
        except BaseException:
            self.stop()
            raise
        lines = (self.directory / "processes").read_text().splitlines()
        self.members = {name: Member(name, address, admin.strip("-")) for name, address, admin in (line.split("\t") for line in lines)}
        self.nodes = [member for name, member in self.members.items() if name.startswith("tracker-")]
        self.shards = [member for name, member in self.members.items() if name.startswith("shard-")]
        self.url = f"http://127.0.0.1:{base}"
        self.socket_url = f"ws://127.0.0.1:{base}"
        self.site = f"http://127.0.0.1:{base + 80}"
        self.authority_admin = self.members["authority"].admin
        self.thumbprint = self._up.line(r"thumbprint +([A-Za-z0-9_-]{43})")[1]
        self.output = list(self._up.output)

    def register(self, site: str, content_origins: list[str] = [], private: bool = True) -> None:
        """Registers a site by the operator's own verb."""
        register(self.authority_admin, site, content_origins, private)

    # What happens to one of the processes.

    def pid(self, name: str) -> int | None:
        """The process's ID, as long as it is running."""
        answer = self._run(f"process_id {name} || true")
        return int(answer) if answer else None

    def kill(self, name: str) -> None:
        """SIGKILL, and waits until it is gone."""
        self.signal(name, signal.SIGKILL)
        eventually(f"{name} is gone", lambda: self.pid(name) is None)

    def pause(self, name: str) -> None:
        """SIGSTOP: it stands still, with its connections open, until `resume`."""
        self.signal(name, signal.SIGSTOP)

    def resume(self, name: str) -> None:
        self.signal(name, signal.SIGCONT)

    def signal(self, name: str, number: int) -> None:
        pid = self.pid(name)
        assert pid is not None, f"{name} is not running"
        os.kill(pid, number)

    def stop_member(self, name: str) -> None:
        """SIGTERM, and waits until it has ended by itself."""
        said = self._run(f"stop_process {name}")
        assert said.startswith("stopped"), said

    def start_member(self, name: str) -> None:
        """Starts it again as it was started before, and waits until it is ready."""
        assert self.pid(name) is None, f"{name} is running"
        self._run(f"start_process {name}")
        self.wait_until_ready(name)

    def restart(self, name: str) -> None:
        """A graceful end and a new start."""
        self.stop_member(name)
        self.start_member(name)

    # What can be seen of it.

    def is_ready(self, name: str) -> bool:
        """A node's or the authority's `/readyz`; of a shard, PING."""
        if name.startswith("shard-"):
            return self.redis(name, "PING") == "PONG"
        try:
            return get(f"http://{self.members[name].admin}/readyz")[0] == 200
        except OSError:
            return False

    def wait_until_ready(self, name: str, within: float = DEADLINE) -> None:
        eventually(f"{name} is ready\n{self.log(name)}", lambda: self.is_ready(name), within)

    def metrics(self, name: str) -> dict[str, float]:
        """The samples of a node's or the authority's `/metrics`, by name and labels as they stand."""
        lines = get(f"http://{self.members[name].admin}/metrics")[2].decode().splitlines()
        return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines if line and not line.startswith("#"))}

    def connections(self) -> dict[str, int]:
        """Connections of peers, by the node that holds them, as it says itself. Nodes that do not answer are left out."""
        running = [node.name for node in self.nodes if self.pid(node.name)]
        return {name: int(self.metrics(name)["shoal_tracker_connections"]) for name in running}

    def in_balance(self) -> set[str]:
        """The nodes that HAProxy gives new connections to."""
        rows = [line.split(",") for line in get(f"http://{self.members['haproxy'].admin}/;csv")[2].decode().splitlines()]
        return {row[1] for row in rows if row[0] == "trackers" and row[1].startswith("tracker-") and row[17] == "UP"}

    def redis(self, shard: str, *command: str) -> str:
        """What `redis-cli` prints for a command to a shard: one value a line."""
        port = self.members[shard].address.rpartition(":")[2]
        password = (self.directory / "redis-password").read_text()
        ran = subprocess.run(
            ["redis-cli", "-p", port, *command], capture_output=True, text=True, timeout=DEADLINE, env={**os.environ, "REDISCLI_AUTH": password}
        )
        return (ran.stdout or ran.stderr).strip()

    def log(self, name: str, lines: int = 40) -> str:
        return "\n".join((self.directory / name / "log").read_text(errors="replace").splitlines()[-lines:])

    def report(self) -> list[tuple[str, str]]:
        return self._up.report() + [(name, self.log(name)) for name in self.members]

    def stop(self) -> None:
        self._up.stop()
        down = Process("cluster/down", [REPOSITORY / "cluster/down", "--data-directory", self.directory])
        assert down.exit_code(5 * DEADLINE) == 0, down.tail()
        self._temporary.cleanup()

    def _run(self, function: str) -> str:
        """What one of the functions of cluster/processes.sh says: those that cluster/up and cluster/down use."""
        script = f'set -euo pipefail; source cluster/processes.sh; {function}'
        ran = subprocess.run(
            ["bash", "-c", script],
            cwd=REPOSITORY,
            env={**os.environ, **self._environment, "cluster": str(self.directory)},
            capture_output=True,
            text=True,
            timeout=2 * DEADLINE,
        )
        assert ran.returncode == 0, ran.stderr
        return ran.stdout.strip()


def up(directory: Path, *arguments: str, environment: dict[str, str] = {}) -> Process:
    """A running `cluster/up`."""
    return Process("cluster/up", [REPOSITORY / "cluster/up", "--data-directory", directory, *arguments], environment)


def free_base_port(trackers: int, shards: int) -> int:
    """A base port of which every port that cluster/up derives is free at this moment."""

    def is_free(port: int) -> bool:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                return False
        return True

    offsets = [0, 80, 81, 90, 100, 1100, *range(1, trackers + 1), *range(1000, 1000 + trackers), *range(-999, -999 + shards)]
    # Below the ports that Linux gives out by itself, and away from the defaults.
    candidates = list(range(11_200, 30_000, 200))
    random.shuffle(candidates)
    return next(base for base in candidates if all(is_free(base + offset) for offset in offsets))
