"""Somebody is told: in the list, in a browser that has no page open, not in their quiet hours, and after a cut connection."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import psutil
import pytest
from playwright.sync_api import Browser, BrowserContext, CDPSession, Page, expect

from tests.journeys import people
from tests.journeys.conftest import Product, _free_port, running
from tests.journeys.looking import DOWN_TO_SMALL, look_in_both_languages
from vibestream.cli.connection import embedded_root
from vibestream.platform.config import load_settings
from vibestream.platform.postgres import embedded

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

# The browser's vendor cannot be reached from here, so the sandbox's service stands in for it: it makes the subscription.
VENDOR: Final = """
PushManager.prototype.getSubscription = async () => null;
PushManager.prototype.subscribe = async (options) => {
  const key = btoa(String.fromCharCode(...new Uint8Array(options.applicationServerKey)));
  const made = JSON.parse(await window.vendor(key.replace(/\\+/g, "-").replace(/\\//g, "_").replace(/=+$/, "")));
  return { endpoint: made.endpoint, options, toJSON: () => made };
};
"""
TELL: Final = """
import asyncio, sys
from vibestream.contexts.user.notifications.service import Kind, Telling, tell_many
from vibestream.kernel.ids import UserId
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Database, as_app_role
from uuid import UUID
dsn, email, *keys = sys.argv[1:]
async def run():
    async with Database(as_app_role(dsn), max_size=1) as database, database.begin() as tx:
        who = UserId(await tx.value("SELECT user_id FROM users.address WHERE email = %s", [email]))
        facts = {"minor": 500, "currency": "EUR", "earned": "4.50 EUR"}
        tips = [Telling(user_id=who, key=key, facts=facts) for key in keys]
        await tell_many(tx, kind=Kind.TIP_RECEIVED, tellings=tips, now=utc_now())
asyncio.run(run())
"""
"""A fan's tips, as the consumer of what payment announces tells them."""
SHOWN: Final = """async () => (await (await navigator.serviceWorker.ready).getNotifications()).map(
    one => [one.title, one.body, one.data])"""


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    yield from running(tmp_path_factory, settings={"VIBESTREAM_PUSH_ON_LOOPBACK": "true"})


@pytest.fixture(scope="module")
def vendor() -> Iterator[str]:
    port = _free_port()
    process = subprocess.Popen([sys.executable, "-m", "vibestream.sandbox.push", str(port)])
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(20)


def test_a_browser_is_told_of_what_can_wait_when_the_quiet_hours_are_over(
    browser_for: Callable[..., BrowserContext], product: Product, vendor: str, shots: Path
):
    context = browser_for()
    context.grant_permissions(["notifications"], origin=product.url)
    context.add_init_script(VENDOR)
    made: list[dict[str, Any]] = []
    context.expose_function("vendor", lambda key: _subscribes(vendor, key, made))
    page, ana = context.new_page(), people.somebody("Ana Soler")
    people.signs_up(page, ana)
    page.goto("/notifications")
    look_in_both_languages(page, "notifications-none", shots=shots, widths=DOWN_TO_SMALL)
    page.goto("/notifications/choices")
    page.get_by_role("button", name="Tell me in this browser").click()
    expect(page.get_by_text("This browser is told from now on.")).to_be_visible()
    expect(page.get_by_text("this browser", exact=True)).to_be_visible()
    look_in_both_languages(page, "notification-choices", shots=shots, widths=DOWN_TO_SMALL)
    always = page.get_by_role("checkbox", name="A sign-in from a new place: in your browsers")
    expect(always).to_be_disabled()
    expect(always).to_be_checked()

    _tells(product, ana.email, "first")
    [message] = _arrived(made[0], many=1)
    assert (message["title"], message["path"]) == ("A tip: 5.00 EUR", "/wallet")
    _carried_to_the_worker(context, page, product, message)
    page.goto("/notifications")
    expect(page.get_by_text("A tip: 5.00 EUR")).to_be_visible()

    page.goto("/notifications/choices")
    page.get_by_label("Quiet from").fill("00:00")
    page.get_by_label("Quiet until").fill("23:59")
    page.locator("form[action='/notifications/hours'] button").click()
    expect(page.get_by_text("Your hours were saved.")).to_be_visible()
    _tells(product, ana.email, "second")
    page.goto("/notifications")
    expect(page.get_by_text("A tip: 5.00 EUR")).to_have_count(2)
    look_in_both_languages(page, "notifications-two", shots=shots, widths=DOWN_TO_SMALL)
    time.sleep(3)
    assert len(_arrived(made[0], many=1)) == 1, "what can wait is kept back"

    elsewhere = browser_for(user_agent="Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
    people.signs_in(elsewhere.new_page(), ana)
    assert {one["path"] for one in _arrived(made[0], many=2)} == {"/wallet", "/account"}, "what is about safety is not"

    page.goto("/notifications/choices")
    page.get_by_role("button", name="Stop telling").click()
    expect(page.get_by_text("That browser is told no more.")).to_be_visible()
    expect(page.get_by_role("button", name="Tell me in this browser")).to_be_visible()


def test_the_bell_counts_what_was_told_while_the_connection_was_cut(chromium: Browser, product: Product, shots: Path):
    # A context of its own: a browser complains of a server that is gone, as it should.
    context = chromium.new_context(base_url=product.url, locale="en-GB")
    context.set_default_timeout(20_000)
    page, ben = context.new_page(), people.somebody("Kito")
    people.signs_up(page, ben)
    heard: list[str] = []
    session = context.new_cdp_session(page)
    session.on(
        "Network.eventSourceMessageReceived",
        lambda said: heard.append(said["eventId"]) if said["eventName"] == "notification.told" else None,
    )
    session.send("Network.enable")
    page.goto("/account")
    bell = page.locator("[data-unread]").first
    expect(bell).to_have_count(1)
    page.wait_for_timeout(2_000)
    _tells(product, ben.email, "1")
    expect(bell).to_have_text("1")
    _web_dies(product)
    _tells(product, ben.email, "2", "3")
    expect(bell).to_have_text("3", timeout=90_000)
    page.wait_for_timeout(2_000)
    page.screenshot(path=shots / "bell-after-a-cut.png")
    context.close()
    assert heard == ["1", "2", "3"], "what it missed is told again by its numbers, and nothing twice"


def _web_dies(product: Product) -> None:
    """Cut every connection for real: the web server is killed, and the supervisor starts another."""
    children = psutil.Process(product.process.pid).children(recursive=True)
    web = [one for one in children if one.cmdline()[-1:] == ["web"]]
    assert web
    for one in web:
        one.kill()


def _subscribes(vendor: str, key: str, made: list[dict[str, Any]]) -> str:
    asked = urllib.request.Request(  # noqa: S310 - our own address
        f"{vendor}/subscribe", json.dumps({"sender": key}).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(asked, timeout=10) as answer:  # noqa: S310
        said = answer.read().decode()
    made.append(json.loads(said))
    return str(said)


def _arrived(subscription: dict[str, Any], *, many: int) -> list[dict[str, Any]]:
    """Return what the browser behind a subscription has read, as soon as it is so many."""
    address, deadline = subscription["endpoint"].replace("/push/", "/arrived/"), time.monotonic() + 60
    found: list[dict[str, Any]] = []
    while len(found) < many and time.monotonic() < deadline:
        with urllib.request.urlopen(address, timeout=10) as answer:  # noqa: S310 - our own address
            found = json.load(answer)
        time.sleep(0.2)
    return found


def _tells(product: Product, email: str, *keys: str) -> None:
    dsn = embedded.locate(embedded_root(load_settings(data_dir=product.data))).dsn()
    subprocess.run([sys.executable, "-c", TELL, dsn, email, *keys], check=True, timeout=60)


def _carried_to_the_worker(context: BrowserContext, page: Page, product: Product, message: dict[str, Any]) -> None:
    """Hand what the vendor's service read to the page's real service worker, as the browser does; it shows it."""
    session: CDPSession = context.new_cdp_session(page)
    registrations: list[str] = []
    session.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda said: registrations.extend(one["registrationId"] for one in said["registrations"]),
    )
    session.send("ServiceWorker.enable")
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.wait_for_timeout(500)
    data = json.dumps(message, ensure_ascii=False)
    session.send(
        "ServiceWorker.deliverPushMessage",
        {"origin": product.url, "registrationId": registrations[-1], "data": data},
    )
    page.wait_for_function(f"async () => (await ({SHOWN})()).length === 1")
    assert page.evaluate(SHOWN) == [[message["title"], message["body"], "/wallet"]]
