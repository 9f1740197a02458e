"""The finance console without a mouse: every stop of Tab is seen, in the order of the page; lists are chosen from, rows and
postings opened, a dialog left, and a refund begun and not confirmed."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.journeys.conftest import Stage

pytestmark = [pytest.mark.browser, pytest.mark.timeout(200)]

_STOP = """() => {
    const on = document.activeElement, style = getComputedStyle(on), box = on.getBoundingClientRect();
    const drawnByTheBrowser = on.type === 'date' && !on.matches(':focus-visible');  // the calendar button inside it
    const ring = drawnByTheBrowser || style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2;
    const name = on.getAttribute('aria-label') || on.labels?.[0]?.innerText || on.innerText || on.id;
    const at = [...document.querySelectorAll('*')].indexOf(on);
    const inside = box.width > 0 && box.height > 0 && box.bottom > 0 && box.top < innerHeight;
    return {name: name.trim().replace(/\\s+/g, ' '), ring, inside, at, main: !!on.closest('main')};
}"""
_PLACES = (
    *("", "/payments", "/reviews", "/payouts", "/royalties", "/reconciliation", "/books", "/models"),
    *("/reconciliation/webhooks", "/royalties/policies", "/royalties/advances", "/books/rates", "/models/policy"),
    "/models/denied",
)


@pytest.fixture
def page(browser_for: Callable[..., BrowserContext], stage: Stage) -> Page:
    """The browser of somebody who looks after money."""
    return browser_for(storage_state=stage.states["finance"]).new_page()


@pytest.mark.parametrize("place", _PLACES)
def test_every_stop_on_a_page_of_the_console_is_seen_and_in_the_order_of_the_page(page: Page, place: str):
    page.goto(f"/finance{place}")
    stops = _through_main(page)
    assert len(stops) >= 8  # the sections at least
    assert [one["name"] for one in stops if not one["ring"]] == []
    assert [one["name"] for one in stops if not one["inside"]] == []
    order = [one["at"] for one in stops]
    assert order == sorted(order)


def test_a_payment_is_found_read_to_its_postings_and_its_refund_begun_by_keys_alone(page: Page):
    page.goto("/finance")
    _tab_to(page, "Payments")
    page.keyboard.press("Enter")
    expect(page.locator("#aloud")).to_have_text("Payments")
    _tab_to(page, "State")
    page.keyboard.type("cap")
    _tab_to(page, "Show")
    page.keyboard.press("Enter")
    page.wait_for_url("**state=captured*")
    _tab_to(page, "Wallet top-up")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="What happened")).to_be_visible()

    summary = page.locator("details.posted summary").first
    _tab_to(page, _said(summary.inner_text()))
    page.keyboard.press("Enter")
    expect(page.locator("details.posted").first).to_have_attribute("open", "")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('href')").startswith("/finance/books/accounts/")
    _tab_to(page, "Amount in")
    page.keyboard.type("1")
    _tab_to(page, "Reason")
    page.keyboard.type("Asked for by phone")
    _tab_to(page, "Go on")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Confirm the refund")).to_be_visible()
    _tab_to(page, "No, go back")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="What happened")).to_be_visible()
    expect(page.locator(".facts").first).not_to_contain_text("Refunded")


def test_the_dialog_of_keys_keeps_the_focus_and_gives_it_back(page: Page):
    page.goto("/finance/payments")
    _tab_to(page, "Reviews")
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    for _ in range(4):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement === document.body || !!document.activeElement.closest('dialog')")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    assert page.evaluate(_STOP)["name"] == "Reviews"


def _through_main(page: Page) -> list[dict[str, Any]]:
    """Press Tab from the page's beginning, and return every stop inside `main`, each once."""
    stops: list[dict[str, Any]] = []
    for _ in range(250):
        page.keyboard.press("Tab")
        stop = page.evaluate(_STOP)
        if stop["main"]:
            stops.append(stop)
        elif stops:
            return stops
    raise AssertionError(f"Tab does not leave {page.url} after 250 stops: {stops[-1]['name']}")


def _tab_to(page: Page, name: str) -> None:
    """Press Tab until something inside `main` is focused whose name begins so."""
    seen = []
    for _ in range(150):
        page.keyboard.press("Tab")
        stop = page.evaluate(_STOP)
        seen.append(stop["name"])
        if stop["main"] and stop["name"].startswith(name):
            assert stop["ring"], f"{name} is focused, and nobody sees it"
            return
    raise AssertionError(f"Tab does not come to {name}: {seen}")


def _said(words: str) -> str:
    return re.sub(r"\s+", " ", words).strip()
