"""In Chromium on real music: a listener claims to an address of a chain, and spends by the browser's wallet, which signs with a real key."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Request, expect

from tests.factories.chain_wallets import wallet
from tests.journeys import people
from tests.journeys.looking import DOWN_TO_SMALL, look_in_both_languages
from tests.journeys.product import Product, running
from tests.journeys.test_chain_wallets import has_wallet
from tests.journeys.test_receipts import PROVED_WITHIN_MS, earn, listen_to, narrow, opened

pytestmark = [pytest.mark.browser, pytest.mark.timeout(1500)]

KEY = wallet(0xC0FFEE)
ANOTHER = wallet(0xDECAF)


@pytest.fixture(scope="module")
def quick(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """A product whose claims are sent within two seconds."""
    with running(tmp_path_factory.mktemp("addresses") / "data", VIBESTREAM_CLAIM_DELAY_S="2") as product:
        yield product


def test_a_listener_claims_to_an_address_and_spends_it_by_its_key(
    chromium: Browser, quick: Product, shots: Path, tmp_path: Path
):
    artist = opened(chromium, quick).new_page()
    people.signs_up(artist, people.somebody("Ana Soler"))
    people.becomes_artist(artist, name="Ana Soler", handle="ana.soler")
    people.uploads(artist, people.cut_songs(tmp_path))
    release = people.publishes(artist, title="Media luna")

    fan = opened(chromium, quick)
    wallets = {"key": ANOTHER}
    behaves, shown = has_wallet(fan, lambda: wallets["key"])
    page, complaints = fan.new_page(), listen_to(fan)
    people.signs_up(page, people.somebody("Kito"))
    page.goto("/account/receipts")
    page.get_by_role("button", name="Make my secret").click()
    expect(page.get_by_text("Your secret is in this browser.")).to_be_visible()
    earn(page, quick, release)

    page.goto("/account/receipts")
    expect(page.get_by_label("A fresh wallet without a name for each claim")).to_be_checked()
    types_addresses(page)
    wallets["key"] = KEY
    takes_address(page)
    look_in_both_languages(page, "receipts-address", shots=shots, widths=DOWN_TO_SMALL)
    takes_address(page)  # the page was loaded anew: nothing is chosen but by whoever claims
    claims(page)

    wallets["key"] = ANOTHER
    gives(page)
    expect(page.get_by_text(f"Choose {KEY.address.lower()} in your wallet")).to_be_visible()
    wallets["key"], behaves["cancels"] = KEY, True
    gives(page)
    expect(page.get_by_text("It was cancelled in the wallet. Nothing was moved.")).to_be_visible()
    assert quick.query("SELECT count(*) FROM payment.claim_order") == [(0,)]
    behaves["cancels"] = False
    gives(page)
    expect(page.get_by_text("1.00 VIBE went to the artist.")).to_be_visible()
    look_in_both_languages(page, "receipts-address-spent", shots=shots, widths=DOWN_TO_SMALL)
    narrow(page)

    lines = shown[-1].split("\n")
    assert (lines[0], lines[2], lines[4]) == ("vibestream-wallet-order-v1", f"evm:{KEY.address.lower()}", "10000")
    assert quick.query("SELECT wallet FROM listen_reward.claim") == [(f"evm:{KEY.address.lower()}",)]
    assert quick.query("SELECT wallet, amount FROM payment.claim_order") == [(f"evm:{KEY.address.lower()}", 10_000)]
    assert quick.run("audit").returncode == 0
    assert complaints == []


def types_addresses(page: Page) -> None:
    """What is no address, or has a letter that is another one, is refused at its field before anything is proved."""
    page.get_by_label("An address of a chain, whose key you have").check()
    expect(page.get_by_text("all claims to one address are one person's")).to_be_visible()
    page.get_by_label("Claim although it may be guessed").check()
    field = page.get_by_label("Address", exact=True)
    letter = next(at for at, one in enumerate(KEY.address[2:], start=2) if one.isalpha())
    turned = KEY.address[:letter] + KEY.address[letter].swapcase() + KEY.address[letter + 1 :]
    for typed, said in (
        ("", "An address is 0x and forty digits"),
        (KEY.address[:-1], "An address is 0x and forty digits"),
        (turned, "its checksum is wrong"),
        ("0x" + "0" * 40, "Nobody has the key of this address."),
    ):
        field.fill(typed)
        page.get_by_role("button", name="Prove and claim").click()
        expect(page.get_by_text(said)).to_be_visible()
        expect(field).to_have_attribute("aria-invalid", "true")
    page.get_by_label("An address of a chain, whose key you have").check()
    field.fill(KEY.address.lower())
    field.blur()
    page.get_by_label("A fresh wallet without a name for each claim").check()
    page.get_by_label("An address of a chain, whose key you have").check()
    expect(page.get_by_text(f"Compare it letter by letter: {KEY.address}")).to_be_visible()


def takes_address(page: Page) -> None:
    page.get_by_label("An address of a chain, whose key you have").check()
    page.get_by_role("button", name="Take it from Larkspur").click()
    expect(page.get_by_label("Address", exact=True)).to_have_value(KEY.address)
    expect(page.get_by_text("Its checksum is right.")).to_be_visible()


def claims(page: Page) -> None:
    """Prove, and be paid; what is sent names the address and no listener."""

    def is_claim(request: Request) -> bool:
        return request.method == "POST" and request.url.endswith("/api/v1/claims")

    page.get_by_label("Claim although it may be guessed").check()
    with page.expect_request(is_claim, timeout=PROVED_WITHIN_MS) as asked:
        page.get_by_role("button", name="Prove and claim").click()
    assert "cookie" not in asked.value.all_headers()
    assert json.loads(asked.value.post_data or "")["wallet"] == f"evm:{KEY.address.lower()}"
    expect(page.get_by_text("Paid: 1.00 VIBE.")).to_be_visible(timeout=60_000)
    expect(page.get_by_text("Its key is in your wallet")).to_be_visible()


def gives(page: Page) -> None:
    page.get_by_label("Move it to").select_option("artist")
    page.get_by_label("The artist's handle").fill("ana.soler")
    page.get_by_role("button", name="Move all of it").click()
