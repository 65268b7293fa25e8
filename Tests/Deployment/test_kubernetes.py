"""What the schemas do not connect: names by which Kubernetes' objects refer to each other, and to files."""

from typing import Any

import yaml
from uses import CLUSTER, containers, manifests


def generated() -> dict[str, set[str]]:
    """The keys of each ConfigMap and Secret that the kustomizations generate. Files and resources in them are there."""
    made: dict[str, set[str]] = {}
    for directory in (CLUSTER / folder for folder in ("kubernetes", "redis", "haproxy")):
        kustomization = yaml.safe_load((directory / "kustomization.yaml").read_text())
        for resource in kustomization.get("resources", []):
            assert (directory / resource).exists(), resource
        for generator in kustomization.get("configMapGenerator", []) + kustomization.get("secretGenerator", []):
            keys = set()
            for entry in generator.get("files", []):
                key, _, file = entry.partition("=")
                # The password is made by whoever installs the cluster.
                assert (directory / (file or key)).exists() or file == "redis-password", entry
                keys.add(key)
            made[generator["name"]] = keys | {entry.partition("=")[0] for entry in generator.get("literals", [])}
    return made


def mounts(pod: dict[str, Any], container: dict[str, Any]) -> dict[str, str]:
    """The path at which the container has each ConfigMap or Secret, by its name."""
    volumes = {volume["name"]: volume for volume in pod.get("volumes", [])}
    found = {}
    for mount in container.get("volumeMounts", []):
        volume = volumes.get(mount["name"], {})
        if name := volume.get("configMap", {}).get("name") or volume.get("secret", {}).get("secretName"):
            found[name] = mount["mountPath"]
    return found


def test_what_pods_mount_and_read_is_generated() -> None:
    made = generated()
    used: set[str] = set()
    for manifest in manifests():
        for container in containers(manifest):
            variables = container.get("env", [])
            words = container.get("command", []) + container.get("args", []) + [variable.get("value", "") for variable in variables]
            for name, path in mounts(manifest["spec"]["template"]["spec"], container).items():
                used.add(name)
                read = {word.removeprefix(f"{path}/") for word in words if word.startswith(f"{path}/")}
                assert read and read <= made[name], (container["name"], path, read)
            for reference in (variable["valueFrom"].get("configMapKeyRef") for variable in variables if "valueFrom" in variable):
                if reference:
                    used.add(reference["name"])
                    assert reference["key"] in made[reference["name"]], reference
    assert used == made.keys()


def test_every_selector_selects_pods() -> None:
    labels = [manifest["spec"]["template"]["metadata"]["labels"] for manifest in manifests() if "template" in manifest.get("spec", {})]
    selectors = 0
    for manifest in manifests():
        spec = manifest.get("spec", {})
        chosen = spec.get("podSelector") or spec.get("selector") or {}
        if wanted := chosen.get("matchLabels", chosen):
            selectors += 1
            assert any(wanted.items() <= label.items() for label in labels), manifest["metadata"]
    assert selectors >= 12


def test_only_trackers_reach_the_shards() -> None:
    policies = {one["metadata"]["name"]: one["spec"] for one in manifests() if one["kind"] == "NetworkPolicy"}
    assert policies["nobody"] == {"podSelector": {}, "policyTypes": ["Ingress"]}
    assert policies["shard"]["ingress"] == [
        {"from": [{"podSelector": {"matchLabels": {"app": "tracker"}}}], "ports": [{"protocol": "TCP", "port": 6379}]}
    ]
    assert "Egress" in policies["shard"]["policyTypes"] and "egress" not in policies["shard"]
