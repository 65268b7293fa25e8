"""Every malformed message gets the error that Docs/Protocol.md §5 says, with field and limit, and the connection lives."""

import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any

import pytest
from harness.backend import Backend
from harness.tracker_socket import TrackerSocket

SITE = "http://site.example"
CONTENT = "A" * 43
TOKEN = "eyJhbGciOiJFUzI1NiJ9.e30.AAAA"


@dataclass
class Case:
    message: str | bytes | dict[str, Any]
    code: str
    field: str | None = None
    limit: int | None = None
    got: int | str | None = None
    binary: bool = False
    """Whether bytes go as a binary message; otherwise as a text message."""


def nested(depth: int) -> str:
    """An object in which the value of `x` is nested so deep that `depth` is reached with it."""
    return '{"action":"leave","id":1,"x":' + "[" * (depth - 1) + "]" * (depth - 1) + "}"


CASES = {
    "not JSON": Case("hello", "not-json", got=0),
    "JSON that breaks off": Case('{"action":"leave"', "not-json", got=17),
    "nothing": Case("", "not-json", got=0),
    "something behind the JSON": Case('{"action":"leave","id":1} x', "not-json", got=26),
    "a trailing comma": Case('{"action":"leave",}', "not-json", got=18),
    "a number with a leading zero": Case('{"action":"leave","id":01}', "not-json"),
    "an array": Case("[]", "not-object"),
    "a text": Case('"leave"', "not-object"),
    "null": Case("null", "not-object"),
    "invalid UTF-8": Case(b'{"action":"\xff\xfe"}', "not-utf8"),
    "overlong UTF-8": Case(b'{"action":"\xc0\xaf"}', "not-utf8"),
    "a surrogate in UTF-8": Case(b'{"action":"\xed\xa0\x80"}', "not-utf8"),
    "binary": Case(b'{"action":"leave","id":1}', "binary-message", binary=True),
    "binary of no bytes": Case(b"", "binary-message", binary=True),
    "too deep": Case(nested(17), "too-deep", limit=16),
    "too long": Case('{"action":"' + "x" * 65_525 + '"}', "message-too-long", limit=65_536),
    "no action": Case({"id": 1}, "missing-field", "action"),
    "action of another type": Case({"action": 7}, "wrong-type", "action"),
    "unknown action": Case({"action": "dance", "id": 1}, "unknown-action", "action", got="dance"),
    "the tracker's own action": Case({"action": "welcome", "id": 1}, "unknown-action", "action", got="welcome"),
    "a field twice": Case('{"action":"leave","id":1,"id":2}', "duplicate-field", "id"),
    "a field twice, written differently": Case('{"action":"leave","id":1,"\\u0069d":2}', "duplicate-field", "id"),
    "no id": Case({"action": "leave"}, "missing-field", "id"),
    "id is a text": Case({"action": "leave", "id": "1"}, "wrong-type", "id"),
    "id with a fraction": Case('{"action":"leave","id":1.5}', "bad-value", "id"),
    "id is negative": Case('{"action":"leave","id":-1}', "bad-value", "id"),
    "id beyond 2^53-1": Case('{"action":"leave","id":9007199254740992}', "bad-value", "id"),
    "announce without certificates": Case({"action": "announce", "id": 1}, "missing-field", "certificates"),
    "certificates is a text": Case({"action": "announce", "id": 1, "certificates": TOKEN}, "wrong-type", "certificates"),
    "no certificate": Case({"action": "announce", "id": 1, "certificates": []}, "too-many", "certificates", got=0),
    "33 certificates": Case({"action": "announce", "id": 1, "certificates": [TOKEN] * 33}, "too-many", "certificates", 32, 33),
    "a certificate that is a number": Case(
        {"action": "announce", "id": 1, "certificates": [TOKEN, 5]}, "wrong-type", "certificates[1]"
    ),
    "a certificate that is too long": Case(
        {"action": "announce", "id": 1, "certificates": [TOKEN, "A" * 2_049]}, "too-long", "certificates[1]", 2_048, 2_049
    ),
    "find of nothing": Case({"action": "find", "id": 1}, "missing-field", "urls"),
    "find of no URL": Case({"action": "find", "id": 1, "urls": [], "certificates": []}, "missing-field", "urls"),
    "33 URLs": Case({"action": "find", "id": 1, "urls": ["http://a/"] * 33}, "too-many", "urls", 32, 33),
    "a URL that is too long": Case(
        {"action": "find", "id": 1, "urls": ["http://a/" + "b" * 2_040]}, "too-long", "urls[0]", 2_048, 2_049
    ),
    "urls is an object": Case({"action": "find", "id": 1, "urls": {}}, "wrong-type", "urls"),
    "17 peers wanted": Case({"action": "find", "id": 1, "urls": ["http://a/"], "peers": 17}, "bad-value", "peers", 16),
    "peers is a text": Case({"action": "find", "id": 1, "urls": ["http://a/"], "peers": "8"}, "wrong-type", "peers"),
    "257 contents": Case({"action": "leave", "id": 1, "contents": [CONTENT] * 257}, "too-many", "contents", 256, 257),
    "a content ID that is too short": Case({"action": "leave", "id": 1, "contents": ["A" * 42]}, "bad-value", "contents[0]"),
    "a content ID with padding": Case({"action": "leave", "id": 1, "contents": ["A" * 43 + "="]}, "bad-value", "contents[0]"),
    "a content ID with spare bits": Case({"action": "leave", "id": 1, "contents": ["A" * 42 + "B"]}, "bad-value", "contents[0]"),
    "signal without to": Case({"action": "signal", "data": 1}, "missing-field", "to"),
    "signal without data": Case({"action": "signal", "to": "AAAAAAAAAAA"}, "missing-field", "data"),
    "signal to no peer ID": Case({"action": "signal", "to": "!", "data": 1}, "bad-value", "to"),
    "signal to a stranger": Case({"action": "signal", "to": "AAAAAAAAAAA", "data": 1}, "not-introduced"),
    "signal that is too long": Case(
        {"action": "signal", "to": "AAAAAAAAAAA", "data": "x" * 16_383}, "too-long", "data", 16_384, 16_385
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_malformed_message_is_answered_and_survived(backend: Backend, name: str) -> None:
    case = CASES[name]
    with TrackerSocket(backend.tracker.socket_url, SITE) as tracker:
        as_text = None if isinstance(case.message, (str, dict)) else not case.binary
        error = tracker.ask(case.message, as_text)
        assert error["action"] == "error", error
        assert error["message"], error
        assert error["code"] == case.code, error
        for name, wanted in {"field": case.field, "limit": case.limit, "got": case.got}.items():
            if wanted is not None:
                assert error.get(name) == wanted, error
        if isinstance(case.message, dict) and isinstance(case.message.get("id"), int):
            assert error.get("id") == case.message["id"], error
        assert tracker.is_alive()


def test_a_text_that_came_is_cut_to_64_characters(backend: Backend) -> None:
    with TrackerSocket(backend.tracker.socket_url, SITE) as tracker:
        assert tracker.ask({"action": "d" * 100, "id": 1})["got"] == "d" * 64


def test_limits_are_inclusive(backend: Backend) -> None:
    with TrackerSocket(backend.tracker.socket_url, SITE) as tracker:
        start = '{"action":"leave","id":1,"x":"'
        longest = start + "x" * (65_536 - len(start) - 2) + '"}'
        assert tracker.ask(longest) == {"action": "left", "id": 1, "count": 0}
        assert tracker.ask(nested(16)) == {"action": "left", "id": 1, "count": 0}


def test_a_message_of_many_fragments_is_one_message(backend: Backend) -> None:
    with TrackerSocket(backend.tracker.socket_url, SITE) as tracker:
        tracker.socket.send(iter('{"action":"leave","id":1}'))
        assert tracker.receive() == {"action": "left", "id": 1, "count": 0}


def test_fragments_over_the_limit_are_discarded_as_one_message(backend: Backend) -> None:
    with TrackerSocket(backend.tracker.socket_url, SITE) as tracker:
        tracker.socket.send(iter(["x" * 30_000] * 5))
        error = tracker.receive()
        assert (error["code"], error["limit"]) == ("message-too-long", 65_536)
        assert tracker.is_alive()


def test_sixteen_times_the_size_limit_closes(backend: Backend) -> None:
    with TrackerSocket(backend.tracker.socket_url, SITE) as tracker:
        tracker.send("x" * (16 * 65_536 + 1))
        assert tracker.close_code() == 1009


def test_malformed_entries_are_judged_each_by_itself(backend: Backend) -> None:
    with TrackerSocket(backend.tracker.socket_url, SITE) as tracker:
        answer = tracker.ask({"action": "announce", "id": 5, "certificates": [TOKEN, "nonsense"]})
        assert (answer["action"], answer["id"]) == ("announced", 5)
        assert [entry["code"] for entry in answer["results"]] == ["bad-certificate", "bad-certificate"]
        assert all(entry["message"] for entry in answer["results"])


def test_unknown_fields_are_ignored(backend: Backend) -> None:
    with TrackerSocket(backend.tracker.socket_url, SITE) as tracker:
        assert tracker.ask({"action": "leave", "id": 3, "colour": ["blue"]}) == {"action": "left", "id": 3, "count": 0}


@pytest.mark.parametrize(
    ("headers", "word"),
    [
        ({"Origin": SITE}, "shoal.v1"),
        ({"Origin": SITE, "Sec-WebSocket-Protocol": "chat"}, "shoal.v1"),
        ({"Sec-WebSocket-Protocol": "shoal.v1"}, "Origin"),
        ({"Origin": "null", "Sec-WebSocket-Protocol": "shoal.v1"}, "Origin"),
        ({"Origin": "file://", "Sec-WebSocket-Protocol": "shoal.v1"}, "Origin"),
    ],
)
def test_a_handshake_that_is_wrong_is_refused_with_the_reason(backend: Backend, headers: dict[str, str], word: str) -> None:
    upgrade = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    }
    request = urllib.request.Request(f"{backend.tracker.url}/v1/connect", headers=upgrade | headers)
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=30)
    assert refused.value.code == 400
    assert word in refused.value.read().decode()


def test_after_all_of_this_the_process_is_well(backend: Backend) -> None:
    """Every case once more on one connection, and another connection beside it that notices nothing."""
    with TrackerSocket(backend.tracker.socket_url, SITE) as bystander:
        with TrackerSocket(backend.tracker.socket_url, SITE) as tracker:
            for case in CASES.values():
                as_text = None if isinstance(case.message, (str, dict)) else not case.binary
                assert tracker.ask(case.message, as_text)["action"] == "error", json.dumps(case.message, default=repr)[:200]
            assert tracker.is_alive()
        assert bystander.is_alive()
