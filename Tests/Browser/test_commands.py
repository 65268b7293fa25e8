"""`shoal` as a person meets it: it stops when told to, and says clearly what is wrong with what it was told."""

import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import MEDIA
from harness.backend import SHOAL, Authority, Backend, Up, get
from harness.processes import Process

Run = Callable[..., Process]


@pytest.fixture
def run(started: Any) -> Run:
    """`run("up", "--x", environment={…})`: a `shoal` that is expected to end by itself."""
    return lambda *arguments, environment=None: started.add(Process("shoal", [SHOAL, *arguments], environment))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_up_ends_when_it_is_told_to(started: Any, number: int) -> None:
    MEDIA.mkdir(parents=True, exist_ok=True)
    up = started.add(Up(MEDIA))
    assert get(up.site + "/")[0] == 200
    up.signal(number)
    assert up.exit_code() == 0, up.tail()
    assert up.group_is_empty()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_tracker_and_authority_end_when_they_are_told_to(started: Any, number: int) -> None:
    backend = started.add(Backend())
    for process in (backend.tracker, backend.authority):
        process.signal(number)
        assert process.exit_code() == 0, process.tail()
        assert process.group_is_empty()


def test_an_authority_keeps_its_keys_and_sites(started: Any, tmp_path: Path) -> None:
    first = started.add(Authority(data=tmp_path))
    first.register("http://site.example")
    first.stop()
    second = started.add(Authority(data=tmp_path))
    assert second.thumbprint == first.thumbprint
    assert b"http://site.example" in get(f"http://{second.admin}/v1/sites")[2]


ROOT = ["--root-thumbprint", "A" * 43]
"""The one setting of a tracker that has no default."""

WRONG: dict[str, tuple[list[str], dict[str, str], list[str]]] = {
    "unknown flag": (["tracker", *ROOT, "--colour", "blue"], {}, ["--colour"]),
    "unknown variable": (["tracker", *ROOT], {"SHOAL_COLOUR": "blue"}, ["SHOAL_COLOUR"]),
    "no number": (["tracker", *ROOT, "--connection-limit", "many"], {}, ["connection-limit", "many"]),
    "no number in the environment": (["tracker", *ROOT], {"SHOAL_CONNECTION_LIMIT": "many"}, ["SHOAL_CONNECTION_LIMIT", "many"]),
    "out of range": (["tracker", *ROOT, "--connection-limit", "-1"], {}, ["connection-limit", "-1"]),
    "no address": (["tracker", *ROOT, "--public-address", "nowhere"], {}, ["public-address", "nowhere"]),
    "no URL": (["tracker", *ROOT, "--authority-url", "nowhere"], {}, ["authority-url", "nowhere"]),
    "no thumbprint": (["tracker", "--root-thumbprint", "short"], {}, ["root-thumbprint"]),
    "no thumbprint of a site's tracker": (["site", "--root-thumbprint", "short"], {}, ["root-thumbprint"]),
    "no WebSocket URL": (["site", *ROOT, "--tracker-url", "http://127.0.0.1:8000"], {}, ["tracker-url", "ws://"]),
    "no thumbprint at all": (["tracker"], {}, ["root-thumbprint"]),
    "a setting twice": (["tracker", *ROOT, *ROOT], {}, ["root-thumbprint", "twice"]),
    "no block of addresses": (["tracker", *ROOT, "--trusted-proxies", "::1,10.0.0.1/8"], {}, ["trusted-proxies", "10.0.0.1/8"]),
    "unknown command": (["dance"], {}, ["dance"]),
    "contradiction": (["tracker", *ROOT, "--ping-interval", "90", "--idle-timeout", "60"], {}, ["ping-interval", "idle-timeout"]),
    "a wait too short": (["tracker", *ROOT, "--drain-spread", "9", "--drain-limit", "8"], {}, ["drain-spread", "drain-limit"]),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_setting_stops_the_start_and_is_named(run: Run, name: str) -> None:
    arguments, environment, words = WRONG[name]
    process = run(*arguments, environment=environment)
    assert process.exit_code() not in (0, -signal.SIGILL, -signal.SIGTRAP, -signal.SIGSEGV)
    for word in words:
        assert word in "\n".join(process.output), process.tail()


@pytest.mark.parametrize(
    ("text", "words"),
    [("colour: blue\n", ["colour"]), ("connection-limit: many\n", ["connection-limit", "many"]), ("a: [1\n", ["shoal.yaml"])],
)
def test_a_wrong_configuration_file_stops_the_start_and_is_named(run: Run, tmp_path: Path, text: str, words: list[str]) -> None:
    file = tmp_path / "shoal.yaml"
    file.write_text(text)
    process = run("tracker", *ROOT, "--config-file", str(file))
    assert process.exit_code() != 0
    for word in words:
        assert word in "\n".join(process.output), process.tail()


def test_an_address_in_use_stops_the_start_and_is_named(run: Run, backend: Backend, tmp_path: Path) -> None:
    taken = backend.authority.admin
    addresses = ["--public-address", "127.0.0.1:0", "--admin-address", taken]
    process = run("authority", *addresses, "--data-directory", str(tmp_path))
    assert process.exit_code() != 0
    assert taken in "\n".join(process.output), process.tail()
