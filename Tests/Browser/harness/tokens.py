"""Keys, keysets and content certificates as Docs/Certificates.md has them, made and judged with joserfc: a second implementation."""

import base64
import json
import time
from dataclasses import dataclass
from typing import Any

from joserfc import jws
from joserfc.jwk import ECKey

from . import merkle


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def from_base64url(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def new_key() -> ECKey:
    return ECKey.generate_key("P-256")


def public(key: ECKey) -> dict[str, Any]:
    """The public JWK, with the RFC 7638 thumbprint as `kid`."""
    return {"kty": "EC", **{name: key.as_dict(private=False)[name] for name in ("crv", "x", "y")}, "kid": key.thumbprint()}


def public_thumbprint(jwk: dict[str, Any]) -> str:
    """The RFC 7638 thumbprint of a public JWK."""
    return ECKey.import_key(jwk).thumbprint()


def sign(header: dict[str, Any], payload: dict[str, Any], key: ECKey) -> str:
    return jws.serialize_compact({"alg": "ES256", **header}, json.dumps(payload).encode(), key, algorithms=["ES256"])


def header_of(token: str) -> dict[str, Any]:
    """The header as it stands, unverified."""
    return json.loads(from_base64url(token.split(".")[0]))


def verified(token: str, jwk: dict[str, Any]) -> dict[str, Any]:
    """The payload, if the signature is right; raises joserfc's error otherwise."""
    algorithm = header_of(token)["alg"]
    return json.loads(jws.deserialize_compact(token, ECKey.import_key(jwk), algorithms=[algorithm]).payload)


@dataclass
class Authority:
    """A signing authority in a few lines. `root` signs keysets, `key` signs certificates."""

    root: ECKey
    key: ECKey

    @classmethod
    def new(cls) -> "Authority":
        return cls(new_key(), new_key())

    @property
    def thumbprint(self) -> str:
        """What a page pins in `data-root`."""
        return self.root.thumbprint()

    def keyset(self, **changes: Any) -> str:
        now = int(time.time())
        payload = {"iss": "test", "ver": 1, "iat": now, "exp": now + 3_600, "keys": [public(self.key)], "revoked": []}
        header = {"typ": "shoal-keyset", "jwk": {k: v for k, v in public(self.root).items() if k != "kid"}}
        return sign(header, payload | changes, self.root)

    def certificate(self, site: str, url: str, body: bytes, media_type: str, **changes: Any) -> str:
        """A certificate for `body`; `changes` replace claims."""
        now = int(time.time())
        payload = {
            "iss": "test",
            "aud": site,
            "url": url,
            "cid": base64url(merkle.content_id(body)),
            "len": len(body),
            "pln": merkle.piece_length(len(body)),
            "typ": media_type,
            "gen": 1,
            "iat": now,
            "nbf": now,
            "exp": now + 300,
        }
        return sign({"kid": self.key.thumbprint(), "typ": "shoal-certificate"}, payload | changes, self.key)
