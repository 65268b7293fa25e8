"""Every setting in the deployment files is one that the program has, and the times in them fit its own."""

import re
from collections.abc import Callable, Iterator

import pytest
import yaml
from uses import (
    CLUSTER,
    Use,
    commands_in_text,
    compose_uses,
    files,
    help_text,
    kubernetes_uses,
    manifests,
    page_uses,
    script_uses,
    systemd_uses,
    variables,
)

KINDS: dict[str, tuple[Callable[[], Iterator[Use]], int]] = {
    "compose": (compose_uses, 2),
    "kubernetes": (kubernetes_uses, 2),
    "systemd": (systemd_uses, 4),
    "scripts": (script_uses, 5),
    "pages": (page_uses, 6),
}
"""What finds the starts of `shoal`, and how many there are at least."""


@pytest.mark.parametrize("kind", KINDS)
def test_every_setting_is_one_of_its_command(kind: str) -> None:
    find, least = KINDS[kind]
    uses = list(find())
    assert len(uses) >= least, uses
    assert [(use.where, use.command, use.unknown) for use in uses if use.unknown] == []


def test_every_variable_that_is_mentioned_exists() -> None:
    known = set().union(*(variables((command,)) for command in ("up", "tracker", "authority", "site")), {"SHOAL_AUTHORITY_ADMIN_URL"})
    mentioned = {name for file in files() for name in re.findall(r"\bSHOAL_[A-Z_]+", file.read_text())}
    assert len(mentioned) >= 8 and mentioned <= known, mentioned - known


def test_a_planted_name_is_found() -> None:
    names = ["SHOAL_COLOUR", "SHOAL_CONNECTION_LIMIT", "PATH"]
    use = Use("planted", ("tracker",), ["connections-limit", "connection-limit", "help"], names)
    assert use.unknown == {"connections-limit", "SHOAL_COLOUR"}
    text = 'exec "$shoal" tracker \\\n    --colours blue | tee; shoal sites add https://a --bogus'
    found = [(use.command, use.unknown) for use in commands_in_text("planted", text.replace('"$shoal"', "shoal"))]
    assert found == [(("tracker",), {"colours"}), (("sites", "add"), {"bogus"})]


def default(setting: str) -> int:
    """The default of a tracker's setting, as its help states it."""
    return int(re.search(rf"--{setting} .*?\(default: (\d+)\)", help_text(("tracker",)), re.DOTALL)[1])


def test_whoever_stops_a_node_waits_for_longer_than_it_drains() -> None:
    drain = default("drain-limit")
    tracker = next(manifest for manifest in manifests() if (manifest["kind"], manifest["metadata"]["name"]) == ("Deployment", "tracker"))
    # Docs/Operations.md: the limit, and 10 seconds for the rest of the end.
    waits = {
        "systemd": re.search(r"TimeoutStopSec=(\d+)", (CLUSTER / "systemd/shoal-tracker@.service").read_text())[1],
        "kubernetes": tracker["spec"]["template"]["spec"]["terminationGracePeriodSeconds"],
        "compose": yaml.safe_load((CLUSTER / "compose/compose.yaml").read_text())["services"]["tracker"]["stop_grace_period"].removesuffix("s"),
        "cluster/down": re.search(r"^stop_limit=(\d+)", (CLUSTER / "processes.sh").read_text(), re.MULTILINE)[1],
    }
    assert all(int(wait) >= drain + 10 for wait in waits.values()), (drain, waits)


def test_the_tunnel_outlasts_a_silent_connection() -> None:
    """It is the node that ends one, with a code that says why."""
    tunnel = int(re.search(r"timeout tunnel (\d+)s", (CLUSTER / "haproxy/haproxy.cfg").read_text())[1])
    assert tunnel > default("idle-timeout")
