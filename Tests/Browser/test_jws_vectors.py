"""The client's own verification, on the WebCrypto of real browsers, accepts and rejects what joserfc's vectors say."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from harness.backend import REPOSITORY
from harness.browsers import Browser
from harness.origin import Origin

VECTORS = json.loads((REPOSITORY / "Tests/Fixtures/jws.json").read_text())


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The client's module for JWS as a script that defines `jws`."""
    output: Path = tmp_path_factory.mktemp("bundle") / "jws.js"
    source = REPOSITORY / "Sources/BrowserClient/src/jws.ts"
    subprocess.run(["esbuild", source, "--bundle", "--format=iife", "--global-name=jws", f"--outfile={output}"], check=True)
    return output.read_text()


@pytest.mark.parametrize("kind", ["chromium", "firefox"])
def test_vectors(browser: Callable[..., Browser], origin: Origin, bundle: str, kind: str) -> None:
    origin.put("/jws.js", bundle, "text/javascript")
    origin.put("/", '<!DOCTYPE html><title>JWS</title><script src="/jws.js"></script>', "text/html")
    page = browser(kind).page(origin.url + "/")
    answers = page.evaluate(
        f"""(async vectors => {{
            const keys = {{}};
            for (const key of vectors.keys) keys[key.name] = await jws.importKey(key.publicJwk);
            const verdict = async vector => {{
                try {{
                    await jws.verify(jws.parseJWS(vector.jws, 2048), keys[vector.key]);
                    return 'accepted';
                }} catch (error) {{
                    return 'rejected: ' + error.message;
                }}
            }};
            return {{
                ids: vectors.keys.map(key => keys[key.name].id),
                valid: await Promise.all(vectors.valid.map(verdict)),
                invalid: await Promise.all(vectors.invalid.map(verdict)),
            }};
        }})({json.dumps(VECTORS)})"""
    )
    assert answers["ids"] == [key["rfc7638Thumbprint"] for key in VECTORS["keys"]]
    assert answers["valid"] == ["accepted"] * len(VECTORS["valid"])
    wrongly = [vector["why"] for vector, answer in zip(VECTORS["invalid"], answers["invalid"], strict=True) if answer == "accepted"]
    assert wrongly == []


def test_a_private_key_in_a_keyset_is_refused(browser: Callable[..., Browser], origin: Origin, bundle: str) -> None:
    origin.put("/jws.js", bundle, "text/javascript")
    origin.put("/", '<!DOCTYPE html><title>JWS</title><script src="/jws.js"></script>', "text/html")
    page = browser("chromium").page(origin.url + "/")
    private = [key["privateJwkForTestsOnly"] for key in VECTORS["keys"]]
    refused = page.evaluate(
        f"Promise.all({json.dumps(private)}.map(key => jws.importKey(key).then(() => false, () => true)))"
    )
    assert refused == [True] * len(private)
