"""Somebody changes their address, and whoever reads the mailbox before undoes it by the link in the message."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.journeys import people
from tests.journeys.looking import DOWN_TO_SMALL, look, look_in_both_languages
from tests.journeys.people import Person

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]


def test_an_address_is_changed_and_put_back_from_the_mailbox_before(
    browser_for: Callable[..., BrowserContext], shots: Path
):
    page, owner = browser_for().new_page(), people.somebody("Iris Vega")
    people.signs_up(page, owner)
    new = people.somebody("Iris Nova")
    page.goto("/account")
    page.get_by_role("link", name="Change your address").click()
    expect(page.get_by_role("heading", name="Change your address")).to_be_visible()
    look_in_both_languages(page, "address", shots=shots, widths=DOWN_TO_SMALL)
    _asks(page, owner.email)
    expect(page.get_by_text("This is your address already.")).to_be_visible()
    look(page, "address-refused", shots=shots)

    _asks(page, new.email)
    expect(page.get_by_role("heading", name="Confirm your new address")).to_be_visible()
    look_in_both_languages(page, "address-code", shots=shots, widths=DOWN_TO_SMALL)
    page.get_by_label("Code").fill(people.mailed_code(page, new))
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_text("Your address was changed")).to_be_visible()
    expect(page.get_by_text(new.email).first).to_be_visible()

    other = browser_for().new_page()
    asked: list[str] = []
    other.on("request", lambda request: asked.append(request.url + (request.headers.get("referer") or "")))
    link = _link_for(page, owner)
    code = link.partition("#")[2]
    assert re.fullmatch(r"(?:[A-Z2-7]{5}-){3}[A-Z2-7]{5}", code)
    other.goto(link)
    expect(other.get_by_label("Code from the message")).to_have_value(code)
    assert "#" not in other.url
    look_in_both_languages(other, "address-undo", shots=shots, widths=DOWN_TO_SMALL)
    other.get_by_label("Code from the message").fill(code)
    other.get_by_role("button", name="Undo the change").click()
    expect(other.get_by_text("Your address is back")).to_be_visible()
    look(other, "address-undone", shots=shots)
    assert [one for one in asked if code in one] == []

    page.goto("/account")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    other.goto(link)
    other.get_by_role("button", name="Undo the change").click()
    expect(other.get_by_text("This code undoes nothing")).to_be_visible()


def _asks(page: Page, email: str) -> None:
    page.get_by_label("New e-mail address").fill(email)
    page.get_by_role("button", name="Send the code").click()


def _link_for(page: Page, person: Person) -> str:
    """The link in the message that went to somebody's address, in a tab of its own."""
    mail = page.context.new_page()
    for _ in range(100):
        mail.goto("/sandbox/mail")
        letter = mail.get_by_role("link").filter(has_text=person.email).filter(has_text="was changed").first
        if letter.count():
            letter.click()
            found = re.search(r"\S+/undo-email#\S+", mail.locator(".letter-text").inner_text())
            assert found is not None
            mail.close()
            return found[0]
        mail.wait_for_timeout(200)
    raise AssertionError(f"nothing for {person.email} within 20 s")
