"""Somebody is told: in the list, in a browser that has no page open, not in their quiet hours, and after a cut connection."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import psutil
import pytest
from playwright.sync_api import Browser, BrowserContext, CDPSession, Page, expect

from tests.journeys import people
from tests.journeys.conftest import Product, _free_port, running
from tests.journeys.looking import DOWN_TO_SMALL, OUTSIDE, look, look_in_both_languages
from vibestream.cli.connection import embedded_root
from vibestream.platform.config import load_settings
from vibestream.platform.postgres import embedded
from vibestream.sandbox.mail import letterbox
from vibestream.sandbox.mail.letterbox import Arrived

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
CHANGED: Final = """async ([made, former]) => {
  let asked = null, ended = false;
  PushManager.prototype.subscribe = async (options) => {
    const key = btoa(String.fromCharCode(...new Uint8Array(options.applicationServerKey)));
    asked = key.replace(/\\+/g, "-").replace(/\\//g, "_").replace(/=+$/, "");
    return { endpoint: made.endpoint, options, toJSON: () => made, unsubscribe: async () => { ended = true; } };
  };
  const event = new Event("pushsubscriptionchange");
  event.oldSubscription = { endpoint: former };
  const work = [];
  event.waitUntil = (promise) => work.push(promise);
  self.dispatchEvent(event);
  await Promise.all(work);
  return ended ? "ended" : asked;
}"""
"""In the service worker: the vendor gives another subscription. The event is not the browser's own, which no tool can bring
about without a vendor; what the worker does with it, by which key and session, and what the server keeps of it, is real."""
FAR: Final = "Asia/Tokyo"
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
    page.get_by_text("always comes").click()
    look(page, "notification-choices-always", shots=shots)
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


def test_a_follower_hears_of_a_release_and_is_led_to_it(
    browser_for: Callable[..., BrowserContext], shots: Path, tmp_path: Path
):
    artist, fan = browser_for().new_page(), browser_for().new_page()
    people.signs_up(artist, people.somebody("Nil Ferrer"))
    people.becomes_artist(artist, name="Nil Ferrer", handle="nil.ferrer")
    people.signs_up(fan, people.somebody("Eva Mar"))
    fan.goto("/notifications/choices")
    fan.get_by_role("checkbox", name="New releases of artists that you follow: by mail").check()
    fan.locator("form[action='/notifications/choices'] button").click()
    fan.goto("/artists/nil.ferrer")
    fan.get_by_role("button", name="Follow").click()
    expect(fan.get_by_role("button", name="Stop following")).to_be_visible()

    people.uploads(artist, people.cut_songs(tmp_path)[:1])
    address = people.publishes(artist, title="First Light")
    fan.goto("/notifications")
    told = fan.get_by_text("Nil Ferrer released a new single", exact=True)
    for _ in range(60):
        if told.count():
            break
        fan.wait_for_timeout(500)
        fan.reload()
    expect(told).to_have_count(1)
    expect(fan.get_by_text("Nil Ferrer, whom you follow, has something new. It can be heard now.")).to_be_visible()
    look_in_both_languages(fan, "notifications-release", shots=shots, widths=DOWN_TO_SMALL)
    fan.get_by_role("button", name="Open: Nil Ferrer released a new single").click()
    fan.wait_for_url(f"**{address}")
    fan.goto("/notifications/choices")
    look_in_both_languages(fan, "notification-choices-releases", shots=shots, widths=(1280, 390))


@pytest.mark.parametrize("language", ["en", "es"])
def test_a_night_ends_in_one_mail_by_the_readers_own_clock(
    browser_for: Callable[..., BrowserContext], product: Product, shots: Path, language: str
):
    page, person = browser_for().new_page(), people.somebody("Ana Río")
    people.signs_up(page, person)
    now = datetime.now(ZoneInfo(FAR))
    ends = (now + timedelta(seconds=100)).replace(second=0, microsecond=0)
    page.goto("/notifications/choices")
    page.get_by_label("Time zone").select_option(FAR)
    page.get_by_label("Quiet from").fill((now - timedelta(hours=2)).strftime("%H:%M"))
    page.get_by_label("Quiet until").fill(ends.strftime("%H:%M"))
    page.locator("form[action='/notifications/hours'] button").click()
    expect(page.get_by_text("Your hours were saved.")).to_be_visible()
    look(page, f"quiet-hours-{language}", shots=shots)
    if language == "es":
        form: dict[str, str | float | bool] = {"language": "es", "theme": "auto"}
        assert page.request.post("/preferences", form=form, max_redirects=0).status == 303
    _tells(product, person.email, "1", "2", "3")
    page.goto("/notifications")
    expect(page.get_by_text("5.00 EUR", exact=False).first).to_be_visible()
    held = ends.timestamp() - time.time()
    assert held > 5, "there is some of the night left to be seen"
    assert _mails(product, person.email) == []

    page.wait_for_timeout((held + 2) * 1000)
    deadline = time.monotonic() + 90
    while not _mails(product, person.email) and time.monotonic() < deadline:
        page.wait_for_timeout(500)
    page.wait_for_timeout(4_000)  # a second one would come now
    [mail] = _mails(product, person.email)
    assert mail.arrived_at.timestamp() >= ends.timestamp(), "not before the reader's night is over"
    assert mail.subject == {"en": "A tip: 5.00 EUR, and 2 more", "es": "Una propina: 5.00 EUR, y 2 más"}[language]
    assert mail.text.count("4.50 EUR") == 3

    page.goto("/sandbox/mail")
    page.get_by_role("link").filter(has_text=person.email).filter(has_text=mail.subject).click()
    expect(page.locator(".letter-text")).to_contain_text(mail.subject.partition(",")[0])
    look(page, f"digest-arrived-{language}", shots=shots)
    for shade in ("light", "dark"):
        for width in (700, 390):
            reader = browser_for(color_scheme=shade, viewport={"width": width, "height": 900}).new_page()
            reader.set_content(mail.html)
            assert not reader.evaluate(OUTSIDE)
            reader.screenshot(path=shots / f"digest-mail-{language}-{shade}-{width}.png", full_page=True)


def test_a_browser_whose_subscription_its_vendor_changed_is_told_where_it_is_now(
    browser_for: Callable[..., BrowserContext], product: Product, vendor: str
):
    context = browser_for()
    context.grant_permissions(["notifications"], origin=product.url)
    context.add_init_script(VENDOR)
    made: list[dict[str, Any]] = []
    context.expose_function("vendor", lambda key: _subscribes(vendor, key, made))
    page, person = context.new_page(), people.somebody("Kito Alba")
    people.signs_up(page, person)
    page.goto("/notifications/choices")
    page.get_by_role("button", name="Tell me in this browser").click()
    expect(page.get_by_text("This browser is told from now on.")).to_be_visible()
    [worker] = context.service_workers
    sender = page.request.get("/api/v1/push-sender").json()["sender"]
    _subscribes(vendor, sender, made)  # what the vendor gives the browser in its place
    assert worker.evaluate(CHANGED, [made[1], made[0]["endpoint"]]) == sender
    page.reload()
    expect(page.get_by_text("this browser", exact=True)).to_have_count(1)
    _tells(product, person.email, "changed")
    assert [one["title"] for one in _arrived(made[1], many=1)] == ["A tip: 5.00 EUR"]
    assert _arrived(made[0], many=0) == []

    assert page.request.post("/sign-out", max_redirects=0).status == 303
    _subscribes(vendor, sender, made)
    assert worker.evaluate(CHANGED, [made[2], made[1]["endpoint"]]) == "ended", "nobody is signed in: nobody is told"


def _mails(product: Product, email: str) -> list[Arrived]:
    """Return what arrived for somebody about tips, which is all that can wait here."""
    found = letterbox.arrived(letterbox.folder_of(load_settings(data_dir=product.data)), to=email)
    return [one for one in found if "5.00 EUR" in one.subject]


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
