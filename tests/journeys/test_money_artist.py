"""An artist's money: a month's statement and its files, an account at the payout service, and a payout that comes back; each
followed on the finance console to its postings."""

from __future__ import annotations

import json
import re
import secrets
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.journeys import looking, paying, people
from tests.journeys.conftest import Product, Stage, own_installation
from tests.journeys.paying import SETTLED_MS

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(400)]

_LISTEN_MS = 90_000
_SEALED_S = 60

product, stage = own_installation()
"""The running month is closed early here, and no revenue falls into a closed month any more."""


@pytest.fixture
def console(browser_for: Callable[..., BrowserContext], stage: Stage) -> Page:
    """The browser of somebody who looks after money."""
    return browser_for(storage_state=stage.states["finance"]).new_page()


@pytest.fixture
def artist(browser_for: Callable[..., BrowserContext], stage: Stage) -> Page:
    """The browser of the artist of the stage's release, who has just signed in."""
    page = browser_for().new_page()
    people.signs_in(page, stage.artist)
    return page


@pytest.fixture(scope="module")
def month() -> str:
    """The running month, which only a sandbox closes early."""
    return datetime.now(UTC).strftime("%Y-%m")


def test_a_fan_pays_a_month_is_shared_and_its_statement_can_be_checked_offline(
    *,
    browser_for: Callable[..., BrowserContext],
    artist: Page,
    console: Page,
    stage: Stage,
    product: Product,
    month: str,
    tmp_path: Path,
    shots: Path,
):
    fan = browser_for().new_page()
    _subscribes_and_listens(fan, stage)
    product.command("royalties", "run", month, "--currency", "USD", "--early")

    artist.goto("/studio/royalties")
    artist.get_by_role("link", name=re.compile(f"^{_in_words(month)}")).first.click()
    expect(artist.get_by_role("heading", name=f"Statement of {_in_words(month)}")).to_be_visible()
    expect(artist.get_by_role("row").filter(has_text="Media luna").first).to_be_visible()
    looking.look_in_both_languages(artist, "statement", shots=shots)
    transaction = artist.locator("section[aria-labelledby=proof-USD] .id").inner_text()
    _is_sealed(artist)
    files = {name: _downloads(artist, name, tmp_path) for name in ("PDF", "CSV", "Flat file (DSR-like)", "Proof file")}
    assert files["PDF"].read_bytes().startswith(b"%PDF-")
    assert "Media luna" in files["CSV"].read_text()
    assert "Media luna" in files["Flat file (DSR-like)"].read_text()
    assert _verifies(files["Proof file"]).returncode == 0
    assert _verifies(_with_a_digit_changed(files["Proof file"])).returncode != 0

    console.goto(f"/finance/books/transactions/{transaction}")
    legs = console.get_by_role("table").first.get_by_role("row")
    expect(legs.filter(has_text=re.compile("royalt|Payee|artist", re.IGNORECASE)).first).to_be_visible()


def test_an_artist_opens_an_account_at_the_payout_service_and_has_money_sent_there(
    browser_for: Callable[..., BrowserContext], shots: Path
):
    page = browser_for().new_page()
    people.signs_up(page, people.somebody("Irene Vidal"))
    page.goto("/studio/payouts")
    page.get_by_role("button", name="Use my account at Stripe").click()
    expect(page.get_by_role("alert")).to_be_visible()
    page.get_by_label("Country in which you are paid").select_option(label="Spain")
    page.get_by_label("E-mail address for Stripe").fill("irene@example.org")
    page.get_by_role("button", name="Open an account at Stripe").click()
    expect(page.get_by_text("The way there is good for one visit.")).to_be_visible()
    looking.look(page, "to-stripe", shots=shots)
    page.get_by_role("link", name="Go on to Stripe").click()
    page.wait_for_url("**/stripe/onboard/**")
    page.get_by_role("button", name="I have told everything").click()
    page.wait_for_url("**/studio/payouts?onboarded=1")
    expect(page.get_by_text("You are back from Stripe.")).to_be_visible()
    page.get_by_role("button", name="Use my account at Stripe").click()
    expect(page.get_by_text("Saved. We have told you by mail")).to_be_visible()
    expect(page.locator("section[aria-labelledby=where] .facts")).to_contain_text("acct_")


