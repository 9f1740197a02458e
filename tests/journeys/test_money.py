"""A fan's money, in Chromium through the stand-ins' own pages: paying in three ways, a refund, a tip, a subscription."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.journeys import people
from tests.journeys.conftest import Stage

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

_SETTLED_MS = 40_000
"""For a payment to arrive, by a webhook, a job and the relay, on a machine that has other things to do."""


@pytest.fixture
def page(browser_for: Callable[..., BrowserContext]) -> Page:
    """The browser of a fan who has just come."""
    page = browser_for().new_page()
    people.signs_up(page, people.somebody("Mara"))
    return page


def test_money_comes_in_by_card_paypal_and_crypto_and_a_top_up_goes_back(page: Page):
    _begin_top_up(page, amount="25", currency="USD", method="Card")
    page.wait_for_url("**/stripe/pay/**")
    page.get_by_role("button", name=re.compile("^Pay")).click()
    _paid(page)
    _begin_top_up(page, amount="12,50", currency="EUR", method="PayPal")
    page.wait_for_url("**/paypal/**")
    page.get_by_role("button", name=re.compile("^(Pay now|Continue)$")).click()
    _paid(page)
    _begin_top_up(page, amount="30", currency="USDC", method="Crypto (USDC)")
    page.wait_for_url("**/coinbase/**")
    page.get_by_role("button").first.click()
    _paid(page)
    page.goto("/wallet")
    for code, amount in (("EUR", "12.50"), ("USD", "25.00"), ("USDC", "30.00")):
        expect(_balance(page, code)).to_have_text(amount)

    page.get_by_role("link", name=re.compile(r"^Top-up of \$25\.00")).click()
    page.get_by_role("button", name="Have $25.00 refunded").click()
    page.get_by_role("dialog").get_by_role("button", name="Refund").click()
    expect(page.get_by_text("The refund is with you")).to_be_visible(timeout=_SETTLED_MS)
    page.goto("/wallet")
    expect(_balance(page, "USD")).to_have_text("0.00")
    expect(_balance(page, "EUR")).to_have_text("12.50")


def test_a_declined_card_takes_nothing_and_another_pays(page: Page):
    _begin_top_up(page, amount="10", currency="USD", method="Card")
    page.wait_for_url("**/stripe/pay/**")
    page.get_by_label("Card number").fill("4000 0000 0000 0002")
    page.get_by_role("button", name=re.compile("^Pay")).click()
    expect(page.get_by_role("alert")).to_be_visible()
    page.get_by_role("button", name="Cancel and go back").click()
    page.wait_for_url("**/payments/*")
    expect(page.get_by_role("heading", name=re.compile("You came back without paying|Not paid"))).to_be_visible()
    page.goto("/wallet")
    expect(_balance(page, "USD")).to_have_count(0)


def test_a_tip_from_the_wallet_reaches_the_artist(page: Page, stage: Stage):
    _begin_top_up(page, amount="10", currency="USD", method="Card")
    page.wait_for_url("**/stripe/pay/**")
    page.get_by_role("button", name=re.compile("^Pay")).click()
    _paid(page)
    page.goto(f"/artists/{stage.handle}")
    page.get_by_role("link", name="Give a tip").click()
    page.get_by_label("Amount").fill("4")
    page.get_by_label("From your wallet").check()
    page.get_by_label("A few words").fill("For the second song")
    page.get_by_role("button", name="Give the tip").click()
    expect(page.get_by_text("Thank you: Ana Soler has it.")).to_be_visible()
    page.goto("/wallet")
    expect(_balance(page, "USD")).to_have_text("6.00")


def test_a_subscription_is_ordered_changed_and_ended_with_its_period(page: Page):
    page.goto("/subscription")
    page.get_by_role("link", name=re.compile("^Try Premium")).click()
    page.get_by_role("button", name=re.compile("^Go on to pay")).click()
    page.wait_for_url("**/stripe/pay/**")
    page.get_by_role("button", name=re.compile("^Pay")).click()
    _paid(page)
    page.get_by_role("link", name="Go to your subscription").click()
    expect(page.get_by_role("heading", name="Premium, monthly")).to_be_visible()
    page.get_by_role("link", name="Change to Family").click()
    expect(page.get_by_text("Unused rest of what you paid")).to_be_visible()
    page.get_by_role("button", name="Confirm the change").click()
    page.wait_for_url("**/stripe/pay/**")
    page.get_by_role("button", name=re.compile("^Pay")).click()
    _paid(page)
    page.goto("/subscription")
    expect(page.get_by_role("heading", name="Family, monthly")).to_be_visible()
    page.get_by_role("button", name="Cancel the subscription").click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel it").click()
    expect(page.get_by_text("Cancelled: you keep everything until the end of the period.")).to_be_visible()
    page.get_by_role("button", name="Keep it after all").click()
    expect(page.get_by_text("Your subscription goes on.")).to_be_visible()


def _begin_top_up(page: Page, *, amount: str, currency: str, method: str) -> None:
    page.goto("/wallet")
    page.get_by_label("Amount").fill(amount)
    page.get_by_label("Currency", exact=True).select_option(currency)
    page.get_by_label(method, exact=True).check()
    page.get_by_role("button", name="Go on to pay").click()


def _paid(page: Page) -> None:
    page.wait_for_url("**/payments/*back=1")
    expect(page.get_by_role("heading", name="Paid", exact=True)).to_be_visible(timeout=_SETTLED_MS)


def _balance(page: Page, code: str) -> Locator:
    card = page.locator(".balance").filter(has=page.get_by_text(code, exact=True))
    return card.locator(".balance-amount")
