"""What the other tests compare Shoal with is itself right: the Merkle tree after libtorrent, the signatures after joserfc."""

import hashlib
import json

import pytest
from harness import merkle, wire
from harness.backend import REPOSITORY
from harness.tokens import Authority, base64url, header_of, verified

CASES = json.loads((REPOSITORY / "Tests/Fixtures/bep52-pieces-root.json").read_text())["cases"]


def stream(length: int) -> bytes:
    """The vectors' content: SHA-256 of a name and a counter, again and again."""
    parts = (hashlib.sha256(b"shoal-%d" % length + n.to_bytes(8, "big")).digest() for n in range(-(-length // 32)))
    return b"".join(parts)[:length]


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["length"]))
def test_content_id_is_libtorrents(case: dict) -> None:
    body = stream(case["length"])
    assert hashlib.sha256(body).hexdigest() == case["sha256Hex"]
    assert base64url(merkle.content_id(body)) == case["piecesRootBase64url"]


def test_a_layer_has_the_content_id_as_its_root() -> None:
    body = stream(300_000)
    layer = merkle.layer(body)
    row = [layer[i : i + 32] for i in range(0, len(layer), 32)]
    assert len(row) == 5
    filling = merkle._root([], merkle.ZERO, 4)
    row += [filling] * 3
    while len(row) > 1:
        row = [hashlib.sha256(row[i] + row[i + 1]).digest() for i in range(0, len(row), 2)]
    assert row[0] == merkle.content_id(body)


def test_what_the_authority_of_the_tests_signs_verifies() -> None:
    authority = Authority.new()
    keyset = verified(authority.keyset(), header_of(authority.keyset())["jwk"])
    certificate = authority.certificate("http://a.example", "http://a.example/x", b"x", "text/plain")
    assert verified(certificate, keyset["keys"][0])["cid"] == base64url(merkle.content_id(b"x"))


def test_messages_between_peers_have_the_lengths_of_the_protocol() -> None:
    request = wire.request(7, 3, bytes(32))
    assert len(request) == 41
    assert wire.read_request(request) == wire.Request(7, 3, bytes(32))
    assert [len(message) for message in wire.blocks(7, bytes(40_000))] == [16_393, 16_393, 9 + 40_000 - 2 * 16_384]
    assert len(wire.refuse(7, 1)) == 6