def test_a_payout_is_released_after_a_review_comes_back_and_is_the_artists_again(
    browser_for: Callable[..., BrowserContext], console: Page, product: Product, shots: Path
):
    artist, name = browser_for().new_page(), "Teo Marín"
    handle = f"teo.{secrets.token_hex(3)}"
    people.signs_up(artist, people.somebody("Teo Marin"))
    people.becomes_artist(artist, name=name, handle=handle)
    _tips(browser_for().new_page(), handle, amount="60")
    artist.goto("/studio/payouts")
    looking.look_in_both_languages(artist, "payouts-pending", shots=shots)
    product.command("royalties", "release", "--early")
    artist.get_by_label("PayPal address").fill("returned.teo@example.org")
    artist.get_by_role("button", name="Use this address").click()
    expect(artist.get_by_text("Saved. We have told you by mail")).to_be_visible()
    artist.get_by_label("Amount").fill("9999")
    artist.get_by_role("button", name="Pay it out").click()
    expect(artist.get_by_label("Amount")).to_have_attribute("aria-invalid", "true")
    artist.get_by_label("Amount").fill("")
    artist.get_by_role("button", name="Pay it out").click()
    expect(artist.get_by_role("heading", name="What happened")).to_be_visible()
    payout = artist.url.rsplit("/", 1)[-1]

    _seen_in_review(console, payout)
    console.get_by_role("link", name="See the decision").click()
    expect(console.get_by_role("textbox", name="Why")).to_be_visible()
    looking.look_in_both_languages(console, "finance-decision", shots=shots)
    console.get_by_role("textbox", name="Why").fill("A new payee; the address was confirmed.")
    console.get_by_role("button", name="Release").click()
    expect(console.get_by_text("Released. It goes on now.")).to_be_visible()

    expect(artist.get_by_text("The money is in your balance again.")).to_be_visible(timeout=SETTLED_MS)
    looking.look_in_both_languages(artist, "payout-returned", shots=shots)
    console.goto("/finance/payouts?state=returned")
    console.get_by_role("row").filter(has_text="Teo Marin").get_by_role("link").first.click()
    expect(console.get_by_role("heading", name="What happened")).to_be_visible()
    looking.look_in_both_languages(console, "finance-payout-returned", shots=shots)
    moved = paying.postings(console)
    assert len(moved) >= 2, moved
    out, back = moved[0], moved[-1]
    assert {(account, -amount, code) for account, amount, code in out.legs} == set(back.legs)
    assert max(amount for _, amount, _ in out.legs) == Decimal(57)


def _seen_in_review(console: Page, payout: str) -> None:
    """A job checks the risk: a moment later the console says what it found."""
    until = time.monotonic() + SETTLED_MS // 1_000
    while time.monotonic() < until:
        console.goto(f"/finance/payouts/{payout}")
        if console.get_by_text("in review").count():
            return
        console.wait_for_timeout(300)
    raise AssertionError(f"{payout} was not sent to review")


def _in_words(month: str) -> str:
    """Such as November 2026."""
    return f"{date.fromisoformat(f'{month}-01'):%B %Y}"


def _subscribes_and_listens(fan: Page, stage: Stage) -> None:
    people.signs_up(fan, people.somebody("Noor"))
    fan.goto("/subscription/order?plan=premium&cycle=monthly&currency=USD")
    fan.get_by_role("button", name=re.compile("^Go on to pay")).click()
    paying.pays_by_card(fan)
    fan.goto(stage.release)
    fan.get_by_role("button", name="Play", exact=True).first.click()
    expect(fan.get_by_role("link", name=re.compile(r"\d VIBE earned")).first).to_be_visible(timeout=_LISTEN_MS)


def _tips(fan: Page, handle: str, *, amount: str) -> None:
    people.signs_up(fan, people.somebody("Lia"))
    paying.begins_top_up(fan, amount=amount, currency="USD", method="Card")
    paying.pays_by_card(fan)
    fan.goto(f"/artists/{handle}/tip")
    fan.get_by_label("Amount").fill(amount)
    fan.get_by_label("From your wallet").check()
    fan.get_by_role("button", name="Give the tip").click()
    expect(fan.get_by_text(re.compile("^Thank you"))).to_be_visible()


def _is_sealed(page: Page) -> None:
    """Look again as the page says until the seal has come: there is no proof before, and the seal follows in its own time."""
    end = time.monotonic() + _SEALED_S
    while not page.get_by_role("link", name="Proof file", exact=True).is_visible():
        assert time.monotonic() < end, "no seal came"
        page.get_by_role("link", name="Look again").click()
        time.sleep(0.5)


def _downloads(page: Page, name: str, folder: Path) -> Path:
    with page.expect_download() as begun:
        page.get_by_role("link", name=name, exact=True).click()
    there = folder / begun.value.suggested_filename
    begun.value.save_as(there)
    return there


def _verifies(file: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "vibestream.cli", "verify-statement", str(file)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def _with_a_digit_changed(file: Path) -> Path:
    """Raise what the statement says is payable by one of its currency's smallest unit."""
    document = json.loads(file.read_text())
    document["statement"]["payable"] = str(int(document["statement"]["payable"]) + 1)
    changed = file.with_name("changed.json")
    changed.write_text(json.dumps(document))
    return changed
