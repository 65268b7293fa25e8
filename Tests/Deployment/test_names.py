"""Every setting, time and name in the deployment files is one that the program and the other files have."""

import re
import subprocess
from collections.abc import Callable, Iterator

import pytest
import yaml
from harness.backend import REPOSITORY, SHOAL
from uses import (
    CLUSTER, Use, commands_in_text, compose_uses, containers, files, kubernetes_uses, manifests, page_uses, script_uses, systemd_uses, variables,
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


def test_whoever_stops_a_node_waits_for_longer_than_it_drains() -> None:
    ran = subprocess.run([SHOAL, "tracker", "--help"], capture_output=True, text=True, check=True)
    drain = int(re.search(r"--drain-limit.*?\(default: (\d+)\)", ran.stdout, re.DOTALL)[1])
    tracker = next(manifest for manifest in manifests() if (manifest["kind"], manifest["metadata"]["name"]) == ("Deployment", "tracker"))
    waits = {
        "systemd": re.search(r"TimeoutStopSec=(\d+)", (CLUSTER / "systemd/shoal-tracker@.service").read_text())[1],
        "kubernetes": tracker["spec"]["template"]["spec"]["terminationGracePeriodSeconds"],
        "compose": yaml.safe_load((CLUSTER / "compose/compose.yaml").read_text())["services"]["tracker"]["stop_grace_period"].removesuffix("s"),
        "cluster/down": re.search(r"^stop_limit=(\d+)", (CLUSTER / "processes.sh").read_text(), re.MULTILINE)[1],
    }
    assert all(int(wait) > drain for wait in waits.values()), (drain, waits)


def test_the_tunnel_outlasts_a_silent_connection() -> None:
    """It is the node that ends one, with a code that says why."""
    ran = subprocess.run([SHOAL, "tracker", "--help"], capture_output=True, text=True, check=True)
    idle = int(re.search(r"--idle-timeout.*?\(default: (\d+)\)", ran.stdout, re.DOTALL)[1])
    tunnel = int(re.search(r"timeout tunnel (\d+)s", (CLUSTER / "haproxy/haproxy.cfg").read_text())[1])
    assert tunnel > idle


def test_what_pods_mount_and_read_is_made() -> None:
    """Files and generated names of the kustomizations; the schemas do not connect them."""
    made: dict[str, set[str]] = {}
    for folder in ("kubernetes", "redis", "haproxy"):
        directory = CLUSTER / folder
        kustomization = yaml.safe_load((directory / "kustomization.yaml").read_text())
        for resource in kustomization.get("resources", []):
            assert (directory / resource).exists(), resource
        for generator in kustomization.get("configMapGenerator", []) + kustomization.get("secretGenerator", []):
            files_of_it = [entry.partition("=") for entry in generator.get("files", [])]
            for name, _, file in files_of_it:
                assert (directory / (file or name)).exists() or file == "redis-password", (directory, name, file)
            keys = {name for name, _, _ in files_of_it} | {entry.partition("=")[0] for entry in generator.get("literals", [])}
            made[generator["name"]] = keys
    used: set[str] = set()
    for manifest in manifests():
        for container in containers(manifest):
            pod = manifest["spec"]["template"]["spec"]
            mounted = {mount["mountPath"]: mount["name"] for mount in container.get("volumeMounts", [])}
            sources = {volume["name"]: volume for volume in pod.get("volumes", [])}
            words = [str(word) for word in container.get("command", []) + container.get("args", [])]
            words += [variable.get("value", "") for variable in container.get("env", [])]
            for path, name in mounted.items():
                source = sources.get(name, {})
                generated = source.get("configMap", {}).get("name") or source.get("secret", {}).get("secretName")
                if generated is None:
                    continue
                used.add(generated)
                named = {word.removeprefix(f"{path}/") for word in words if word.startswith(f"{path}/")}
                assert named <= made[generated], (container["name"], path, named)
            for entry in container.get("env", []):
                if reference := entry.get("valueFrom", {}).get("configMapKeyRef"):
                    used.add(reference["name"])
                    assert reference["key"] in made[reference["name"]], reference
    assert used == made.keys()


def test_who_selects_pods_selects_some() -> None:
    labels = [manifest["spec"]["template"]["metadata"]["labels"] for manifest in manifests() if "template" in manifest.get("spec", {})]
    for manifest in manifests():
        spec = manifest.get("spec", {})
        selector = spec.get("podSelector", {}).get("matchLabels") or spec.get("selector", {}).get("matchLabels") or spec.get("selector", {})
        if selector:
            assert any(selector.items() <= label.items() for label in labels), manifest["metadata"]


def test_the_image_has_what_the_program_needs() -> None:
    """Debian packages of the libraries that the program is linked to; Swift's own are linked into the image's."""
    dockerfile = (CLUSTER / "compose/Dockerfile").read_text()
    installed = set(re.search(r"no-install-recommends ([^\\]+)", dockerfile)[1].split())
    linked = subprocess.run(["ldd", SHOAL], capture_output=True, text=True, check=True).stdout
    for name, path in re.findall(r"(\S+) => (/\S+)", linked):
        if name.startswith(("libswift", "lib_Foundation", "libFoundation", "libdispatch", "libBlocksRuntime", "lib_")):
            continue
        real = subprocess.run(["realpath", path], capture_output=True, text=True, check=True).stdout.strip()
        owners = [subprocess.run(["dpkg", "--search", one], capture_output=True, text=True) for one in (real, real.removeprefix("/usr"))]
        package = next(owner.stdout.partition(":")[0] for owner in owners if owner.returncode == 0)
        assert package in installed | {"libc6", "libgcc-s1"}, (name, package)


def test_the_image_is_built_of_what_is_there() -> None:
    dockerfile = (CLUSTER / "compose/Dockerfile").read_text()
    admitted = [line[1:] for line in (CLUSTER / "compose/Dockerfile.dockerignore").read_text().splitlines() if line.startswith("!")]
    for source in re.findall(r"^COPY (?!--from)(\S+)", dockerfile, re.MULTILINE):
        assert (REPOSITORY / source).exists() and any((source + "/").startswith(one.rstrip("/")) or one.startswith(source) for one in admitted), source
    needed = re.search(r"swift-tools-version: *([\d.]+)", (REPOSITORY / "Package.swift").read_text())[1]
    swift = re.search(r"SWIFT_VERSION=([\d.]+)", dockerfile)[1]
    assert [int(part) for part in swift.split(".")] >= [int(part) for part in needed.split(".")]
