"""Fixtures. What a test starts is stopped when it ends, and what was started says what it saw when the test fails."""

import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from harness.backend import REPOSITORY, Backend, Up
from harness.browsers import STARTERS, Browser
from harness.cluster import Cluster
from harness.origin import Origin
from harness.peer import Behaviour, PythonPeer, honest
from harness.site import PATIENT, ClientFiles, Site

MEDIA = REPOSITORY / ".build/test-media"
"""The demo site's pictures and video are drawn once for all runs."""


class Started:
    """What a test has running: things with a `stop`, and some with a `report`."""

    def __init__(self) -> None:
        self.things: list[Any] = []
        self._stack = ExitStack()

    def add(self, thing: Any) -> Any:
        self.things.append(thing)
        self._stack.callback(thing.stop)
        return thing

    def stop(self) -> None:
        self._stack.close()

    def report(self) -> Iterator[tuple[str, str]]:
        """Titles and texts for a failure message."""
        for thing in self.things:
            if hasattr(thing, "report"):
                yield from thing.report()


def pytest_configure() -> None:
    """A test run that is told to end by SIGTERM stops what it has started, as after Ctrl-C."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    report = yield
    if report.failed:
        for name in ("started", "started_for_all"):
            if name in getattr(item, "funcargs", {}):
                report.sections += item.funcargs[name].report()
    return report


@pytest.fixture
def started() -> Iterator[Started]:
    started = Started()
    yield started
    started.stop()


@pytest.fixture(scope="session")
def started_for_all() -> Iterator[Started]:
    started = Started()
    yield started
    started.stop()


@pytest.fixture(scope="session")
def backend(started_for_all: Started) -> Backend:
    """An authority and a tracker that all tests share; tests that harm one start their own."""
    return started_for_all.add(Backend())


@pytest.fixture(scope="session")
def client(backend: Backend) -> ClientFiles:
    return ClientFiles(backend.tracker.url)


@pytest.fixture(scope="session")
def up(started_for_all: Started) -> Up:
    MEDIA.mkdir(parents=True, exist_ok=True)
    return started_for_all.add(Up(MEDIA))


@pytest.fixture(scope="session")
def cluster(started_for_all: Started) -> Cluster:
    """Three nodes and three shards behind HAProxy that all tests share; tests that harm one start their own."""
    MEDIA.mkdir(parents=True, exist_ok=True)
    return started_for_all.add(Cluster(MEDIA))


@pytest.fixture
def own_cluster(started: Started) -> Callable[..., Cluster]:
    """`own_cluster(trackers=3, environment={…})`: a cluster that the test may harm."""
    MEDIA.mkdir(parents=True, exist_ok=True)
    return lambda **settings: started.add(Cluster(MEDIA, **settings))


@pytest.fixture
def browser(started: Started) -> Callable[..., Browser]:
    """`browser("chromium", …)`: a browser with a fresh profile."""
    return lambda kind, *options: started.add(STARTERS[kind](*options))


@pytest.fixture
def origin(started: Started) -> Origin:
    return started.add(Origin())


@pytest.fixture
def another_origin(started: Started) -> Callable[[], Origin]:
    return lambda: started.add(Origin())


@pytest.fixture
def site(origin: Origin, backend: Backend, client: ClientFiles) -> Site:
    """A registered site of the shared backend. Its page waits long for peers, so that tests see what peers give."""
    backend.authority.register(origin.url)
    site = Site(origin, client, backend.tracker, backend.authority.thumbprint)
    site.embed(patience=PATIENT)
    return site


@pytest.fixture
def own_backend(started: Started) -> Backend:
    """A backend that the test may harm."""
    return started.add(Backend())


@pytest.fixture
def mortal_site(origin: Origin, own_backend: Backend, client: ClientFiles) -> Site:
    """A registered site of the test's own backend."""
    own_backend.authority.register(origin.url)
    return Site(origin, client, own_backend.tracker, own_backend.authority.thumbprint)


@pytest.fixture
def python_peer(started: Started, backend: Backend, origin: Origin) -> Callable[..., PythonPeer]:
    """`python_peer(path, behaviour)`: a peer on aiortc that has announced the content of a path."""

    def start(path: str, behaviour: Behaviour = honest) -> PythonPeer:
        certificate = backend.tracker.certified(origin.url, origin.url + path)["certificate"]
        body = origin.resources[path].body
        return started.add(PythonPeer(backend.tracker.socket_url, origin.url, [(certificate, body)], behaviour))

    return start
