"""Money that comes in otherwise than by card, and a subscription's: each followed on the finance console from its row to the
postings that it made, in Chromium through the stand-ins' own pages."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import BrowserContext, Page

from tests.journeys import looking, paying, people
from tests.journeys.conftest import Stage
from tests.journeys.paying import Posted

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

_YEAR: Final = 12


@pytest.fixture
def console(browser_for: Callable[..., BrowserContext], stage: Stage) -> Page:
    """The browser of somebody who looks after money."""
    return browser_for(storage_state=stage.states["finance"]).new_page()


def test_a_top_up_by_paypal_is_followed_to_its_postings(
    browser_for: Callable[..., BrowserContext], console: Page, shots: Path
):
    page, fan = browser_for().new_page(), people.somebody("Petra Lund")
    people.signs_up(page, fan)
    paying.begins_top_up(page, amount="12,50", currency="EUR", method="PayPal")
    page.wait_for_url("**/paypal/**")
    page.get_by_role("button", name=re.compile("^(Pay now|Continue)$")).click()
    paying.sees_it_paid(page)

    paying.opens_row(console, "/finance/payments", re.compile("Petra Lund"))
    posted = paying.postings(console)
    looking.look_in_both_languages(console, "traced-paypal", shots=shots, widths=looking.DOWN_TO_SMALL)
    _came_in(posted, amount=Decimal("12.50"), code="EUR", gateway="PayPal", whose="Petra Lund")


def test_a_top_up_in_coins_is_followed_to_its_postings(
    browser_for: Callable[..., BrowserContext], console: Page, shots: Path
):
    page, fan = browser_for().new_page(), people.somebody("Cyrus Vale")
    people.signs_up(page, fan)
    paying.begins_top_up(page, amount="30", currency="USDC", method="Crypto (USDC)")
    page.wait_for_url("**/coinbase/**")
    page.get_by_role("button").first.click()
    paying.sees_it_paid(page)

    paying.opens_row(console, "/finance/payments", re.compile("Cyrus Vale"))
    posted = paying.postings(console)
    looking.look_in_both_languages(console, "traced-coins", shots=shots, widths=looking.DOWN_TO_SMALL)
    _came_in(posted, amount=Decimal(30), code="USDC", gateway="Coinbase", whose="Cyrus Vale")


def test_a_years_subscription_is_followed_to_the_months_that_it_is_spread_over(
    browser_for: Callable[..., BrowserContext], console: Page, shots: Path
):
    page, fan = browser_for().new_page(), people.somebody("Sunna Berg")
    people.signs_up(page, fan)
    page.goto("/subscription/order?plan=premium&cycle=yearly&currency=USD")
    page.get_by_role("button", name=re.compile("^Go on to pay")).click()
    paying.pays_by_card(page)

    paying.opens_row(console, "/finance/payments", re.compile("Sunna Berg"))
    posted = paying.postings(console)
    looking.look_in_both_languages(console, "traced-subscription", shots=shots, widths=looking.DOWN_TO_SMALL)
    (spread,) = [one for one in posted if one.title == "Subscription spread over its months"]
    (taken,) = [amount for _, amount, _ in spread.legs if amount < 0]
    months = [(account, amount) for account, amount, _ in spread.legs if amount > 0]
    price = max(amount for one in posted for _, amount, _ in one.legs)
    assert (len(months), -taken) == (_YEAR, price)
    assert sum(amount for _, amount in months) == price
    written = re.compile(
        r"(January|February|March|April|May|June|July|August|September|October|November|December) 20\d\d"
    )
    assert all(written.search(account) for account, _ in months), months


def _came_in(posted: list[Posted], *, amount: Decimal, code: str, gateway: str, whose: str) -> None:
    """Require that the money is traced from its gateway to whose wallet it is in, and what the gateway kept."""
    came, top_up = posted[0], posted[-1]
    assert top_up.title == "Top-up"
    assert {(value, currency) for _, value, currency in top_up.legs} == {(amount, code), (-amount, code)}
    (wallet,) = [account for account, value, _ in top_up.legs if value == amount]
    assert whose in wallet
    (clearing,) = [account for account, value, _ in came.legs if value == -amount]
    assert gateway.lower() in clearing.lower()
    kept = [value for one in posted for account, value, _ in one.legs if "ee" in account and value < 0]
    assert kept, "what the gateway keeps stands nowhere"
    assert all(-amount < value for value in kept)
