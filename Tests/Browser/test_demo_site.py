"""The demo site of `shoal up`: the second visitor's gallery and video come from the first visitor."""

from collections.abc import Callable

import pytest
from harness.backend import Up, get
from harness.browsers import Browser
from harness.content import digest
from harness.demo_site import bytes_from_origin, digests_of_what_is_kept, forget_accesses, pictures_shown, stay_until_complete
from harness.waiting import eventually

Start = Callable[..., Browser]


@pytest.mark.parametrize(("giver", "taker"), [("chromium", "chromium"), ("chromium", "firefox"), ("firefox", "chromium")])
def test_the_second_visitor_has_gallery_and_film_from_the_first(browser: Start, up: Up, giver: str, taker: str) -> None:
    first = browser(giver).page(up.site + "/")
    media = stay_until_complete(first)
    length = sum(resource["length"] for resource in media.values())
    assert len([path for path in media if path.endswith(".jpg")]) >= 30 and media["/media/film.webm"]["length"] >= 10_000_000
    originals = {path: digest(get(up.site + path)[2]) for path in media}

    forget_accesses(up)
    second = browser(taker).page(up.site + "/")
    assert stay_until_complete(second).keys() == media.keys()
    assert bytes_from_origin(up, media) <= 0.05 * length, second.figures()["totals"]
    assert pictures_shown(second) == pictures_shown(first)
    eventually("all is kept as it is at the origin", lambda: digests_of_what_is_kept(second, list(media)) == originals)
    first.eventually(f"shoal.stats().uploaded >= {int(0.95 * length)}")
