"""Other people's checks of the deployment files. Each takes the repository's root, or a copy's, and answers what is wrong: nothing, if all is well."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).resolve().parent
TOOLS = Path(sys.executable).parent
NODES = "backend trackers from trackers\n    server tracker-1 127.0.0.1:8001 port 9000 source 127.0.0.79\n    server tracker-2 127.0.0.1:8002 port 9001 source 127.0.0.79\n"
"""As cluster/up writes it."""
EXPOSURE = 20
"""Tenths of systemd's own exposure level, 0 (sandboxed) to 100."""


def complaints(*command: str | Path, environment: dict[str, str] = {}) -> str:
    """What a command that failed has printed. Whatever it says on standard error is a complaint as well."""
    ran = subprocess.run([str(part) for part in command], capture_output=True, text=True, env={**os.environ, **environment})
    return f"{ran.stdout}{ran.stderr}" if ran.returncode else ran.stderr


def haproxy(root: Path) -> str:
    """`haproxy -c` with the nodes of each kind of installation, without and with TLS; warnings count (-dW)."""
    files = root / "cluster/haproxy"
    with tempfile.TemporaryDirectory() as directory:
        nodes, certificate = Path(directory) / "trackers.cfg", Path(directory) / "tracker.pem"
        nodes.write_text(NODES)
        new = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-noenc", "-subj", "/CN=localhost"]
        subprocess.run(["openssl", "req", *new, "-keyout", certificate, "-out", f"{certificate}.crt"], check=True, capture_output=True)
        certificate.write_text(certificate.read_text() + Path(f"{certificate}.crt").read_text())
        site = {"SITE_ADDRESS": "127.0.0.1:8080", "SITE_SERVER": "127.0.0.1:8081"}
        installations: list[tuple[list[Path], dict[str, str]]] = [
            ([nodes, files / "site.cfg"], site),
            ([nodes], {"TLS_CERTIFICATE": str(certificate)}),
            ([root / "cluster/compose/trackers.cfg"], {}),
            ([root / "cluster/kubernetes/trackers.cfg"], {}),
        ]
        found = ""
        for further, environment in installations:
            arguments = [part for file in [files / "haproxy.cfg", *further] for part in ("-f", file)]
            found += complaints("haproxy", "-c", "-dW", *arguments, environment=environment)
        return found


def systemd(root: Path) -> str:
    """`systemd-analyze verify`, and its judgement of how well the units are locked up. Their programs need not be installed here."""
    found = ""
    with tempfile.TemporaryDirectory() as directory:
        units = Path(directory) / "systemd"
        shutil.copytree(root / "cluster/systemd", units)
        for unit in units.glob("*.service"):
            text = unit.read_text()
            for program in ("/usr/local/bin/shoal", "/usr/local/lib/shoal/start"):
                text = text.replace(program, "/usr/bin/true")
            unit.write_text(text)
        for unit in units.glob("*.service"):
            found += complaints("systemd-analyze", "verify", unit)
            found += complaints("systemd-analyze", "security", "--offline=true", f"--threshold={EXPOSURE}", "--no-pager", unit)
    return found


def compose(root: Path) -> str:
    """The Compose specification's own JSON schema."""
    return complaints(TOOLS / "check-jsonschema", "--builtin-schema", "vendor.compose-spec", root / "cluster/compose/compose.yaml")


def kubernetes(root: Path) -> str:
    """Kubernetes' own JSON schemas; names that these do not have are errors (--strict)."""
    manifests = [file for file in sorted((root / "cluster/kubernetes").glob("*.yaml")) if file.name != "kustomization.yaml"]
    return complaints(TOOLS / "kubernetes-validate", "--quiet", "--strict", *manifests)


def yaml(root: Path) -> str:
    return complaints("yamllint", "--strict", "--config-file", HERE / "yamllint.yaml", *sorted((root / "cluster").rglob("*.yaml")))


def shell(root: Path) -> str:
    """shellcheck, of every script."""
    candidates = [file for folder in ("cluster", "ops", ".ci") for file in sorted((root / folder).rglob("*")) if file.is_file()]
    scripts = [file for file in candidates if file.suffix == ".sh" or file.read_bytes()[:64].splitlines()[0:1] in ([b"#!/usr/bin/env bash"], [b"#!/bin/sh"])]
    assert len(scripts) >= 8, scripts
    ran = subprocess.run(["shellcheck", "--external-sources", *scripts], cwd=root, capture_output=True, text=True)
    return ran.stdout + ran.stderr


VALIDATORS: dict[str, Callable[[Path], str]] = {
    check.__name__: check for check in (haproxy, systemd, compose, kubernetes, yaml, shell)
}
