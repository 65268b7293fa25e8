"""Certificates and keysets that a page must not believe, from a tracker and a signer that are not Shoal's own.

A peer stands ready to give what they certify; nothing is taken from it, and the page is what it is without Shoal.
"""

import time
from collections.abc import Callable
from typing import Any

import pytest
from harness.browsers import Browser
from harness.comparison import BODY, MARKUP, furnish, same_as_without_shoal, until_controlled, until_off
from harness.content import digest, noise
from harness.fake_tracker import FakeTracker, Result, certified
from harness.origin import Origin
from harness.peer import PythonPeer
from harness.site import PATIENT, ClientFiles, Site, load
from harness.tokens import Authority

Start = Callable[..., Browser]
KINDS = ["chromium", "firefox"]

STRANGER = Authority.new()
"""An authority that no page trusts."""


def right(authority: Authority, site: str, url: str) -> Result:
    return certified(authority.certificate(site, url, BODY, "application/octet-stream"), BODY)


def expired(authority: Authority, site: str, url: str) -> Result:
    past = int(time.time()) - 3_600
    return certified(authority.certificate(site, url, BODY, "text/plain", iat=past, nbf=past, exp=past + 300), BODY)


def not_valid_yet(authority: Authority, site: str, url: str) -> Result:
    future = int(time.time()) + 3_600
    return certified(authority.certificate(site, url, BODY, "text/plain", iat=future, nbf=future, exp=future + 300), BODY)


def valid_for_too_long(authority: Authority, site: str, url: str) -> Result:
    return certified(authority.certificate(site, url, BODY, "text/plain", exp=int(time.time()) + 100_000), BODY)


def of_an_unknown_key(authority: Authority, site: str, url: str) -> Result:
    return certified(STRANGER.certificate(site, url, BODY, "text/plain"), BODY)


def with_anothers_signature(authority: Authority, site: str, url: str) -> Result:
    """Names the right key, and is signed with another one."""
    forged = Authority(authority.root, STRANGER.key).certificate(site, url, BODY, "text/plain")
    header = authority.certificate(site, url, BODY, "text/plain").split(".")[0]
    return certified(".".join([header, *forged.split(".")[1:]]), BODY)


def for_another_url(authority: Authority, site: str, url: str) -> Result:
    return certified(authority.certificate(site, url + ".other", BODY, "text/plain"), BODY)


def for_another_site(authority: Authority, site: str, url: str) -> Result:
    return certified(authority.certificate("http://other.example", url, BODY, "text/plain"), BODY)


def with_a_wrong_layer(authority: Authority, site: str, url: str) -> Result:
    """The layer's root is not the certificate's content ID."""
    other = certified("", noise(len(BODY), 22))["layer"]
    return certified(authority.certificate(site, url, BODY, "text/plain"), BODY) | {"layer": other}


def with_a_wrong_piece_length(authority: Authority, site: str, url: str) -> Result:
    return certified(authority.certificate(site, url, BODY, "text/plain", pln=131_072), BODY)


WRONG = [
    expired,
    not_valid_yet,
    valid_for_too_long,
    of_an_unknown_key,
    with_anothers_signature,
    for_another_url,
    for_another_site,
    with_a_wrong_layer,
    with_a_wrong_piece_length,
]


FakeSite = Callable[..., tuple[FakeTracker, PythonPeer]]


@pytest.fixture
def fake_site(origin: Origin, client: ClientFiles, started: Any) -> FakeSite:
    """`fake_site(certify, **attributes)`: a site whose tracker certifies as told, and a peer that is ready to give what is certified."""

    def start(certify: Callable[..., Result], **attributes: str) -> tuple[FakeTracker, PythonPeer]:
        authority = Authority.new()
        refused = {"code": "not-certifiable", "message": "no"}

        def answer(site: str, url: str) -> Result:
            return certify(authority, site, url) if url.endswith("/data.bin") else refused

        tracker = started.add(FakeTracker(authority, answer))
        furnish(origin)
        Site(origin, client, tracker, authority.thumbprint).embed(MARKUP, **attributes)
        certificate = answer(origin.url, origin.url + "/data.bin")["certificate"]
        return tracker, started.add(PythonPeer(tracker.socket_url, origin.url, [(certificate, BODY)]))

    return start


@pytest.mark.parametrize("kind", KINDS)
def test_a_right_certificate_of_another_implementation_is_accepted(
    browser: Start, origin: Origin, fake_site: FakeSite, kind: str
) -> None:
    """What makes the refusals below mean something: with nothing wrong, all bytes come from the peer."""
    _, peer = fake_site(right, patience=PATIENT)
    page = browser(kind).page(origin.url + "/")
    until_controlled(page)
    origin.forget_accesses()
    assert load(page, ["/data.bin"])["/data.bin"]["sha256"] == digest(BODY)
    assert len(peer.requests) == 11
    assert origin.bytes_to_browsers(["/data.bin"]) == 0


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("certify", WRONG, ids=lambda certify: certify.__name__)
def test_wrong_certificate(
    browser: Start, origin: Origin, fake_site: FakeSite, certify: Callable[..., Result], kind: str
) -> None:
    tracker, peer = fake_site(certify)
    same_as_without_shoal(browser(kind), origin, until_controlled)
    assert f"{origin.url}/data.bin" in tracker.asked
    assert peer.requests == []


@pytest.mark.parametrize("kind", KINDS)
def test_wrong_root(browser: Start, origin: Origin, fake_site: FakeSite, kind: str) -> None:
    """The page pins another root key than the one that the keyset is signed with."""
    _, peer = fake_site(right)
    page = origin.resources["/"].body.decode()
    pinned = page.split('data-root="')[1].split('"')[0]
    origin.put("/", page.replace(pinned, STRANGER.thumbprint), "text/html; charset=utf-8")
    same_as_without_shoal(browser(kind), origin)
    assert peer.requests == []


@pytest.mark.parametrize(
    "claims",
    [{"exp": 1}, {"keys": []}, {"ver": 0}, {"revoked": "none"}, {"iat": 4_000_000_000}],
    ids=["expired", "no keys", "version 0", "revoked is a text", "from the future"],
)
def test_wrong_keyset(browser: Start, origin: Origin, fake_site: FakeSite, claims: dict[str, Any]) -> None:
    tracker, peer = fake_site(right)
    tracker.keyset = lambda: tracker.authority.keyset(**claims)
    same_as_without_shoal(browser("chromium"), origin)
    assert peer.requests == []


def test_revoked_key(browser: Start, origin: Origin, fake_site: FakeSite) -> None:
    tracker, peer = fake_site(right)
    tracker.keyset = lambda: tracker.authority.keyset(revoked=[tracker.authority.key.thumbprint()])
    same_as_without_shoal(browser("chromium"), origin, until_controlled)
    assert peer.requests == []


@pytest.mark.parametrize("kind", KINDS)
def test_no_consent(browser: Start, origin: Origin, fake_site: FakeSite, kind: str) -> None:
    tracker, peer = fake_site(right, consent="required")
    announced = list(tracker.announced)
    page = same_as_without_shoal(browser(kind), origin, until_off)
    assert page.evaluate("shoal.stats().state") == "off: no consent"
    assert (tracker.asked, tracker.announced, peer.requests) == ([], announced, [])
