"""What people do with money in a browser, and what somebody who looks after money sees of it on the console."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from playwright.sync_api import Locator, Page, expect

from tests.journeys import people

SETTLED_MS: Final = 40_000
"""For a payment to arrive, by a webhook, a job and the relay, on a machine that has other things to do."""
_AMOUNT: Final = re.compile(r"^([+\-\N{MINUS SIGN}]?)([\d,]+(?:\.\d+)?)\s+([A-Z]+)$")


@dataclass(frozen=True)
class Posted:
    """A transaction as the console shows it."""

    title: str
    legs: tuple[tuple[str, Decimal, str], ...]
    """Of each posting the account, the amount and the currency."""

    def sums(self) -> set[Decimal]:
        """Return what its postings come to, one figure for each currency."""
        found: dict[str, Decimal] = defaultdict(Decimal)
        for _account, amount, currency in self.legs:
            found[currency] += amount
        return set(found.values())


def begins_top_up(page: Page, *, amount: str, currency: str, method: str) -> None:
    """Say in the wallet what to pay in, and by what."""
    page.goto("/wallet")
    page.get_by_label("Amount").fill(amount)
    page.get_by_label("Currency", exact=True).select_option(currency)
    page.get_by_label(method, exact=True).check()
    page.get_by_role("button", name="Go on to pay").click()


def pays_by_card(page: Page, *, number: str = "4242 4242 4242 4242") -> None:
    """Confirm on the card service's page, and wait until the platform says that it is paid."""
    confirms_card(page, number=number)
    sees_it_paid(page)


def confirms_card(page: Page, *, number: str = "4242 4242 4242 4242") -> None:
    """Confirm on the card service's page, and come back."""
    page.wait_for_url("**/stripe/pay/**")
    page.get_by_label("Card number").fill(number)
    page.get_by_role("button", name=re.compile("^Pay")).click()
    page.wait_for_url("**/payments/*back=1")


def sees_it_paid(page: Page) -> None:
    """Wait until the payment's page says that the money is there."""
    page.wait_for_url("**/payments/*back=1")
    expect(page.get_by_role("heading", name="Paid", exact=True)).to_be_visible(timeout=SETTLED_MS)


def balance(page: Page, code: str) -> Locator:
    """The figure of a currency in one's wallet."""
    card = page.locator(".balance").filter(has=page.get_by_text(code, exact=True))
    return card.locator(".balance-amount")


def shows_that_it_is_them(page: Page) -> None:
    """Give the password again where the platform asks for it before money is sent somewhere; else do nothing."""
    if page.get_by_label("Password").count():
        page.get_by_label("Password").fill(people.PASSWORD)
        page.get_by_label("Password").press("Enter")
        page.wait_for_load_state("load")


def opens_row(page: Page, place: str, text: re.Pattern[str]) -> None:
    """Find a row of a list of the console by what stands in it, and follow its link."""
    page.goto(place)
    page.get_by_role("row").filter(has_text=text).first.get_by_role("link").first.click()
    expect(page.get_by_role("heading", name="What happened")).to_be_visible()


def postings(page: Page) -> list[Posted]:
    """Open every transaction that the page shows, and read its postings; each sums to zero, and says so in its link."""
    found = []
    for one in page.locator("details.posted").all():
        if one.get_attribute("open") is None:
            one.locator("summary").click()
        expect(one.locator("tbody tr").first).to_be_visible()
        legs = tuple(_leg(row.locator("td").all_inner_texts()) for row in one.locator("tbody tr").all())
        found.append(Posted(one.locator(".posted-title").inner_text().strip(), legs))
    assert found, f"no posting on {page.url}"
    for posted in found:
        assert posted.sums() == {Decimal()}, posted
    return found


def _leg(cells: list[str]) -> tuple[str, Decimal, str]:
    account, amount = (re.sub(r"\s+", " ", cell).strip() for cell in cells)
    read = _AMOUNT.match(amount)
    assert read is not None, amount
    sign, digits, currency = read.groups()
    value = Decimal(digits.replace(",", ""))
    return account, value if sign in {"", "+"} else -value, currency
