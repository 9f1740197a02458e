"""Showing at one's issuer that it is still oneself; the list of what one is signed in by, and ending it, as Chromium does it.

At oidc-provider's own pages; nothing of ours is on its side.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.factories import oidc_peer
from tests.journeys import people
from tests.journeys.conftest import Product, running
from tests.journeys.looking import DOWN_TO_SMALL, look_in_both_languages
from tests.journeys.test_factors import adds_passkey, owner_says

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]
KITO: Final = people.Person("Kito", "kito@example.org")
AN_HOUR_OLD: Final = "UPDATE users.session SET proved_at = proved_at - interval '1 hour'"
# A stream of this page's own, read to its end: when it ended, by the clock of the machine, in milliseconds.
LISTENS: Final = """() => {
    window.endedAt = 0
    window.began = new Promise(begun => {
        fetch('/events').then(async answer => {
            const reader = answer.body.getReader()
            await reader.read()
            begun(true)
            while (!(await reader.read()).done);
            window.endedAt = Date.now()
        }).catch(() => { window.endedAt = Date.now() })
    })
    return window.began
}"""


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """An installation of its own, that knows the peer."""
    port, peers = oidc_peer.free_port(), oidc_peer.free_port()
    back = f"http://localhost:{port}/sign-in-with/larkspur/back"
    with oidc_peer.running(redirect_uris=[back], port=peers) as issuer:
        settings = {
            "VIBESTREAM_LOGIN_ISSUERS": json.dumps([oidc_peer.setting(issuer)]),
            "VIBESTREAM_PEER": oidc_peer.SECRET,
        }
        yield from running(tmp_path_factory, port=port, settings=settings)


def shows_it_there(page: Page, login: str) -> None:
    expect(page.get_by_role("heading", name="Peer")).to_be_visible()
    page.get_by_label("Name").fill(login)
    page.get_by_role("button", name="Go on").click()


def asks_for_a_token(page: Page) -> None:
    page.goto("/account/tokens")
    page.get_by_label("What it is for").fill("Backup script")
    page.get_by_role("checkbox").first.check()
    page.get_by_role("button", name="Make the token").click()
    expect(page.get_by_role("heading", name="Is it you?")).to_be_visible()


def test_who_has_no_password_shows_at_their_issuer_that_it_is_them(
    browser_for: Callable[..., BrowserContext], product: Product, shots: Path
):
    page = browser_for().new_page()
    page.goto("/sign-in?next=/account")
    page.get_by_role("link", name="Go on with Larkspur").click()
    shows_it_there(page, "kito")
    page.get_by_role("button", name="Make an account").click()
    page.wait_for_url("**/account")
    owner_says(product, AN_HOUR_OLD, KITO)

    asks_for_a_token(page)
    expect(page.get_by_label("Password")).to_have_count(0)
    for width, theme in ((1280, "light"), (1280, "dark"), (390, "dark"), (320, "light")):
        page.set_viewport_size({"width": width, "height": 844})
        page.evaluate("theme => { document.documentElement.dataset.theme = theme }", theme)
        page.screenshot(path=shots / f"step-up-with-{theme}-{width}-en.png", full_page=True)
    page.set_viewport_size({"width": 1280, "height": 760})
    page.get_by_role("button", name="Go on with Larkspur").click()
    shows_it_there(page, "kito")  # asked anew, although he is signed in there
    expect(page.get_by_role("heading", name="It is you")).to_be_visible()
    page.screenshot(path=shots / "step-up-done-light-1280-en.png", full_page=True)
    page.get_by_role("button", name="Do it").click()
    expect(page.get_by_text("vsp_")).to_be_visible()

    owner_says(product, AN_HOUR_OLD, KITO)
    asks_for_a_token(page)
    page.get_by_role("button", name="Go on with Larkspur").click()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("heading", name="It could not be shown")).to_be_visible()
    page.screenshot(path=shots / "step-up-failed-light-1280-en.png", full_page=True)


def test_each_kind_is_listed_and_ending_one_ends_its_stream_within_a_second(
    browser_for: Callable[..., BrowserContext], product: Product, shots: Path
):
    person = people.somebody("Vera Luz")
    first, second = browser_for().new_page(), browser_for(user_agent="Mozilla/5.0 (iPhone) Safari/604.1").new_page()
    people.signs_up(first, person)
    adds_passkey(first)
    first.request.post("/sign-out", max_redirects=0)
    first.goto("/sign-in")  # what the page offers among the addresses is taken
    expect(first.get_by_role("banner").get_by_role("link", name=person.name)).to_be_visible()
    people.signs_in(second, person)
    second.evaluate(LISTENS)

    first.goto("/account")
    listed = first.get_by_role("region", name="Where you are signed in")
    expect(listed).to_contain_text("Safari on iPhone")
    expect(listed).to_contain_text("127.0.0.0/24")
    expect(listed.get_by_text("passkey", exact=False).first).to_be_visible()
    look_in_both_languages(first, "sessions", shots=shots, widths=DOWN_TO_SMALL)
    began = first.evaluate("Date.now()")
    first.get_by_role("button", name="End the session of Safari on iPhone").click()
    expect(first.get_by_text("That session has ended.")).to_be_visible()
    second.wait_for_function("window.endedAt > 0")
    took_ms = second.evaluate("window.endedAt") - began
    print(f"\nthe stream ended {took_ms} ms after the click")
    assert took_ms < 1_000
    second.goto("/account")
    expect(second.get_by_role("button", name="Sign in")).to_be_visible()


def test_operators_see_for_how_long_what_is_kept(
    browser_for: Callable[..., BrowserContext], product: Product, shots: Path
):
    page, otto = browser_for().new_page(), people.somebody("Otto Berg")
    people.signs_up(page, otto)
    product.command("grant-role", otto.email, "admin")
    product.command("retention", "--run")
    people.signs_in(page, otto)
    page.goto("/operations")
    expect(page.get_by_text("Every rule was kept to within the last hours.")).to_be_visible()
    page.get_by_text("See the rules").click()
    expect(page.get_by_text("payment.risk_signals")).to_be_visible()
    page.get_by_text("See the rules").click()
    look_in_both_languages(page, "operations-retention", shots=shots, widths=DOWN_TO_SMALL)
