"""The pages of a second factor, which are there only in the middle of signing in or of proving who one is: axe finds nothing
on them, and somebody gets through all of them."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.journeys import looking, people
from tests.journeys.conftest import Product
from vibestream.cli.connection import embedded_root
from vibestream.contexts.user.factors.domain import code_at, step_of
from vibestream.kernel.time import utc_now
from vibestream.platform.config import load_settings
from vibestream.platform.postgres import embedded

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


def test_an_app_is_set_up_asked_for_at_the_door_and_removed_after_a_proof(
    browser_for: Callable[..., BrowserContext], product: Product, shots: Path
):
    page, person = browser_for().new_page(), people.somebody("Vera Lindt")
    people.signs_up(page, person)
    page.goto("/account")
    page.get_by_role("button", name="Set up an app").click()
    key = re.sub(r"[^A-Z2-7]", "", page.locator(".secret").inner_text().upper())
    looking.look(page, "set-up-app", shots=shots)
    page.get_by_label("Code", exact=True).fill("000000")
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_label("Code", exact=True)).to_have_attribute("aria-invalid", "true")
    page.get_by_label("Code", exact=True).fill(_code(key))
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    looking.look(page, "recovery-codes", shots=shots)
    kept = page.locator(".codes code").first.inner_text()
    page.get_by_role("link", name="I have kept them").click()
    looking.look(page, "account-with-app", shots=shots)

    page.context.clear_cookies()
    _gives_the_password(page, person)
    expect(page.get_by_role("heading", name="Second factor")).to_be_visible()
    looking.look(page, "second-step", shots=shots)
    page.get_by_label("Code", exact=True).fill(kept)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("banner").get_by_role("link", name=person.name)).to_be_visible()

    _an_hour_passes(product, person)
    page.goto("/account")
    page.get_by_role("button", name="Remove the app").click()
    expect(page.get_by_role("heading", name="Is it you?")).to_be_visible()
    looking.look(page, "step-up", shots=shots)
    page.get_by_label("Code", exact=True).fill(kept)
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_label("Code", exact=True)).to_have_attribute("aria-invalid", "true")


def test_while_passwords_are_guessed_a_new_browser_is_asked_for_a_mailed_code_and_a_known_one_is_not(
    browser_for: Callable[..., BrowserContext], product: Product, shots: Path
):
    page, person = browser_for().new_page(), people.somebody("Nora Vidal")
    people.signs_up(page, person)
    with _guessing(product):
        page.context.clear_cookies(name=re.compile("session"))
        _gives_the_password(page, person)
        expect(page.get_by_role("banner").get_by_role("link", name=person.name)).to_be_visible()

        stranger = browser_for().new_page()
        stranger.goto("/sign-in")
        for password in ("a wrong phrase of words", people.PASSWORD):
            _gives_the_password(stranger, person, password)
            expect(stranger.get_by_role("heading", name="One more step")).to_be_visible()
        looking.look(stranger, "second-step-mailed", shots=shots)
        stranger.get_by_label("Code", exact=True).fill("0000 0000")
        stranger.get_by_role("button", name="Sign in").click()
        expect(stranger.get_by_label("Code", exact=True)).to_have_attribute("aria-invalid", "true")
        expect(stranger.get_by_role("heading", name="One more step")).to_be_visible()
        looking.look(stranger, "second-step-mailed-wrong", shots=shots)
        stranger.get_by_label("Code", exact=True).fill(_code_to_sign_in(stranger, person))
        stranger.get_by_role("button", name="Sign in").click()
        expect(stranger.get_by_role("banner").get_by_role("link", name=person.name)).to_be_visible()


@contextmanager
def _guessing(product: Product) -> Iterator[None]:
    """Let the installation hold an attack, as the database's owner: a browser on this machine has one network to guess from."""
    owner = embedded.locate(embedded_root(load_settings(data_dir=product.data))).dsn()
    with psycopg.connect(owner, autocommit=True) as connection:
        connection.execute("INSERT INTO users.sign_in_attack VALUES (now(), now() + interval '1 hour')")
        yield
        connection.execute("DELETE FROM users.sign_in_attack")


def _code_to_sign_in(page: Page, person: people.Person) -> str:
    mail = page.context.new_page()
    wanted = mail.get_by_role("link").filter(has_text=person.email).filter(has_text="Your code to sign in")
    for _ in range(100):
        mail.goto("/sandbox/mail")
        if wanted.count():
            break
        mail.wait_for_timeout(200)
    assert wanted.count() == 1, "of a wrong password none is mailed"
    wanted.click()
    found = re.search(r"^\d{4} \d{4}$", mail.locator(".letter-text").inner_text(), re.MULTILINE)
    assert found is not None
    mail.close()
    return found[0]


def _gives_the_password(page: Page, person: people.Person, password: str = people.PASSWORD) -> None:
    page.goto("/sign-in")
    page.get_by_label("E-mail address").fill(person.email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


def _code(key: str) -> str:
    secret = base64.b32decode(key + "=" * (-len(key) % 8))
    return code_at(secret, step_of(utc_now()))


def _an_hour_passes(product: Product, person: people.Person) -> None:
    """Let what somebody has shown be an hour old, as the database's owner: nobody else can, and no test waits so long."""
    owner = embedded.locate(embedded_root(load_settings(data_dir=product.data))).dsn()
    older = """UPDATE users.session SET proved_at = proved_at - interval '1 hour' FROM users.address
        WHERE address.user_id = session.user_id AND address.email = %s"""
    with psycopg.connect(owner, autocommit=True) as connection:
        assert connection.execute(older, (person.email,)).rowcount >= 1
