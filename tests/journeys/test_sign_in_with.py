"""People sign in with an account that they have elsewhere, at oidc-provider's own pages, as Chromium does it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.factories import oidc_peer
from tests.journeys import people
from tests.journeys.conftest import Product, running
from tests.journeys.looking import DOWN_TO_SMALL, look, look_in_both_languages

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """An installation that knows the peer: no other journey's pages have such buttons."""
    port, peers = oidc_peer.free_port(), oidc_peer.free_port()
    back = f"http://localhost:{port}/sign-in-with/larkspur/back"
    with oidc_peer.running(redirect_uris=[back], port=peers) as issuer:
        own = oidc_peer.setting(issuer)
        second = {**own, "name": "ours", "title": "Our company"}
        settings = {"VIBESTREAM_LOGIN_ISSUERS": json.dumps([own, second]), "VIBESTREAM_PEER": oidc_peer.SECRET}
        yield from running(tmp_path_factory, port=port, settings=settings)


def _goes_there(page: Page, login: str) -> None:
    page.get_by_role("link", name="Go on with Larkspur").click()
    expect(page.get_by_role("heading", name="Peer")).to_be_visible()
    page.get_by_label("Name").fill(login)
    page.get_by_role("button", name="Go on").click()


def test_somebody_new_makes_an_account_by_a_click_and_comes_back_in(
    browser_for: Callable[..., BrowserContext], shots: Path
):
    page = browser_for().new_page()
    page.goto("/sign-up?next=/account")
    look_in_both_languages(page, "sign-up-with", shots=shots)
    page.goto("/sign-in?next=/account")
    look_in_both_languages(page, "sign-in-with", shots=shots, widths=DOWN_TO_SMALL)
    _goes_there(page, "kito")
    expect(page.get_by_role("heading", name="You come from Larkspur")).to_be_visible()
    look_in_both_languages(page, "newcomer", shots=shots, widths=DOWN_TO_SMALL)
    page.get_by_role("button", name="Make an account").click()
    page.wait_for_url("**/account")
    expect(page.get_by_role("banner").get_by_role("link", name="Kito")).to_be_visible()

    page.get_by_role("link", name="See your connected accounts").click()
    expect(page.get_by_text("kito@example.org")).to_be_visible()
    page.get_by_role("button", name="Remove Larkspur kito@example.org").click()
    expect(page.get_by_text("It is the only way into your account.")).to_be_visible()
    page.request.post("/sign-out", max_redirects=0)
    page.goto("/sign-in")
    page.get_by_role("link", name="Go on with Larkspur").click()  # where one is signed in still, nothing is asked
    expect(page.get_by_role("banner").get_by_role("link", name="Kito")).to_be_visible()


def test_somebody_whom_the_issuer_does_not_vouch_for_proves_an_address_and_then_connects(
    browser_for: Callable[..., BrowserContext], shots: Path
):
    page, person = browser_for().new_page(), people.somebody("Iris Vidal")
    page.goto("/sign-in")
    _goes_there(page, "mallory")
    expect(page.get_by_text("is not enough to know you by")).to_be_visible()
    look_in_both_languages(page, "newcomer-unproved", shots=shots, widths=DOWN_TO_SMALL)
    page.get_by_role("link", name="Make an account").click()
    page.get_by_label("Name").fill(person.name)
    page.get_by_label("E-mail address").fill(person.email)
    page.get_by_label("Password").fill(people.PASSWORD)
    page.get_by_role("button", name="Send the code").click()
    page.wait_for_url(lambda url: "/verify" in url)
    page.get_by_label("Code").fill(people.mailed_code(page, person))
    page.get_by_role("button", name="Confirm").click()

    expect(page.get_by_role("heading", name="Connect your account at Larkspur?")).to_be_visible()
    look_in_both_languages(page, "connected-waiting", shots=shots, widths=DOWN_TO_SMALL)
    page.get_by_role("button", name="Connect it").click()
    expect(page.get_by_text("It is connected, and signs you in from now on.")).to_be_visible()
    look_in_both_languages(page, "connected", shots=shots, widths=DOWN_TO_SMALL)
    page.get_by_role("button", name="Remove Larkspur ana.rio@example.org").click()
    expect(page.get_by_text("It was removed")).to_be_visible()


def test_who_cancels_there_is_back_where_they_began_and_told_so(
    browser_for: Callable[..., BrowserContext], shots: Path
):
    page = browser_for().new_page()
    page.goto("/sign-in")
    page.get_by_role("link", name="Go on with Larkspur").click()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("You were not signed in: it was cancelled there.")).to_be_visible()
    look(page, "sign-in-with-cancelled", shots=shots)
