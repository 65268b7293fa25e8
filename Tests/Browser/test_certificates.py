"""What `shoal authority` signs, judged by joserfc and by a second computation of the Merkle tree."""

from collections.abc import Callable
from typing import Any

import pytest
from harness import merkle
from harness.backend import Backend, get
from harness.content import noise
from harness.origin import Origin
from harness.site import Site
from harness.tokens import base64url, header_of, public_thumbprint, verified


def keyset_of(backend: Backend, base: str) -> dict[str, Any]:
    """The keyset, after its signature and the root's thumbprint were found right."""
    status, headers, body = get(f"{base}/v1/keyset")
    assert (status, headers["content-type"]) == (200, "application/jose")
    header = header_of(body.decode())
    assert header["typ"] == "shoal-keyset"
    assert public_thumbprint(header["jwk"]) == backend.authority.thumbprint
    return verified(body.decode(), header["jwk"])


def test_the_tracker_hands_on_the_authoritys_keyset(backend: Backend) -> None:
    keyset = keyset_of(backend, backend.authority.url)
    assert keyset["ver"] >= 1 and keyset["revoked"] == []
    assert [public_thumbprint(key) for key in keyset["keys"]] == [key["kid"] for key in keyset["keys"]]
    assert not any("d" in key for key in keyset["keys"])
    assert keyset_of(backend, backend.tracker.url)["keys"] == keyset["keys"]


@pytest.mark.parametrize("length", [1, 16_384, 16_385, 65_536, 65_537, 1_000_000, 3_333_333])
def test_a_certificate_says_what_is_so(backend: Backend, site: Site, length: int) -> None:
    body = noise(length, length)
    site.origin.put("/a%20b.bin", body, "application/x-test")
    url = f"{site.url}/a%20b.bin"
    result = backend.tracker.certified(site.url, url)
    keys = {key["kid"]: key for key in keyset_of(backend, backend.tracker.url)["keys"]}
    header = header_of(result["certificate"])
    assert header["typ"] == "shoal-certificate"
    claims = verified(result["certificate"], keys[header["kid"]])
    wanted = {
        "aud": site.url,
        "url": url,
        "cid": base64url(merkle.content_id(body)),
        "len": length,
        "pln": merkle.piece_length(length),
        "typ": "application/x-test",
    }
    assert {name: claims[name] for name in wanted} == wanted
    assert claims["nbf"] <= claims["iat"] + 30 and 0 < claims["exp"] - claims["nbf"] <= 3_600
    layer = merkle.layer(body)
    assert result.get("layer") == (base64url(layer) if layer else None)
    assert result["content"] == wanted["cid"]
    assert "peers" not in result


def test_a_url_that_nobody_asked_for_yet_is_pending(backend: Backend, site: Site) -> None:
    site.origin.put("/new.bin", noise(1_000, 1), delay=2)
    status, result = backend.tracker.certificate(site.url, site.url + "/new.bin")
    assert (status, result["status"]) == (202, "pending")
    assert result["retry"] >= 1


REFUSALS: dict[str, tuple[dict[str, Any], str]] = {
    "private": ({"headers": {"Cache-Control": "private, max-age=60"}}, "Cache-Control"),
    "no-store": ({"headers": {"Cache-Control": "no-store"}}, "Cache-Control"),
    "a cookie": ({"headers": {"Set-Cookie": "a=b"}}, "Set-Cookie"),
    "vary by cookie": ({"headers": {"Vary": "Cookie"}}, "Vary"),
    "vary by everything": ({"headers": {"Vary": "*"}}, "Vary"),
    "encoded": ({"headers": {"Content-Encoding": "gzip"}}, "gzip"),
    "truncated": ({"cut_after": 500}, ""),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_what_must_not_be_shared_is_refused_with_the_reason(backend: Backend, site: Site, name: str) -> None:
    knobs, word = REFUSALS[name]
    site.origin.put("/refused.bin", noise(1_000, 2), **knobs)
    result = backend.tracker.refused(site.url, site.url + "/refused.bin")
    assert result["code"] == "not-certifiable"
    assert word in result["message"], result


def test_a_missing_page_is_refused(backend: Backend, site: Site) -> None:
    assert "404" in backend.tracker.refused(site.url, site.url + "/missing")["message"]


def test_empty_content_is_refused(backend: Backend, site: Site) -> None:
    site.origin.put("/empty", b"")
    assert backend.tracker.refused(site.url, site.url + "/empty")["code"] == "not-certifiable"


def test_a_site_that_is_not_registered_is_refused(backend: Backend, origin: Origin) -> None:
    origin.put("/a.bin", b"a")
    message = backend.tracker.refused(origin.url, origin.url + "/a.bin")["message"]
    assert "shoal sites add" in message, message


def test_a_private_address_is_refused_unless_it_was_allowed(backend: Backend, origin: Origin) -> None:
    backend.authority.register(origin.url, private=False)
    origin.put("/a.bin", b"a")
    message = backend.tracker.refused(origin.url, origin.url + "/a.bin")["message"]
    assert "--allow-private-addresses" in message, message
    assert origin.accesses() == []


def test_another_origin_is_refused_unless_it_was_named(
    backend: Backend, site: Site, another_origin: Callable[[], Origin]
) -> None:
    other = another_origin()
    other.put("/a.bin", b"a")
    assert "--content-origin" in backend.tracker.refused(site.url, other.url + "/a.bin")["message"]
    assert other.accesses() == []
    named = another_origin()
    named.put("/a.bin", b"a")
    backend.authority.register(site.url, content_origins=[named.url])
    assert backend.tracker.certified(site.url, named.url + "/a.bin")


@pytest.mark.parametrize("url", ["", "data.bin", "ftp://a.example/x", "http://user:word@a.example/x", "http://a.example/x#y"])
def test_a_url_that_is_none_is_told_so(backend: Backend, site: Site, url: str) -> None:
    status, result = backend.tracker.certificate(site.url, url)
    assert (status, result.get("code"), result.get("field")) == (400, "bad-value", "url"), (status, result)
    assert result["message"]
