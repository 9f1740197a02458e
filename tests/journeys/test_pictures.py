"""A fan and an artist give themselves pictures from a telephone; they stand beside their names, and go when they are hidden or taken away."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from pathlib import Path

import PIL.Image
import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.factories import pictures as made
from tests.journeys import people
from tests.journeys.conftest import own_installation
from tests.journeys.looking import look_in_both_languages

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

product, _ = own_installation()

_DRAWN = "image => image.complete && image.naturalWidth > 1"


def _sends(page: Page, field: str, data: bytes, said: str) -> None:
    page.locator(f"#{field}").set_input_files({"name": "IMG_2041.JPG", "mimeType": "image/jpeg", "buffer": data})
    expect(page.get_by_text(said)).to_be_visible(timeout=30_000)


def _is_drawn(image: Locator) -> None:
    expect(image).to_be_visible()
    image.page.wait_for_function(_DRAWN, arg=image.element_handle())


def _moves(page: Page) -> float:
    """How far what was drawn moved while pictures came in: the browser's own count, which is zero when places were kept."""
    shifted: float = page.evaluate(
        """() => new Promise(done => { let sum = 0
        new PerformanceObserver(list => list.getEntries().forEach(one => { sum += one.value }))
            .observe({type: "layout-shift", buffered: true}); setTimeout(() => done(sum), 300) })"""
    )
    return shifted


def test_a_picture_is_given_stands_beside_the_name_and_is_hidden_with_its_page(
    browser_for: Callable[..., BrowserContext], shots: Path
):
    fan, artist, anybody = (browser_for().new_page() for _ in range(3))
    people.signs_up(fan, people.somebody("Kito"))
    people.opens_page(fan, handle="kito")
    fan.goto("/account/page")
    look_in_both_languages(fan, "own-page-without-picture", shots=shots)
    _sends(fan, "picture", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "This is not a picture that we take.")
    expect(fan.locator("#picture")).to_have_attribute("aria-invalid", "true")
    _sends(fan, "picture", made.photo(orientation=6, size=(1600, 1200)), "Your picture was changed.")
    _is_drawn(fan.get_by_role("img", name="Your picture"))
    _is_drawn(fan.locator(".side .portrait img"))
    look_in_both_languages(fan, "own-page-pictured", shots=shots)

    people.signs_up(artist, people.somebody("Ana Soler"))
    people.becomes_artist(artist, name="Ana Soler", handle="ana.soler")
    artist.goto("/studio")
    artist.get_by_role("link", name="Page and team Ana Soler").click()
    look_in_both_languages(artist, "artist-without-pictures", shots=shots)
    _sends(artist, "portrait", made.photo(seed=11), "The picture was changed.")
    _sends(artist, "banner", made.photo(size=(700, 700)), "at least 750 pixels wide")
    _sends(artist, "banner", made.photo(size=(2400, 1200), seed=5), "The banner was changed.")
    look_in_both_languages(artist, "artist-profile-pictured", shots=shots)

    fan.goto("/artists/ana.soler")
    fan.get_by_role("button", name="Follow").click()
    expect(fan.get_by_role("button", name="Stop following")).to_be_visible()
    for path, name, pictures in (
        ("/artists/ana.soler", "artist-pictured", ("Picture of Ana Soler", "Banner of Ana Soler")),
        ("/u/kito", "person-pictured", ("Picture of Kito",)),
    ):
        anybody.goto(path)
        for words in pictures:
            _is_drawn(anybody.get_by_role("img", name=words))
        assert _moves(anybody) < 0.01
        look_in_both_languages(anybody, name, shots=shots)
    _is_drawn(anybody.locator(".rows .portrait img"))

    address = anybody.get_by_role("img", name="Picture of Kito").get_attribute("src") or ""
    sent = anybody.request.get(address)
    with PIL.Image.open(io.BytesIO(sent.body())) as image:
        assert (image.format, dict(image.getexif())) == ("WEBP", {})
    assert made.MAKER.encode() not in sent.body()

    fan.goto("/account/page")
    fan.get_by_label("My page is open").uncheck()
    fan.get_by_role("button", name="Save").click()
    expect(fan.get_by_text("Your page was saved.")).to_be_visible()
    assert anybody.request.get(address).status == 404
    fan.get_by_role("button", name="Remove the picture").click()
    expect(fan.get_by_text("Your picture was removed.")).to_be_visible()
    assert fan.request.get(address).status == 404
    artist.get_by_role("button", name="Remove the banner").click()
    expect(artist.get_by_text("The banner was removed.")).to_be_visible()
    anybody.goto("/artists/ana.soler")
    expect(anybody.get_by_role("img", name=re.compile("Banner"))).to_have_count(0)
    artist.goto("/studio")
    look_in_both_languages(artist, "studio-pictured", shots=shots)
