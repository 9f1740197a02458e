"""Somebody writes an app, lets it in as Chromium does it, sees it among their apps, and takes it back."""

from __future__ import annotations

import base64
import hashlib
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx2
import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.journeys import people
from tests.journeys.conftest import Product
from tests.journeys.looking import DOWN_TO_SMALL, look, look_in_both_languages

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

_VERIFIER = "journey-" + "v" * 43
_CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(_VERIFIER.encode()).digest()).rstrip(b"=").decode()


class _App(BaseHTTPRequestHandler):
    """A native app's own small server, on the port that its system gave it."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(
            b'<!doctype html><link rel="icon" href="data:,"><title>Back</title><p>You can close this window.</p>'
        )

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        del format, args


@pytest.fixture
def back() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), _App)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/back"
    server.shutdown()
    thread.join()
    server.server_close()


def _asks(client_id: str, back: str) -> str:
    asked = {
        "response_type": "code", "client_id": client_id, "redirect_uri": back, "scope": "openid profile wallet:read",
        "state": "s", "code_challenge": _CHALLENGE, "code_challenge_method": "S256",
    }  # fmt: skip
    return "/oauth/authorize?" + urlencode(asked)


def _allows(page: Page, back: str) -> dict[str, str]:
    page.get_by_role("button", name="Allow", exact=True).click()
    page.wait_for_url(f"{back}?**")
    expect(page.get_by_text("You can close this window.")).to_be_visible()
    return dict(parse_qsl(urlsplit(page.url).query))


def test_an_app_is_written_let_in_and_taken_back(
    browser_for: Callable[..., BrowserContext], product: Product, shots: Path, back: str
):
    context = browser_for()
    page, person = context.new_page(), people.somebody("Lola Prats")
    people.signs_up(page, person)
    client_id = _writes_an_app(page, shots)

    page.goto(_asks(client_id, back))
    expect(page.get_by_role("heading", name="May Larkspur do this in your name?")).to_be_visible()
    look_in_both_languages(page, "consent", shots=shots)
    said = _allows(page, back)
    assert (said["state"], said["iss"]) == ("s", product.url)
    token = _redeems(product, client_id, said["code"], back)
    assert _who(product, token) == "Lola Prats"

    page.goto("/account")
    page.get_by_role("link", name="See your apps").click()
    expect(page.get_by_role("heading", name="Larkspur")).to_be_visible()
    look_in_both_languages(page, "apps", shots=shots)
    page.get_by_role("button", name="Take back what Larkspur may do").click()
    expect(page.get_by_text("That app can do nothing in your name any more.")).to_be_visible()
    assert _who(product, token) == "refused"


def test_who_has_to_sign_in_first_is_asked_afterwards_and_goes_on_to_the_app(
    browser_for: Callable[..., BrowserContext], product: Product, shots: Path, back: str
):
    context = browser_for()
    page, person = context.new_page(), people.somebody("Nil Ferrer")
    people.signs_up(page, person)
    client_id = _writes_an_app(page, shots, looked_at=False)
    context.clear_cookies()

    page.goto(_asks(client_id, back))
    page.get_by_label("E-mail").fill(person.email)
    page.get_by_label("Password").fill(people.PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_text("You are signed in as Nil Ferrer.")).to_be_visible()
    assert _who(product, _redeems(product, client_id, _allows(page, back)["code"], back)) == "Nil Ferrer"
    page.goto(_asks(client_id, back))  # an app without a secret is asked about each time
    page.get_by_role("button", name="Do not allow").click()
    page.wait_for_url(f"{back}?**")
    assert dict(parse_qsl(urlsplit(page.url).query))["error"] == "access_denied"


def test_a_television_is_let_in_by_its_code_and_a_program_of_ones_own_by_a_token(
    browser_for: Callable[..., BrowserContext], product: Product, shots: Path
):
    page, person = browser_for().new_page(), people.somebody("Mar Oliva")
    people.signs_up(page, person)
    client_id = _writes_an_app(page, shots, looked_at=False, device=True)
    asked = {"client_id": client_id, "scope": "openid profile"}
    told = httpx2.post(f"{product.url}/oauth/device_authorization", data=asked).json()

    page.goto("/device")
    look_in_both_languages(page, "device", shots=shots, widths=DOWN_TO_SMALL)
    page.get_by_label("Code").fill(told["user_code"].lower())
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", name="May Larkspur do this in your name?")).to_be_visible()
    look(page, "device-consent", shots=shots, widths=DOWN_TO_SMALL)
    page.get_by_role("button", name="Allow", exact=True).click()
    expect(page.get_by_text("Done. The device goes on by itself in a few seconds.")).to_be_visible()
    grant = "urn:ietf:params:oauth:grant-type:device_code"
    sent = {"grant_type": grant, "client_id": client_id, "device_code": told["device_code"]}
    assert _who(product, httpx2.post(f"{product.url}/oauth/token", data=sent).json()["access_token"]) == "Mar Oliva"

    page.goto("/account")
    expect(page.locator("li", has=page.get_by_text("Larkspur"))).to_contain_text("app")
    look_in_both_languages(page, "account-sessions", shots=shots, widths=DOWN_TO_SMALL)
    page.get_by_role("link", name="Personal access tokens").click()
    page.get_by_label("What it is for").fill("Backup")
    page.get_by_label("See your balances").check()
    page.get_by_role("button", name="Make the token").click()
    expect(page.get_by_text("Copy the token now")).to_be_visible()
    look(page, "token-secret", shots=shots, widths=DOWN_TO_SMALL)
    bearer = {"Authorization": f"Bearer {page.locator('code.secret').first.inner_text()}"}
    assert httpx2.get(f"{product.url}/api/v1/wallet", headers=bearer).status_code == 200
    page.goto("/account/tokens")
    look_in_both_languages(page, "tokens", shots=shots, widths=DOWN_TO_SMALL)
    page.get_by_role("button", name="Revoke Backup").click()
    expect(page.get_by_text("That token is good for nothing any more.")).to_be_visible()
    assert httpx2.get(f"{product.url}/api/v1/wallet", headers=bearer).status_code == 401


def _writes_an_app(page: Page, shots: Path, *, looked_at: bool = True, device: bool = False) -> str:
    page.goto("/account/developer")
    page.get_by_label("Name of the app").fill("Larkspur")
    if device:
        page.get_by_label("It runs on devices without a browser").check()
    else:
        page.get_by_label("Addresses to go back to").fill("http://127.0.0.1/back")
    page.get_by_label("See your balances").check()
    page.get_by_role("button", name="Register").click()
    expect(page.get_by_role("heading", name="Your app")).to_be_visible()
    client_id = page.locator("code.secret").first.inner_text()
    page.goto("/account/developer")
    if looked_at:
        look_in_both_languages(page, "developer", shots=shots)
    return client_id


def _redeems(product: Product, client_id: str, code: str, back: str) -> str:
    sent = {
        "grant_type": "authorization_code", "client_id": client_id, "code": code, "redirect_uri": back,
        "code_verifier": _VERIFIER,
    }  # fmt: skip
    answer = httpx2.post(f"{product.url}/oauth/token", data=sent)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["access_token"])


def _who(product: Product, token: str) -> str:
    answer = httpx2.get(f"{product.url}/oauth/userinfo", headers={"Authorization": f"Bearer {token}"})
    return str(answer.json()["name"]) if answer.status_code == 200 else "refused"
