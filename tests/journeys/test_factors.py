"""Ways in beside the password: a passkey of Chromium's own authenticator, an app's codes, and recovery codes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, LiteralString

import psycopg
import pytest
from playwright.sync_api import BrowserContext, CDPSession, Page, expect
from psycopg import sql

from tests.factories.factors import secret_of
from tests.journeys import people
from tests.journeys.conftest import _SHOTS, Product
from vibestream.cli.connection import embedded_root
from vibestream.contexts.user.factors.domain import code_at, step_of
from vibestream.kernel.time import utc_now
from vibestream.platform.config import load_settings
from vibestream.platform.postgres import embedded

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

_AXE = Path(__file__).parents[2] / "src/vibestream/web/frontend/node_modules/axe-core/axe.min.js"
_RUN = """axe.run(document, {resultTypes: ['violations']}).then(found => found.violations.map(
    one => `${one.id}: ${one.nodes.map(node => node.target.join(' ')).join(', ')}`))"""
_LOOKS = [(1280, "light", "en"), (1280, "dark", "es"), (320, "dark", "en"), (320, "light", "es")]


class Device:
    """Chromium's virtual authenticator: a phone that verifies its owner, or refuses to."""

    def __init__(self, page: Page) -> None:
        self._devtools: CDPSession = page.context.new_cdp_session(page)
        self._devtools.send("WebAuthn.enable")
        options: dict[str, Any] = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True}
        options |= {"hasUserVerification": True, "isUserVerified": True, "automaticPresenceSimulation": True}
        made = self._devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})
        self._name = {"authenticatorId": made["authenticatorId"]}

    def verifies(self, verified: bool) -> None:
        """Say whether the right finger is on it."""
        self._devtools.send("WebAuthn.setUserVerified", {**self._name, "isUserVerified": verified})

    def answers(self, present: bool) -> None:
        """Say whether anybody touches it: what a sign-in page offers in the background is answered by whoever does."""
        enabled = {**self._name, "enabled": present}
        self._devtools.send("WebAuthn.setAutomaticPresenceSimulation", enabled)

    def held(self) -> list[dict[str, Any]]:
        """Return the keys that it holds."""
        return list(self._devtools.send("WebAuthn.getCredentials", self._name)["credentials"])


@pytest.fixture
def somebody(browser_for: Callable[..., BrowserContext]) -> tuple[Page, people.Person]:
    page, person = browser_for().new_page(), people.somebody("Vera Luz")
    people.signs_up(page, person)
    return page, person


def adds_passkey(page: Page) -> Device:
    """Add a passkey on the account's page."""
    device = Device(page)
    page.goto("/account")
    page.get_by_role("link", name="Add a passkey").click()
    page.get_by_label("What to call it").fill("Vera's phone")
    page.get_by_role("button", name="Make the passkey").click()
    expect(page.get_by_text("Your passkey was added")).to_be_visible()
    return device


def signs_out(page: Page) -> None:
    """Sign out by the form's own request."""
    page.context.request.post("/sign-out", max_redirects=0)


def test_a_passkey_signs_in_with_nothing_typed_and_is_renamed_and_removed(somebody: tuple[Page, people.Person]):
    page, person = somebody
    device = adds_passkey(page)
    expect(page.get_by_text("Vera's phone").first).to_be_visible()
    assert [(one["rpId"], one["isResidentCredential"]) for one in device.held()] == [("localhost", True)]
    signs_out(page)
    page.goto("/sign-in")
    device.answers(True)  # what the page offers among the addresses is taken
    expect(page.get_by_role("banner").get_by_role("link", name=person.name)).to_be_visible()

    page.goto("/account")
    page.locator("summary", has_text="Rename").click()
    page.get_by_label("New name").fill("Old phone")
    page.locator("details").get_by_role("button", name="Save").click()
    expect(page.get_by_text("Your passkey has its new name.")).to_be_visible()
    page.get_by_role("button", name="Remove the passkey Old phone").click()
    expect(page.get_by_text("Your passkey was removed.")).to_be_visible()

    signs_out(page)
    page.goto("/sign-in")
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.locator("[data-part=said]")).to_contain_text("not one of an account here")


