"""`shoal-bench load` against a cluster's nodes: it checks every answer while a test does something to the cluster."""

import json
import signal
from typing import Any

from .backend import SHOAL
from .cluster import Cluster
from .processes import Process
from .waiting import DEADLINE

SITE = "http://load.example"


class Load(Process):
    """Connects to every node by its own address; a client whose node is gone chooses another at random."""

    def __init__(self, cluster: Cluster, *options: str):
        key = cluster.directory / "authority" / "data" / "signing.pem"
        trackers = [argument for node in cluster.nodes for argument in ("--tracker", f"ws://{node.address}")]
        command = [SHOAL.with_name("shoal-bench"), "load", "--json", "--progress", "0.5", "--signing-key", key, "--site", SITE]
        super().__init__("load", [*command, *trackers, *options])

    def connected(self) -> dict[str, int]:
        """Waits until every connection is there and has announced what it keeps."""
        return json.loads(self.line(r'^\{.*"event":"connected".*$', 2 * DEADLINE)[0])["counts"]

    def counts(self) -> dict[str, Any]:
        """As they were printed last."""
        lines = [line for line in list(self.output) if '"event":"progress"' in line]
        return json.loads(lines[-1])["counts"] if lines else {}

    def finish(self) -> dict[str, Any]:
        """Ends the load. Fails unless every answer was right; gives the whole report."""
        self.signal(signal.SIGTERM)
        code = self.exit_code()
        line = next((line for line in reversed(self.output) if '"event":"result"' in line), None)
        assert line, self.tail()
        report = json.loads(line)
        assert code == 0 and report["isClean"], report
        return report
