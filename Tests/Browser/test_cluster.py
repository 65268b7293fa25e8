"""A real cluster: three tracker nodes and three shards behind HAProxy, and visitors on different nodes who give to each other."""

from collections.abc import Callable
from contextlib import ExitStack

import pytest
from harness.backend import get
from harness.browsers import Browser, Page
from harness.cluster import Cluster
from harness.content import digest, noise
from harness.demo_site import bytes_from_origin, digests_of_what_is_kept, forget_accesses, pictures_shown, stay_until_complete
from harness.origin import Origin
from harness.site import PATIENT, ClientFiles, Site, complete, digests, load, wait_until_on
from harness.tracker_socket import TrackerSocket
from harness.waiting import eventually

Start = Callable[..., Browser]


def on_different_nodes(cluster: Cluster, visitors: int) -> None:
    """HAProxy gives a connection to the node that has the fewest, so visitors who stay are on as many nodes."""
    spread = sorted([1] * visitors + [0] * (len(cluster.nodes) - visitors))
    eventually(f"{visitors} visitors are on {visitors} nodes", lambda: sorted(cluster.connections().values()) == spread)


def visit(cluster: Cluster, browser: Browser, address: str, visitors: int) -> Page:
    """Opens a page when those before are connected, and waits until it is as well."""
    page = browser.page(address + "/")
    wait_until_on(page)
    on_different_nodes(cluster, visitors)
    return page


def test_visitors_on_three_nodes_have_gallery_and_film_from_each_other(browser: Start, cluster: Cluster) -> None:
    """Two Chromiums and a Firefox."""
    on_different_nodes(cluster, 0)
    first = visit(cluster, browser("chromium"), cluster.site, 1)
    media = stay_until_complete(first)
    gallery = [path for path in media if path.endswith(".jpg")]
    length = sum(resource["length"] for resource in media.values())
    assert len(gallery) >= 30
    originals = {path: digest(get(cluster.site + path)[2]) for path in media}

    for visitors, kind in ((2, "chromium"), (3, "firefox")):
        forget_accesses(cluster)
        page = visit(cluster, browser(kind), cluster.site, visitors)
        assert stay_until_complete(page).keys() == media.keys()
        assert bytes_from_origin(cluster, gallery) == 0, page.figures()
        assert bytes_from_origin(cluster, media) <= 0.05 * length, page.figures()["totals"]
        assert pictures_shown(page) == pictures_shown(first)
        eventually("all is kept as it is at the origin", lambda: digests_of_what_is_kept(page, list(media)) == originals)
        on_different_nodes(cluster, visitors)


@pytest.fixture
def cluster_site(origin: Origin, cluster: Cluster) -> Site:
    """A site of the tests' own, registered with the cluster."""
    cluster.register(origin.url)
    site = Site(origin, ClientFiles(cluster.url), cluster, cluster.thumbprint)
    site.embed(patience=PATIENT)
    return site


@pytest.mark.parametrize(("giver", "taker"), [("chromium", "chromium"), ("chromium", "firefox"), ("firefox", "chromium")])
def test_a_visitor_of_another_node_takes_nothing_from_the_origin(
    browser: Start, cluster: Cluster, cluster_site: Site, origin: Origin, giver: str, taker: str
) -> None:
    """Contents of one piece and of many, so that they are on different shards."""
    on_different_nodes(cluster, 0)
    paths = [f"/{number}.bin" for number in range(8)]
    for number, path in enumerate(paths):
        origin.put(path, noise(200_000 * number + 1, number))
        cluster.certified(origin.url, origin.url + path)
    first = visit(cluster, browser(giver), origin.url, 1)
    load(first, paths)
    for path in paths:
        first.eventually(complete(origin.url + path))

    origin.forget_accesses()
    second = visit(cluster, browser(taker), origin.url, 2)
    assert digests(load(second, paths)) == origin.digests(paths)
    assert origin.bytes_to_browsers(paths) == 0
    assert second.evaluate("shoal.stats().totals.fromPeers") == sum(len(origin.resources[path].body) for path in paths)
    on_different_nodes(cluster, 2)


def test_signals_pass_between_nodes_and_one_to_a_peer_that_has_gone_is_reported(cluster: Cluster, origin: Origin) -> None:
    """The same without browsers. Those who were found know the asker only by its signal, and answer it."""
    cluster.register(origin.url)
    origin.put("/shared.bin", noise(100_000, 99))
    certificate = cluster.certified(origin.url, origin.url + "/shared.bin")["certificate"]
    with ExitStack() as stack:
        asker, *others = [stack.enter_context(TrackerSocket(f"ws://{node.address}", origin.url)) for node in cluster.nodes]
        for peer in others:
            answer = peer.ask({"action": "announce", "id": 1, "certificates": [certificate]})
            assert "content" in answer["results"][0], answer
        wanted = {peer.welcome["peer"] for peer in others}

        def found() -> set[str]:
            answer = asker.ask({"action": "find", "id": 2, "certificates": [certificate]})
            return set(answer["results"][0].get("peers", []))

        eventually("the others are found", lambda: found() == wanted)
        for peer in others:
            ends = {asker: peer.welcome["peer"], peer: asker.welcome["peer"]}
            for sender, receiver in ((asker, peer), (peer, asker)):
                data = {"type": "offer", "sdp": "a" * 10_000}
                sender.send({"action": "signal", "to": ends[sender], "data": data})
                assert receiver.receive() == {"action": "signal", "from": ends[receiver], "data": data}
        leaver = others[0]
        leaver.__exit__()
        asker.send({"action": "signal", "to": leaver.welcome["peer"], "data": "?"})
        assert asker.receive() == {"action": "gone", "peer": leaver.welcome["peer"]}