def test_whoever_is_not_verified_is_told_and_not_let_in(somebody: tuple[Page, people.Person]):
    page, _ = somebody
    device = adds_passkey(page)
    device.verifies(False)
    signs_out(page)
    page.goto("/sign-in")
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.locator("[data-part=said]")).to_contain_text("Nothing was confirmed")
    page.goto("/account")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_an_app_is_set_up_a_recovery_code_enters_once_and_a_passkey_skips_both(
    somebody: tuple[Page, people.Person],
):
    page, person = somebody
    device = adds_passkey(page)
    device.answers(False)
    page.get_by_role("button", name="Set up an app").click()
    key = page.locator("code.secret").inner_text().replace("-", "").replace(" ", "")
    secret = secret_of(f"otpauth://totp/x?secret={key}")
    page.get_by_role("textbox", name="Code").fill(code_at(secret, step_of(utc_now())))
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    recovery = page.locator(".codes code").first.inner_text().strip()

    for shown, entered in ((recovery, True), (recovery, False)):
        signs_out(page)
        page.goto("/sign-in")
        page.get_by_label("E-mail address").fill(person.email)
        page.get_by_label("Password").fill(people.PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url("**/sign-in/second*")
        page.get_by_label("Code").fill(shown)
        page.get_by_role("button", name="Sign in").click()
        if entered:
            expect(page.get_by_role("banner").get_by_role("link", name=person.name)).to_be_visible()
        else:
            expect(page.get_by_text("This code is wrong or was used before")).to_be_visible()

    page.goto("/sign-in")
    device.answers(True)  # what the page offers among the addresses is taken
    expect(page.get_by_role("banner").get_by_role("link", name=person.name)).to_be_visible()


def test_a_passkey_is_the_proof_before_what_matters_and_the_form_goes_on(
    somebody: tuple[Page, people.Person], product: Product
):
    page, person = somebody
    device = adds_passkey(page)
    device.answers(False)
    owner_says(product, "UPDATE users.session SET proved_at = proved_at - interval '1 hour'", person)
    new = people.somebody("Vera Nova")
    page.goto("/account/email")
    page.get_by_label("New e-mail address").fill(new.email)
    page.get_by_role("button", name="Send the code").click()
    expect(page.get_by_role("heading", name="Is it you?")).to_be_visible()
    device.verifies(False)
    device.answers(True)
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.locator("[data-part=said]")).to_contain_text("Nothing was confirmed")
    device.verifies(True)
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("heading", name="Confirm your new address")).to_be_visible()
    page.get_by_label("Code").fill(people.mailed_code(page, new))
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_text("Your address was changed")).to_be_visible()


def test_the_last_way_into_an_account_is_not_removed(somebody: tuple[Page, people.Person], product: Product):
    page, person = somebody
    device = adds_passkey(page)
    owner_says(product, "DELETE FROM users.password", person)
    page.get_by_role("button", name="Remove the passkey Vera's phone").click()
    expect(page.get_by_text("only way into your account")).to_be_visible()
    signs_out(page)
    page.goto("/sign-in")
    device.answers(True)
    expect(page.get_by_role("banner").get_by_role("link", name=person.name)).to_be_visible()


def owner_says(product: Product, statement: LiteralString, person: people.Person) -> None:
    """Do to somebody's rows, as the database's owner, what no test can wait for and nobody else can do."""
    owner = embedded.locate(embedded_root(load_settings(data_dir=product.data))).dsn()
    whose = sql.SQL(" WHERE user_id = (SELECT user_id FROM users.address WHERE email = %s)")
    with psycopg.connect(owner, autocommit=True) as connection:
        assert connection.execute(sql.SQL(statement) + whose, (person.email,)).rowcount >= 1


@pytest.mark.parametrize(("width", "theme", "language"), _LOOKS)
def test_the_pages_of_passkeys_can_be_used_by_everybody(
    browser_for: Callable[..., BrowserContext], width: int, theme: str, language: str
):
    page, person = browser_for().new_page(), people.somebody("Vera Luz")
    people.signs_up(page, person)
    adds_passkey(page).answers(False)
    page.set_viewport_size({"width": width, "height": 844})
    page.context.request.post("/preferences", form={"language": language, "theme": theme}, max_redirects=0)
    found: list[str] = []
    for address in ("/account", "/account/passkeys/new", "/sign-in"):
        if address == "/sign-in":
            signs_out(page)
        page.goto(address)
        page.evaluate(_AXE.read_text())
        found += [f"{address}: {one}" for one in page.evaluate(_RUN)]
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            found.append(f"{address}: wider than the screen")
        name = address.strip("/").replace("/", "-")
        page.screenshot(path=_SHOTS / "factors" / f"{name}-{width}-{theme}-{language}.png", full_page=True)
    assert found == []
