"""The image's Dockerfile, which nothing here can build: what it copies, and what the program in it is linked to."""

import re
import subprocess
from pathlib import Path

from harness.backend import REPOSITORY, SHOAL
from uses import CLUSTER

DOCKERFILE = (CLUSTER / "compose/Dockerfile").read_text()
IGNORED = (CLUSTER / "compose/Dockerfile.dockerignore").read_text().splitlines()
SWIFT = ("libswift", "libFoundation", "lib_Foundation", "libdispatch", "libBlocksRuntime")
"""Beginnings of the names of Swift's own libraries, which the image's program holds in itself (--static-swift-stdlib)."""
ALWAYS_THERE = {"libc6", "libgcc-s1"}


def owner(library: Path) -> str:
    """The Debian package of a library; packages know it by its path with or without /usr (merged since Debian 12)."""
    real = str(library.resolve())
    for path in (real, real.removeprefix("/usr")):
        ran = subprocess.run(["dpkg", "--search", path], capture_output=True, text=True)
        if ran.returncode == 0:
            return ran.stdout.partition(":")[0]
    raise AssertionError(f"{library} is of no package")


def test_the_image_has_the_libraries_that_the_program_needs() -> None:
    installed = set(re.search(r"no-install-recommends ([^\\]+)", DOCKERFILE)[1].split())
    linked = re.findall(r"(\S+) => (/\S+)", subprocess.run(["ldd", SHOAL], capture_output=True, text=True, check=True).stdout)
    needed = {name: owner(Path(path)) for name, path in linked if not name.startswith(SWIFT)}
    assert len(needed) >= 3
    assert set(needed.values()) <= installed | ALWAYS_THERE, needed


def test_what_the_image_copies_is_there_and_not_ignored() -> None:
    copied = re.findall(r"^COPY (?!--from)(\S+)", DOCKERFILE, re.MULTILINE)
    assert all((REPOSITORY / source).exists() for source in copied), copied
    assert IGNORED[1] == "*" and {f"!{source}" for source in copied} == set(IGNORED[2:])


def test_the_image_is_built_by_a_swift_that_is_new_enough() -> None:
    needed = re.search(r"swift-tools-version: *([\d.]+)", (REPOSITORY / "Package.swift").read_text())[1]
    swift = re.search(r"SWIFT_VERSION=([\d.]+)", DOCKERFILE)[1]
    assert [int(part) for part in swift.split(".")] >= [int(part) for part in needed.split(".")]
