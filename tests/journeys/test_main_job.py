"""The main job as people live it: an artist publishes an album, a fan plays it, and the listen is paid."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.journeys import people
from tests.journeys.conftest import Product
from tests.journeys.people import somebody

pytestmark = [pytest.mark.browser, pytest.mark.timeout(1500)]


def test_an_artist_publishes_a_real_album_and_a_fans_listen_is_paid(
    product: Product, browser_for: Callable[..., BrowserContext]
):
    songs = people.album()
    artist_page = browser_for().new_page()
    artist = somebody("Ana Soler")
    people.signs_up(artist_page, artist)
    people.becomes_artist(artist_page, name="Endgame", handle="endgame.singularity")
    people.uploads(artist_page, songs)
    release = people.publishes(artist_page, title="The whole of Singularity")

    fan_page = browser_for().new_page()
    fan = somebody("Kito")
    people.signs_up(fan_page, fan)
    fan_page.goto(release)
    rows = fan_page.get_by_role("table").get_by_role("row")
    expect(rows).to_have_count(len(songs) + 1)
    fan_page.get_by_role("button", name="Play", exact=True).first.click()
    heard_s = people.plays_on(fan_page, for_s=4)

    fan_page.get_by_role("link", name="Listen").first.click()
    expect(fan_page.get_by_role("heading", name="New releases")).to_be_visible()
    on_another_page_s = people.plays_on(fan_page, for_s=2)
    assert on_another_page_s > heard_s
    fan_page.go_back()
    expect(fan_page.get_by_role("heading", name="The whole of Singularity")).to_be_visible()
    assert people.plays_on(fan_page, for_s=2) > on_another_page_s

    expect(fan_page.get_by_role("link", name=re.compile(r"\d VIBE earned")).first).to_be_visible(timeout=90_000)
    _paid_in_the_wallet(fan_page)
    assert "BROKEN" not in product.command("audit")


def _paid_in_the_wallet(page: Page) -> None:
    page.get_by_role("link", name="Wallet").first.click()
    expect(page.locator(".balance-amount")).to_have_text("1.00")
    line = page.locator(".movements li").first
    expect(line).to_contain_text("Reward for listening")
    expect(line).to_contain_text("+1.00 VIBE")
    line.locator("summary").click()
    postings = line.get_by_role("row")
    expect(postings.filter(has_text="Your wallet")).to_contain_text("+1.0000")
    expect(postings.filter(has_text="Reward pool")).to_contain_text("-1.0000")
