"""What is left of a cluster when one of its processes is killed, paused or restarted."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from harness.cluster import Cluster, Member
from harness.content import noise
from harness.origin import Origin
from harness.tracker_socket import TrackerSocket
from harness.waiting import eventually

NewCluster = Callable[..., Cluster]
UNSEEN = 4.0
"""Seconds after which no peer of a lost node is introduced any more: the lease, and what it takes to notice (issue of the cluster)."""
PAUSE = 10.0
"""Seconds, three times as long as a lease."""
DEGRADED = 0.25
"""Seconds for an answer about content whose shard does not answer."""
CONTENTS = 24
"""Enough that each of three shards has some: that one has none of 24 happens once in 17,000 runs."""


class Peer(TrackerSocket):
    """A peer of a site, at a node of the test's choice or wherever HAProxy puts it."""

    def __init__(self, url: str, site: str):
        super().__init__(url, site)
        self.id: str = self.welcome["peer"]

    def announce(self, certificates: list[str]) -> None:
        answer = self._answer({"action": "announce", "certificates": certificates})
        assert all("content" in result for result in answer["results"]), answer

    def find(self, certificates: list[str]) -> list[dict[str, Any]]:
        return self._answer({"action": "find", "certificates": certificates, "peers": 16})["results"]

    def found(self, certificate: str) -> set[str]:
        return set(self.find([certificate])[0].get("peers", []))

    def signal(self, to: str, data: str) -> None:
        self.send({"action": "signal", "to": to, "data": data})

    def _answer(self, message: dict[str, Any]) -> dict[str, Any]:
        """The answer to a message; signals that come in between are dropped."""
        self.send(message | {"id": 1})
        while (answer := self.receive()).get("id") != 1:
            assert answer["action"] in ("signal", "gone", "move"), answer
        return answer


class Swarm:
    """A cluster of the test's own with certified contents, and peers on it."""

    def __init__(self, cluster: Cluster, origin: Origin, stack: ExitStack):
        self.cluster = cluster
        self._site = origin.url
        self._stack = stack
        cluster.register(origin.url)
        self.certificates = []
        for number in range(CONTENTS):
            origin.put(f"/{number}", noise(1_000, number))
        for number in range(CONTENTS):
            self.certificates.append(cluster.certified(origin.url, f"{origin.url}/{number}")["certificate"])

    def peer(self, node: Member | None = None) -> Peer:
        url = f"ws://{node.address}" if node else self.cluster.socket_url
        return self._stack.enter_context(Peer(url, self._site))


@pytest.fixture
def swarm(own_cluster: NewCluster, origin: Origin) -> Iterator[Swarm]:
    # A stopped node closes its connections at once; how it drains is tested with nodes of its own.
    environment = {"SHOAL_DRAIN_SPREAD": "0", "SHOAL_DRAIN_LIMIT": "1"}
    with ExitStack() as stack:
        yield Swarm(own_cluster(environment=environment), origin, stack)


def test_peers_of_a_killed_node_are_not_introduced_any_more(swarm: Swarm) -> None:
    lost, *others = swarm.cluster.nodes
    content = swarm.certificates[0]
    staying = {node.name: swarm.peer(node) for node in others}
    victims = [swarm.peer(lost) for _ in range(3)]
    for peer in [*victims, *staying.values()]:
        peer.announce([content])
    gone = {peer.id for peer in victims}
    asker = swarm.peer(others[0])
    eventually("all are known", lambda: asker.found(content) == gone | {peer.id for peer in staying.values()})

    killed = time.monotonic()
    swarm.cluster.kill(lost.name)
    eventually("none of them is introduced", lambda: not asker.found(content) & gone)
    assert time.monotonic() - killed <= UNSEEN
    assert asker.found(content) == {peer.id for peer in staying.values()}

    eventually("HAProxy leaves the node out", lambda: lost.name not in swarm.cluster.in_balance())
    again = [swarm.peer() for _ in range(4)]
    for peer in again:
        peer.announce([content])
    eventually("its clients are served by the others", lambda: {peer.id for peer in again} <= asker.found(content))
    swarm.cluster.start_member(lost.name)
    assert swarm.peer(lost).found(content) == {peer.id for peer in [*again, *staying.values()]}


def test_a_paused_node_gets_nothing_that_was_meant_for_its_old_epoch(swarm: Swarm) -> None:
    paused, other, _ = swarm.cluster.nodes
    content = swarm.certificates[0]
    peer, asker = swarm.peer(paused), swarm.peer(other)
    peer.announce([content])
    eventually("it is known", lambda: asker.found(content) == {peer.id})
    asker.signal(peer.id, "before")
    assert peer.receive() == {"action": "signal", "from": asker.id, "data": "before"}

    begun = time.monotonic()
    swarm.cluster.pause(paused.name)
    eventually("its lease is over", lambda: asker.found(content) == set())
    asker.signal(peer.id, "meanwhile")
    assert asker.receive() == {"action": "gone", "peer": peer.id}
    eventually("the pause has lasted", lambda: time.monotonic() - begun >= PAUSE)
    swarm.cluster.resume(paused.name)

    eventually("it is ready again", lambda: swarm.cluster.is_ready(paused.name))
    late = swarm.peer(paused)
    late.announce([content])
    eventually("what is announced at it is found", lambda: late.id in asker.found(content))
    asker.signal(late.id, "after")
    assert late.receive() == {"action": "signal", "from": asker.id, "data": "after"}
    # Connections of before have been kept, under a new epoch. The first thing that comes is what was sent to that one.
    eventually("its peer is known again", lambda: peer.id in asker.found(content))
    asker.signal(peer.id, "again")
    assert peer.receive() == {"action": "signal", "from": asker.id, "data": "again"}


def test_a_killed_shard_degrades_its_own_content_and_is_filled_again(swarm: Swarm) -> None:
    peers = [swarm.peer(node) for node in swarm.cluster.nodes]
    for peer in peers:
        peer.announce(swarm.certificates)
    ids = {peer.id for peer in peers}
    asker = swarm.peer(swarm.cluster.nodes[0])

    def all_found() -> bool:
        return all(set(result.get("peers", [])) == ids for result in asker.find(swarm.certificates))

    eventually("all contents are known", all_found)
    swarm.cluster.kill("shard-b")
    slowest = 0.0
    degraded: set[int] = set()
    for number, certificate in enumerate(swarm.certificates):
        begun = time.monotonic()
        result = asker.find([certificate])[0]
        slowest = max(slowest, time.monotonic() - begun)
        if result.get("status") == "degraded":
            degraded.add(number)
        else:
            assert set(result["peers"]) == ids, result
    print(f"{len(degraded)} of {CONTENTS} contents are degraded; the slowest answer took {slowest * 1000:.0f} ms")
    assert 0 < len(degraded) < CONTENTS
    assert slowest <= DEGRADED
    assert all(swarm.cluster.is_ready(node.name) for node in swarm.cluster.nodes)

    begun = time.monotonic()
    swarm.cluster.start_member("shard-b")
    eventually("the shard knows all again", all_found)
    print(f"filled again within {time.monotonic() - begun:.1f} s of its start")
