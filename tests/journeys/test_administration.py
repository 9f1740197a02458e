"""The first admin is made at a terminal; two admins decide about a role; an account is locked under its owner's hands."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.journeys import people
from tests.journeys.conftest import Product, own_installation
from tests.journeys.looking import DOWN_TO_SMALL, look, look_in_both_languages
from tests.journeys.people import Person

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

product, _ = own_installation()
"""The first admin is made where there is none yet."""


def test_two_admins_give_a_role_and_one_locks_an_account_that_is_in_use(
    browser_for: Callable[..., BrowserContext], product: Product, shots: Path
):
    olga, otto, dora = (people.somebody(name) for name in ("Olga Petit", "Otto Klein", "Dora Vidal"))
    one, other, fan = (_comes(browser_for, person) for person in (olga, otto, dora))
    assert product.command("roles").startswith("Nobody holds a role.")
    assert "is the first admin" in product.command("roles", "first-admin", olga.email)
    product.command("grant-role", otto.email, "admin")
    for page, admin in ((one, olga), (other, otto)):
        page.context.clear_cookies()
        people.signs_in(page, admin)

    one.goto("/operations")
    one.get_by_role("link", name="Accounts", exact=True).click()
    _seeks(one, "%")
    expect(one.get_by_text("Nobody here has this id")).to_be_visible()
    look_in_both_languages(one, "accounts-find", shots=shots, widths=DOWN_TO_SMALL)
    _seeks(one, dora.email)
    expect(one.get_by_role("heading", name=dora.name)).to_be_visible()
    assert dora.email not in one.url
    one.get_by_label("Another role").select_option("moderator")
    one.get_by_role("button", name="Give the role").click()
    expect(one.get_by_text("The role was changed")).to_be_visible()
    one.get_by_label("Another role").select_option("finance")
    one.get_by_role("button", name="Give the role").click()
    expect(one.get_by_text("This is proposed now")).to_be_visible()
    look_in_both_languages(one, "account-seen", shots=shots, widths=DOWN_TO_SMALL)

    one.goto("/operations/roles")
    expect(one.get_by_role("button", name="Take back")).to_be_visible()
    expect(one.get_by_role("button", name="Approve")).to_have_count(0)
    other.goto("/operations/roles")
    look_in_both_languages(other, "roles-waiting", shots=shots, widths=DOWN_TO_SMALL)
    other.get_by_role("button", name="Approve").click()
    expect(other.get_by_text("Approved and done")).to_be_visible()
    look(other, "roles-decided", shots=shots)

    fan.goto("/account")
    one.goto("/operations/accounts")
    _seeks(one, dora.email)
    one.get_by_label("Reason").select_option("compromised")
    one.get_by_label("Note for other admins").fill("Called from her new number")
    one.get_by_role("button", name="Lock the account").click()
    expect(one.get_by_text("The account is locked, everybody was put out")).to_be_visible()
    look_in_both_languages(one, "account-locked", shots=shots, widths=DOWN_TO_SMALL)
    fan.goto("/account")
    expect(fan.get_by_role("heading", name="Sign in")).to_be_visible()
    _tries_to_sign_in(fan, dora)
    expect(fan.get_by_text("This account is locked")).to_be_visible()
    look(fan, "sign-in-locked", shots=shots)
    assert "somebody else seems to be in it" in _mailed(fan, dora, "Your account was locked")

    one.get_by_label("Why it is unlocked").fill("She is herself again")
    one.get_by_role("button", name="Unlock the account").click()
    expect(one.get_by_text("The account can be entered again")).to_be_visible()
    people.signs_in(fan, dora)
    fan.goto("/notifications")
    expect(fan.get_by_text("You have another role: finance")).to_be_visible()
    assert dora.email not in product.command("roles")


def _comes(browser_for: Callable[..., BrowserContext], person: Person) -> Page:
    page = browser_for().new_page()
    people.signs_up(page, person)
    return page


def _seeks(page: Page, who: str) -> None:
    page.get_by_label("Id, handle or address").fill(who)
    page.get_by_role("button", name="Find", exact=True).click()


def _tries_to_sign_in(page: Page, person: Person) -> None:
    page.get_by_label("E-mail address").fill(person.email)
    page.get_by_label("Password").fill(people.PASSWORD)
    page.get_by_role("button", name="Sign in").click()


def _mailed(page: Page, person: Person, subject: str) -> str:
    """The text of a message that went to somebody's address, in a tab of its own."""
    mail = page.context.new_page()
    for _ in range(100):
        mail.goto("/sandbox/mail")
        letter = mail.get_by_role("link").filter(has_text=person.email).filter(has_text=subject).first
        if letter.count():
            letter.click()
            text = mail.locator(".letter-text").inner_text()
            mail.close()
            return text
        mail.wait_for_timeout(200)
    raise AssertionError(f"nothing for {person.email} within 20 s")
