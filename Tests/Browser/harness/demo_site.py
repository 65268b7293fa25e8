"""The demo site's gallery and film, as visitors have them and as its server has counted them."""

import json
import urllib.request
from collections.abc import Iterable
from typing import Any, Protocol
from urllib.parse import urlsplit

from .backend import get
from .browsers import Page
from .site import SHA256
from .waiting import DEADLINE


class Demo(Protocol):
    """Whatever runs the demo site."""

    site: str


def stay_until_complete(page: Page) -> dict[str, dict[str, Any]]:
    """Waits until the visitor has all pictures and the film and could give them to others. Answers them by path."""
    media = "shoal.stats().resources.filter(one => one.url.includes('/media/'))"
    page.eventually(f"(r => r.length >= 32 && r.every(one => one.state === 'complete'))({media})", within=240)
    return {urlsplit(resource["url"]).path: resource for resource in page.evaluate(media)}


def forget_accesses(demo: Demo) -> None:
    urllib.request.urlopen(urllib.request.Request(f"{demo.site}/-/access", method="DELETE"), timeout=DEADLINE).close()


def bytes_from_origin(demo: Demo, paths: Iterable[str]) -> int:
    """What the origin has sent of these paths since `forget_accesses`, to anybody."""
    accesses = json.loads(get(f"{demo.site}/-/access")[2])
    return sum(accesses.get(path, {"bytes": 0})["bytes"] for path in paths)


def pictures_shown(page: Page) -> list[list[Any]]:
    """Source and size of every picture that the page shows."""
    return page.eventually(
        "(all => all.every(i => i.complete) && all.map(i => [i.src, i.naturalWidth, i.naturalHeight]))"
        "([...document.images].filter(i => i.src.includes('/media/')))"
    )


def digests_of_what_is_kept(page: Page, paths: list[str]) -> dict[str, str]:
    """SHA-256 of each path's bytes as they came to this browser and are given to its pages from now on.

    Scripts cannot read the bytes that the worker gave to an <img> or a <video>, and what they fetch themselves comes from the
    origin; so the store is read, whose keys hold the URLs.
    """
    return page.evaluate(
        f"""(async () => {{
            const sha256 = {SHA256}, answers = {{}};
            const cache = await caches.open('shoal');
            for (const request of await cache.keys()) {{
                const {{pathname}} = new URL(decodeURIComponent(new URL(request.url).search.slice(1)));
                if ({paths}.includes(pathname)) answers[pathname] = await sha256(await (await cache.match(request)).arrayBuffer());
            }}
            return answers;
        }})()"""
    )
