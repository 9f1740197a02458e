"""Money that goes back, and money that changes its currency: a refund by somebody who looks after money, a dispute, an
exchange; each followed on the finance console from its row to its postings."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.journeys import looking, paying, people
from tests.journeys.conftest import Stage
from tests.journeys.paying import SETTLED_MS
from tests.journeys.people import Person

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

_DISPUTED_CARD = "4000 0000 0000 0259"


@pytest.fixture
def fan() -> Person:
    """Somebody whom the console's lists know from everybody else."""
    return people.somebody("Nadia Roux")


@pytest.fixture
def page(browser_for: Callable[..., BrowserContext], fan: Person) -> Page:
    """The browser of a fan who has just come."""
    page = browser_for().new_page()
    people.signs_up(page, fan)
    return page


@pytest.fixture
def console(browser_for: Callable[..., BrowserContext], stage: Stage) -> Page:
    """The browser of somebody who looks after money."""
    return browser_for(storage_state=stage.states["finance"]).new_page()


def test_a_refund_by_finance_is_confirmed_arrives_and_stands_in_the_books(page: Page, console: Page, shots: Path):
    paying.begins_top_up(page, amount="31", currency="USD", method="Card")
    paying.pays_by_card(page)
    payment = _id_of(page)
    console.goto(f"/finance/payments/{payment}")
    came = paying.postings(console)
    assert [one.title for one in came][-1] == "Top-up"
    assert Decimal(31) in {amount for _, amount, _ in came[0].legs}

    console.get_by_label(re.compile("^Amount in")).fill("50")
    console.get_by_label("Reason").fill("Paid twice by mistake")
    console.get_by_role("button", name="Go on").click()
    expect(console.get_by_label(re.compile("^Amount in"))).to_have_attribute("aria-invalid", "true")
    console.get_by_label(re.compile("^Amount in")).fill("11")
    console.get_by_role("button", name="Go on").click()
    expect(console.get_by_role("heading", name="Confirm the refund")).to_be_visible()
    looking.look(console, "refund-confirmation", shots=shots)
    expect(console.locator("main")).to_contain_text("Paid twice by mistake")
    console.get_by_role("button", name="Refund $11.00").click()
    expect(console.get_by_text("The refund is on its way.")).to_be_visible()

    page.reload()
    expect(page.get_by_text("The refund is with you")).to_be_visible(timeout=SETTLED_MS)
    looking.look(page, "refunded", shots=shots)
    console.goto(f"/finance/payments/{payment}")
    back = paying.postings(console)
    assert {amount for one in back for _, amount, _ in one.legs} >= {Decimal(31), Decimal(11), Decimal(-11)}
    page.goto("/wallet")
    expect(paying.balance(page, "USD")).to_have_text("20.00")


def test_a_disputed_payment_leaves_the_wallet_and_is_followed_to_its_postings(page: Page, console: Page, shots: Path):
    paying.begins_top_up(page, amount="17", currency="USD", method="Card")
    paying.confirms_card(page, number=_DISPUTED_CARD)
    expect(page.get_by_text("Disputed", exact=False).first).to_be_visible(timeout=SETTLED_MS)
    expect(page.get_by_role("button", name=re.compile("refunded$"))).to_have_count(0)
    payment = _id_of(page)
    looking.look_in_both_languages(page, "disputed", shots=shots)
    console.goto(f"/finance/payments/{payment}")
    looking.look_in_both_languages(console, "finance-disputed", shots=shots)
    expect(console.locator(".facts").first).to_contain_text("Disputed")
    held = [one for one in paying.postings(console) if "ispute" in one.title]
    assert held, "the dispute posted nothing"
    assert Decimal(17) in {abs(amount) for one in held for _, amount, _ in one.legs}


def test_an_exchange_is_looked_at_carried_out_once_and_stands_in_the_books(
    *, page: Page, console: Page, browser_for: Callable[..., BrowserContext], stage: Stage, shots: Path
):
    _euros_can_be_had(console, colleague=browser_for(storage_state=stage.states["admin"]).new_page())
    paying.begins_top_up(page, amount="40", currency="USD", method="Card")
    paying.pays_by_card(page)
    page.goto("/wallet")
    page.get_by_label("You give", exact=True).fill("9000")
    page.get_by_label("Currency that you give").select_option("USD")
    page.get_by_label("You get").select_option("EUR")
    page.get_by_role("button", name="Show the rate").click()
    expect(page.get_by_label("You give", exact=True)).to_have_attribute("aria-invalid", "true")
    page.get_by_label("You give", exact=True).fill("10")
    page.get_by_role("button", name="Show the rate").click()
    page.wait_for_url("**/wallet/exchanges/*")
    offer = page.url
    expect(page.get_by_text("An exchange cannot be undone")).to_be_visible()
    looking.look_in_both_languages(page, "exchange", shots=shots)
    got = page.locator(".sums .sum dd").inner_text().strip("\N{EURO SIGN}")
    page.get_by_role("button", name="Exchange").click()
    page.wait_for_url("**/wallet?done=exchanged")
    expect(paying.balance(page, "USD")).to_have_text("30.00")
    expect(paying.balance(page, "EUR")).to_have_text(got)

    page.goto(offer)
    expect(page.get_by_text("Exchanged", exact=False).first).to_be_visible()
    expect(page.get_by_role("button", name="Exchange")).to_have_count(0)
    looking.look(page, "exchanged", shots=shots)
    page.goto("/wallet")
    line = page.locator(".movements li").filter(has_text="xchange").first
    line.locator("summary").click()
    expect(line.get_by_role("row").filter(has_text="Your wallet")).to_have_count(2)
    console.goto(f"/finance/books/transactions?key=exchange:{offer.rsplit('/', 1)[-1]}")
    posted = paying.postings(console)
    assert len(posted) == 1
    assert Decimal(-10) in {amount for _, amount, code in posted[0].legs if code == "USD"}
    assert Decimal(got) in {amount for _, amount, code in posted[0].legs if code == "EUR"}


def _euros_can_be_had(console: Page, *, colleague: Page) -> None:
    """Propose a rate, have it published, and put euros by to exchange with, as people who look after money do by the API."""
    rate = {"base": "EUR", "quote": "USD", "rate": "1.1", "spread_bp": 100, "source": "the desk"}
    proposed = console.request.post("/api/v1/operations/exchange/rates/proposals", data=rate)
    assert proposed.status == 201
    body = {"proposal": proposed.json()["proposal"]}
    assert colleague.request.post("/api/v1/operations/exchange/rates", data=body).status == 201
    funding = {
        "money": {"amount": "50.00", "currency": "EUR"},
        "source_kind": "liquidity",
        "reason": "To exchange with",
    }
    key = {"Idempotency-Key": secrets.token_hex(8)}
    answer = console.request.post("/api/v1/operations/exchange/reserves", data=funding, headers=key)
    assert answer.status == 200, answer.text()


def _id_of(page: Page) -> str:
    found = re.search(r"/payments/([0-9a-f-]{36})", page.url)
    assert found is not None, page.url
    return found[1]
