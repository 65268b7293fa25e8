"""The deployment files pass other people's checks, and each check finds a mistake that is planted."""

import shutil
from pathlib import Path

import pytest
from harness.backend import REPOSITORY
from validators import VALIDATORS

MISTAKES: dict[str, tuple[str, str, str, str, str]] = {
    "a misspelt time-out": ("haproxy", "cluster/haproxy/haproxy.cfg", "timeout tunnel", "timeout tunel", "tunel"),
    "a backend that does not exist": ("haproxy", "cluster/compose/trackers.cfg", "backend trackers from", "backend nodes from", "trackers"),
    "TLS that HAProxy does not have": ("haproxy", "cluster/haproxy/haproxy.cfg", "alpn http/1.1", "alpm http/1.1", "alpm"),
    "a setting that systemd does not have": ("systemd", "cluster/systemd/shoal-tracker@.service", "LimitNOFILE", "LimitFiles", "LimitFiles"),
    "units that are not locked up": ("systemd", "cluster/systemd/shoal-.service.d/hardening.conf", "=", "=no #", "exposure"),
    "a key that compose does not have": ("compose", "cluster/compose/compose.yaml", "stop_grace_period", "grace_period", "grace_period"),
    "a number that is none": ("kubernetes", "cluster/kubernetes/trackers.yaml", "PeriodSeconds: 45", "PeriodSeconds: 45s", "45s"),
    "a field that Kubernetes does not have": ("kubernetes", "cluster/kubernetes/trackers.yaml", "readinessProbe", "readyProbe", "readyProbe"),
    "a key that occurs twice": ("yaml", "cluster/kubernetes/namespace.yaml", "kind: Namespace", "kind: Namespace\nkind: Namespace", "duplication"),
    "a name that is not quoted": ("shell", "cluster/down", 'cd "$from"', "cd $from", "SC2086"),
}
"""Validator, file, text in it, what it is replaced by, and what the validator then names."""


@pytest.mark.parametrize("name", VALIDATORS)
def test_the_files_are_valid(name: str) -> None:
    assert VALIDATORS[name](REPOSITORY) == ""


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_planted_mistake_is_found(mistake: str, tmp_path: Path) -> None:
    name, file, right, wrong, word = MISTAKES[mistake]
    for folder in ("cluster", "ops", ".ci"):
        shutil.copytree(REPOSITORY / folder, tmp_path / folder)
    text = (tmp_path / file).read_text()
    assert right in text, "the mistake cannot be planted"
    (tmp_path / file).write_text(text.replace(right, wrong))
    assert word in VALIDATORS[name](tmp_path)


def test_every_validator_is_tested() -> None:
    assert {mistake[0] for mistake in MISTAKES.values()} == VALIDATORS.keys()
