"""In Chromium on real music: an artist offers something, a fan listens, the day is closed, the browser proves and shows it; nobody is named."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Request, expect

from tests.journeys import people
from tests.journeys.looking import DOWN_TO_SMALL, look, look_in_both_languages
from tests.journeys.product import Product, running

pytestmark = [pytest.mark.browser, pytest.mark.timeout(1500)]

PROVED_WITHIN_MS = 120_000
GIFT = "The demo of Salitre: https://demo.example/salitre.flac\nThank you for listening."


@pytest.fixture(scope="module")
def giving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    with running(tmp_path_factory.mktemp("perks") / "data") as product:
        yield product


def test_a_fan_proves_to_be_one_and_gets_what_the_artist_gives(
    chromium: Browser, giving: Product, shots: Path, tmp_path: Path
):
    artist, complaints = opened(chromium, giving), []
    people.signs_up(artist, people.somebody("Ana Soler"))
    people.becomes_artist(artist, name="Ana Soler", handle="ana.soler")
    people.uploads(artist, people.cut_songs(tmp_path))
    release = people.publishes(artist, title="Media luna")
    offers(artist, shots)

    page = opened(chromium, giving)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    people.signs_up(page, people.somebody("Kito"))
    page.goto("/artists/ana.soler")
    page.get_by_role("link", name="For fans").click()
    expect(page.get_by_text("You have no receipts yet")).to_be_visible()
    page.get_by_role("link", name="Your receipts").click()
    page.get_by_role("button", name="Make my secret").click()
    expect(page.get_by_text("Your secret is in this browser.")).to_be_visible()
    hears(page, giving, release)

    page.goto("/account/perks")
    look_in_both_languages(page, "perks-within-reach", shots=shots, widths=DOWN_TO_SMALL)
    page.get_by_role("link", name="Open it: A demo, Ana Soler").click()
    look_in_both_languages(page, "perks", shots=shots, widths=DOWN_TO_SMALL)
    proves(page)
    look(page, "perks-given", shots=shots, widths=DOWN_TO_SMALL)

    artist.goto("/studio/perks")
    expect(artist.get_by_text("opened by fewer than ten · 2 codes")).to_be_visible()
    look_in_both_languages(artist, "studio-perks", shots=shots, widths=DOWN_TO_SMALL)
    artist.get_by_role("button", name="Withdraw A demo").click()
    expect(artist.get_by_text("It is offered no more.")).to_be_visible()
    page.reload()
    expect(page.get_by_text("Nothing yet")).to_be_visible()
    assert complaints == []
    assert giving.run("audit").returncode == 0


def opened(chromium: Browser, product: Product) -> Page:
    context = chromium.new_context(base_url=product.url, locale="en-GB")
    context.set_default_timeout(30_000)
    return context.new_page()


def offers(page: Page, shots: Path) -> None:
    """What the form cannot take is said at its field; then it is offered, once."""
    page.goto("/studio/perks")
    look(page, "studio-perks-empty", shots=shots, widths=DOWN_TO_SMALL)
    page.get_by_label("What it is").fill("A demo")
    page.get_by_label("What fans get").fill("   ")
    page.get_by_label("Heard on one day for at least").select_option("30")
    page.get_by_role("button", name="Offer it").click()
    expect(page.get_by_label("What fans get")).to_have_attribute("aria-invalid", "true")
    page.get_by_label("What fans get").fill(GIFT)
    page.get_by_label("Codes, one on each line").fill("LUNA-1\nLUNA-1")
    page.get_by_role("button", name="Offer it").click()
    expect(page.get_by_label("Codes, one on each line")).to_have_attribute("aria-invalid", "true")
    page.get_by_label("Codes, one on each line").fill("LUNA-1\n\nLUNA-2")
    page.get_by_role("button", name="Offer it").click()
    expect(page.get_by_text("Your fans can open it now.")).to_be_visible()
    expect(page.get_by_role("button", name="Withdraw A demo")).to_have_count(1)


def hears(page: Page, product: Product, release: str) -> None:
    """Play until two songs of one day counted, then close it: each is short, and adds half of itself. Of three, midnight leaves two."""
    page.goto(release)
    page.get_by_role("button", name="Play", exact=True).first.click()
    people.plays_on(page, for_s=3)
    product.close_day(receipts=2, within_s=180)


def proves(page: Page) -> None:
    """By the keyboard alone; what is sent names nobody, and what comes back is shown."""
    button = page.get_by_role("button", name="Prove and open")
    expect(button).to_be_disabled()
    expect(page.get_by_text("hides you among nobody", exact=False)).to_be_visible()
    page.get_by_label("Prove although it may be guessed").focus()
    page.keyboard.press("Space")
    expect(button).to_be_enabled()
    assert GIFT.splitlines()[0] not in page.content()

    def is_proof(request: Request) -> bool:
        return request.method == "POST" and request.url.endswith("/proofs")

    with page.expect_request(is_proof, timeout=PROVED_WITHIN_MS) as asked:
        button.focus()
        page.keyboard.press("Enter")
    headers: dict[str, Any] = asked.value.all_headers()
    assert "cookie" not in headers
    assert "referer" not in headers
    expect(page.get_by_role("heading", name="It is yours")).to_be_visible()
    expect(page.get_by_text(GIFT.splitlines()[1], exact=False)).to_be_visible()
    assert page.evaluate("document.activeElement?.textContent.trim()") == "It is yours"
    expect(page.get_by_text("Your code: LUNA-1")).to_be_visible()
    page.evaluate("scrollTo(0, 0)")
