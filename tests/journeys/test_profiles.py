"""A fan opens a page, follows an artist and blocks somebody; an artist changes its page: seen wide, narrow, dark, in Spanish."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.journeys import people
from tests.journeys.conftest import own_installation
from tests.journeys.looking import DOWN_TO_SMALL, look_in_both_languages
from tests.journeys.people import Person

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

product, _ = own_installation()


def _artist(page: Page) -> Person:
    person = people.somebody("Ana Soler")
    people.signs_up(page, person)
    people.becomes_artist(page, name="Ana Soler", handle="ana.soler")
    page.goto("/studio")
    return person


def _opens_page(page: Page, handle: str) -> None:
    page.goto("/account/page")
    page.get_by_label("Handle").fill(handle)
    page.get_by_label("About you").fill("Nights, mostly: long records that take their time.\n\nCádiz.")
    page.get_by_label("What you like").fill("ambient, dub techno, copla")
    for box in page.get_by_role("checkbox").all():
        box.check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Your page was saved.")).to_be_visible()


def test_a_fan_opens_a_page_follows_an_artist_and_wants_nothing_of_somebody(
    browser_for: Callable[..., BrowserContext], shots: Path
):
    artist, fan, stranger = (browser_for().new_page() for _ in range(3))
    _artist(artist)
    people.signs_up(fan, people.somebody("Kito"))
    people.signs_up(stranger, people.somebody("Nil Ferrer"))
    artist.get_by_role("link", name="change Ana Soler").click()
    artist.get_by_label("About the artist").fill(
        "Piano and tape, recorded at night.\n\nThe records come out when they are done."
    )
    artist.get_by_label("Name of link 1").fill("Site")
    artist.get_by_label("Address of link 1").fill("https://ana-soler.example.org/")
    artist.get_by_role("button", name="Save").click()
    expect(artist.get_by_text("The artist's page was saved.")).to_be_visible()
    look_in_both_languages(artist, "artist-profile", shots=shots, widths=DOWN_TO_SMALL)

    _opens_page(fan, "kito")
    fan.goto("/artists/ana.soler")
    fan.get_by_role("button", name="Follow").click()
    expect(fan.get_by_role("button", name="Stop following")).to_be_visible()
    expect(fan.get_by_text("1 follower")).to_be_visible()
    look_in_both_languages(fan, "artist-followed", shots=shots, widths=DOWN_TO_SMALL)

    stranger.goto("/u/kito")
    expect(stranger.get_by_role("link", name="Ana Soler")).to_be_visible()
    look_in_both_languages(stranger, "person", shots=shots, widths=DOWN_TO_SMALL)
    stranger.get_by_text("Block", exact=True).click()
    stranger.get_by_role("button", name="Block Kito").click()
    expect(stranger.get_by_text("Blocked. Neither of you sees")).to_be_visible()
    look_in_both_languages(stranger, "own-page-blocked", shots=shots, widths=DOWN_TO_SMALL)
    assert stranger.goto("/u/kito").status == 404  # type: ignore[union-attr]

    fan.goto("/account/page")
    look_in_both_languages(fan, "own-page", shots=shots, widths=DOWN_TO_SMALL)
    fan.get_by_label("My page is open").uncheck()
    fan.get_by_role("button", name="Save").click()
    expect(fan.get_by_text("Your page was saved.")).to_be_visible()
    assert artist.goto("/u/kito").status == 404  # type: ignore[union-attr]
