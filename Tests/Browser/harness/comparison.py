"""A page with Shoal compared with the same page without it, as a visitor and as the site's own scripts see them."""

from collections.abc import Callable
from typing import Any

from .browsers import Browser, Page
from .content import digest, noise
from .origin import Origin
from .site import load

BODY = noise(700_000, 20)
PATHS = ["/data.bin", "/style.css", "/picture.svg", "/private.txt", "/cookie.txt", "/missing"]
PICTURE = '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="30"><rect width="40" height="30" fill="teal"/></svg>'
MARKUP = '<link rel="stylesheet" href="/style.css"><h1>A site</h1><img src="/picture.svg" alt="">'


def furnish(origin: Origin) -> None:
    """Something of everything that a site may have."""
    origin.put("/data.bin", BODY)
    origin.put("/style.css", "h1 { color: rgb(1, 2, 3) }", "text/css")
    origin.put("/picture.svg", PICTURE, "image/svg+xml")
    origin.put("/private.txt", "yours", "text/plain", headers={"Cache-Control": "private"})
    origin.put("/cookie.txt", "sweet", "text/plain", headers={"Set-Cookie": "a=b"})


def look(page: Page) -> dict[str, Any]:
    """All that a visitor, or a script of the site, can see of the page and its resources."""
    return {
        "resources": load(page, PATHS),
        "markup": page.evaluate("document.body.innerHTML"),
        "picture": page.evaluate("(i => [i.complete, i.naturalWidth, i.naturalHeight])(document.images[0])"),
        "colour": page.evaluate("getComputedStyle(document.querySelector('h1')).color"),
    }


def same_as_without_shoal(browser: Browser, origin: Origin, prepare: Callable[[Page], None] = lambda page: None) -> Page:
    """Compares the page with the one without Shoal, in the same browser, and reads the console."""
    bare = look(browser.page(origin.url + "/plain"))
    assert bare["resources"]["/data.bin"]["sha256"] == digest(BODY)
    before = len(browser.console())
    page = browser.page(origin.url + "/")
    assert page.evaluate("shoal.stats().state"), "Shoal's script has not run, so nothing is compared"
    prepare(page)
    assert look(page) == bare
    complaints = [line for line in browser.console()[before:] if line.level in ("warn", "error")]
    # Of a connection that cannot be made, Firefox itself writes an error that no script can prevent. That may be the one error;
    # Shoal has one line to say what it means.
    written = [line for line in complaints if line.kind == "console"]
    errors = [line for line in complaints if line.level == "error"]
    assert len(written) <= 1 and all(line.text.startswith("Shoal ") for line in written), complaints
    assert len(errors) <= 1 and all("ws://" in line.text for line in errors), complaints
    return page


def until_off(page: Page) -> None:
    page.eventually("shoal.stats().state.startsWith('off: ')")


def until_controlled(page: Page) -> None:
    """The worker sees the page's requests, whatever becomes of them."""
    page.eventually("navigator.serviceWorker.controller !== null")
