"""Pictures of every page for people to look at: wide and narrow, dark and light, English and Spanish.

They go to `VIBESTREAM_SHOTS` (default /tmp/vs-shots). What a program can see of a picture is asserted: the fonts are
ours, every image is there, nothing sticks out.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.journeys import people
from tests.journeys.conftest import Product, Stage
from tests.journeys.pages import Browsers, pages_of

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

_FONTS = "document.fonts.ready.then(() => [...document.fonts].filter(f => f.status === 'loaded').map(f => f.family))"
_PICTURES = "[...document.images].filter(image => image.checkVisibility() && image.src)"
_LOADED = f"{_PICTURES}.every(image => image.complete || image.getBoundingClientRect().top > innerHeight)"
_BROKEN = f"{_PICTURES}.filter(image => image.complete && !image.naturalWidth).map(image => image.src)"
_OUTSIDE = "document.documentElement.scrollWidth > innerWidth"


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("width", [1280, 390])
def test_every_page_is_pictured(
    *, chromium: Browser, product: Product, stage: Stage, shots: Path, width: int, theme: str, language: str
):
    found: list[str] = []
    with Browsers(chromium, product, stage, theme=theme, width=width, language=language) as open_page:
        for name, who, address in pages_of(stage, open_page):
            page = open_page(who)
            page.goto(address)
            page.wait_for_load_state("load")
            found += [f"{name}: {what}" for what in _seen(page)]
            page.screenshot(path=shots / f"{name}-{theme}-{width}-{language}.png", full_page=name == "draft")
        found += _with_the_player(open_page("artist"), stage, shots / f"%s-{theme}-{width}-{language}.png", width=width)
    assert found == []


def _with_the_player(page: Page, stage: Stage, picture: Path, *, width: int) -> list[str]:
    page.goto(stage.release)
    page.locator("main [data-play=any]").click()
    people.plays_on(page, for_s=3)
    page.screenshot(path=str(picture) % "playing")
    found = [f"playing: {what}" for what in _seen(page)]
    opener = ".player-open" if width < 768 else ".player-end [data-command=queue]"
    page.locator(opener).click()
    page.wait_for_timeout(200)
    page.screenshot(path=str(picture) % "queue")
    return found + [f"queue: {what}" for what in _seen(page)]


def _seen(page: Page) -> list[str]:
    families = set(page.evaluate(_FONTS))
    page.wait_for_function(_LOADED)
    wrong = [] if {"Inter Variable", "Bricolage Grotesque Variable"} <= families else [f"fonts {sorted(families)}"]
    wrong += [f"no picture {source}" for source in page.evaluate(_BROKEN)]
    return wrong + (["wider than the screen"] if page.evaluate(_OUTSIDE) else [])
