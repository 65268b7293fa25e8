"""Where the deployment files start `shoal`, and what they tell it."""

import re
import shlex
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from harness.backend import REPOSITORY, SHOAL

CLUSTER = REPOSITORY / "cluster"
SCRIPTS = [CLUSTER / "up", CLUSTER / "demo"]


@cache
def help_text(command: tuple[str, ...]) -> str:
    """What `shoal COMMAND --help` prints."""
    ran = subprocess.run([SHOAL, *command, "--help"], capture_output=True, text=True)
    assert ran.returncode == 0, (command, ran.stderr)
    return ran.stdout


def flags(command: tuple[str, ...]) -> set[str]:
    """The flags that the command's help lists, without their hyphens."""
    return set(re.findall(r"^\s+--([a-z0-9-]+)", help_text(command), re.MULTILINE)) | {"help"}


def variables(command: tuple[str, ...]) -> set[str]:
    """The same settings as environment variables."""
    return {"SHOAL_" + flag.upper().replace("-", "_") for flag in flags(command)}


@dataclass
class Use:
    """One start of `shoal` in a file."""

    where: str
    command: tuple[str, ...]
    flags: list[str] = field(default_factory=list)
    variables: list[str] = field(default_factory=list)

    @property
    def unknown(self) -> set[str]:
        """What the command does not have of it."""
        known = flags(self.command)
        ours = {name for name in self.variables if name.startswith("SHOAL_")}
        return (set(self.flags) - known) | (ours - variables(self.command))


def spelled(words: list[str]) -> list[str]:
    return [word[2:].partition("=")[0] for word in words if word.startswith("--")]


def commands_in_text(where: str, text: str) -> Iterator[Use]:
    """Starts of `shoal` in a script."""
    for match in re.finditer(r"\bshoal ((?:sites|shards) [a-z]+|[a-z]+)\b([^|;&`\n]*)", text.replace("\\\n", " ")):
        yield Use(where, tuple(match[1].split()), re.findall(r"--([a-z0-9-]+)", match[2]))


def compose_uses() -> Iterator[Use]:
    for name, service in yaml.safe_load((CLUSTER / "compose/compose.yaml").read_text())["services"].items():
        if service["image"] == "shoal":
            # A replica that names itself has a shell before it.
            words = service["command"] if "command" in service else shlex.split(service["entrypoint"][-1].partition("shoal ")[2])
            yield Use(f"compose.yaml, {name}", (words[0],), spelled(words), list(service["environment"]))


def kubernetes_uses() -> Iterator[Use]:
    for manifest in manifests():
        for container in containers(manifest):
            if container["image"] == "shoal":
                names = [variable["name"] for variable in container["env"]]
                yield Use(f"kubernetes, {container['name']}", (container["args"][0],), spelled(container["args"]), names)


def systemd_uses() -> Iterator[Use]:
    for unit in sorted((CLUSTER / "systemd").glob("*.service")):
        words = next(line for line in unit.read_text().splitlines() if line.startswith("ExecStart=")).partition("=")[2].split()
        if words[0].endswith("/shoal"):
            yield Use(unit.name, (words[1],), spelled(words))
    for file in sorted((CLUSTER / "systemd").glob("*.yaml")):
        command = re.split(r"[-.]", file.name)[0]
        yield Use(file.name, (command,), list(yaml.safe_load(file.read_text())))


def script_uses() -> Iterator[Use]:
    for script in SCRIPTS:
        yield from commands_in_text(script.name, script.read_text().replace('"$shoal"', "shoal"))


def page_uses() -> Iterator[Use]:
    """What comments of the files and the pages for operators tell people to type."""
    for file in [*files(), REPOSITORY / "README.md", REPOSITORY / "Docs/Operations.md"]:
        text = file.read_text()
        if file.suffix != ".md":
            text = "\n".join(line.lstrip("# ") for line in text.splitlines() if line.lstrip().startswith("#"))
        yield from commands_in_text(file.name, "\n".join(re.findall(r"(?:^|`|exec \S+ (?:-- )?)(shoal [^`\n]*)", text, re.MULTILINE)))


def files() -> list[Path]:
    return [file for file in sorted(CLUSTER.rglob("*")) if file.is_file()]


@cache
def manifests() -> tuple[Any, ...]:
    paths = sorted((CLUSTER / "kubernetes").glob("*.yaml"))
    return tuple(one for path in paths if path.name != "kustomization.yaml" for one in yaml.safe_load_all(path.read_text()))


def containers(manifest: Any) -> list[Any]:
    return manifest["spec"]["template"]["spec"]["containers"] if "template" in manifest.get("spec", {}) else []
