"""An artist with money left wants their account deleted, thinks better of it, and comes back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.journeys import people
from tests.journeys.looking import DOWN_TO_SMALL, look, look_in_both_languages

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]


def test_asked_for_and_taken_back_by_signing_in(browser_for: Callable[..., BrowserContext], shots: Path):
    context = browser_for()
    page, person = context.new_page(), people.somebody("Berta Soler")
    people.signs_up(page, person)
    people.becomes_artist(page, name="Berta Soler", handle=f"berta-{person.email.split('.')[2][:6]}")
    people.tops_up(page, "7.00")
    page.goto("/account")
    page.get_by_role("link", name="Delete the account").click()
    expect(page.get_by_role("heading", name="Delete the account")).to_be_visible()
    look_in_both_languages(page, "delete-account", shots=shots, widths=DOWN_TO_SMALL)

    _asks(page, "somebody@else.example")
    expect(page.get_by_text("This is not the address of your account.")).to_be_visible()
    _asks(page, person.email)
    expect(page.get_by_text("You still have something.")).to_be_visible()
    look(page, "delete-account-refused", shots=shots)

    page.get_by_label("Leave it here, under the artist's name").check()
    page.get_by_label("I give up what is left").check()
    _asks(page, person.email)
    expect(page.get_by_role("heading", name="Your account will be deleted")).to_be_visible()
    look_in_both_languages(page, "goodbye", shots=shots, widths=DOWN_TO_SMALL)
    page.goto("/account")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()

    people.signs_in(page, person)
    page.goto("/account")
    expect(page.get_by_text(person.email)).to_be_visible()
    page.goto("/account/delete")
    expect(page.get_by_role("button", name="Delete my account")).to_be_visible()


def _asks(page: Page, address: str) -> None:
    page.get_by_label("Type your e-mail address to confirm").fill(address)
    page.get_by_role("button", name="Delete my account").click()
