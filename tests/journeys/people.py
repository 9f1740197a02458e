"""What people do in a browser, in their words: each step as somebody with a mouse and a keyboard would do it."""

from __future__ import annotations

import os
import re
import secrets
import subprocess
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Page, expect

PASSWORD: Final = "quartz lantern seven harbour"
MUSIC: Final = Path("/usr/share/games/singularity/music")
"""Real songs: Debian's singularity-music."""
_PACKAGED_WITHIN_S: Final = 90
"""For one song, on a machine that has other things to do."""


def album() -> list[Path]:
    """Return the songs of a real album; `VIBESTREAM_SONGS` says how many at most, for those in a hurry."""
    most = int(os.environ.get("VIBESTREAM_SONGS", "99"))
    return sorted(MUSIC.glob("*.ogg"))[:most]


@dataclass(frozen=True)
class Person:
    """Somebody with an account."""

    name: str
    email: str


def cut_songs(folder: Path) -> list[Path]:
    """Cut three pieces of 44 s out of a real song, as tagged FLAC masters, so that each is soon packaged."""
    cuts = []
    for number, title in enumerate(("Media luna", "Salitre", "Norte"), 1):
        cut = folder / f"{number:02} {title}.flac"
        tags = {"title": title, "album": "Media luna", "track": str(number), "date": "2026-03-01", "genre": "ambient"}
        described = [part for name, value in tags.items() for part in ("-metadata", f"{name}={value}")]
        subprocess.run(
            [
                *("ffmpeg", "-nostdin", "-loglevel", "error", "-ss", str(number * 40), "-t", "44"),
                *("-i", str(MUSIC / "Nebula.ogg"), "-map_metadata", "-1", *described, str(cut)),
            ],
            check=True,
        )
        cuts.append(cut)
    return cuts


def somebody(name: str) -> Person:
    """Return a person whose address nobody had before."""
    return Person(name, f"{name.lower().replace(' ', '.')}.{secrets.token_hex(4)}@example.org")


def signs_up(page: Page, person: Person) -> None:
    """Make an account: the form, the mailed code, and in."""
    page.goto("/sign-up")
    page.get_by_label("Name").fill(person.name)
    page.get_by_label("E-mail address").fill(person.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Send the code").click()
    page.wait_for_url("**/verify*")
    page.get_by_label("Code").fill(mailed_code(page, person))
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("banner").get_by_role("link", name=person.name)).to_be_visible()


def mailed_code(page: Page, person: Person) -> str:
    """Read the code in the sandbox's mail, in a tab of its own."""
    mail = page.context.new_page()
    for _ in range(100):
        mail.goto("/sandbox/mail")
        letter = mail.get_by_role("link").filter(has_text=person.email).first
        if letter.count():
            letter.click()
            found = re.search(r"^\d{4} \d{4}$", mail.locator(".letter-text").inner_text(), re.MULTILINE)
            assert found is not None
            mail.close()
            return found[0]
        mail.wait_for_timeout(200)
    raise AssertionError(f"no mail for {person.email} within 20 s")


def signs_in(page: Page, person: Person) -> None:
    """Sign in by password."""
    page.goto("/sign-in")
    page.get_by_label("E-mail address").fill(person.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("banner").get_by_role("link", name=person.name)).to_be_visible()


def tries_premium(page: Page) -> None:
    """Begin the trial of a plan with every quality; a moment later the music is served in it."""
    order = {"plan": "premium", "cycle": "monthly", "currency": "EUR"}
    status = page.evaluate(
        """async order => (await fetch("/api/v1/subscription/trial", {
            method: "POST", headers: {"Content-Type": "application/json"}, body: JSON.stringify(order)
        })).status""",
        order,
    )
    assert status == 201


def tops_up(page: Page, amount: str) -> None:
    """Pay dollars into the wallet by card, on the sandbox's page, and wait until the money is there."""
    order = {"amount": amount, "currency": "USD", "gateway": "stripe"}
    payment = page.evaluate(
        """async order => (await (await fetch("/api/v1/wallet/top-ups", {
            method: "POST", body: JSON.stringify(order),
            headers: {"Content-Type": "application/json", "Idempotency-Key": crypto.randomUUID()}
        })).json()).payment_id""",
        order,
    )
    follow = "async id => (await (await fetch(`/api/v1/payments/${id}`)).json())"
    address = _until(page, lambda: page.evaluate(f"id => ({follow})(id).then(one => one.redirect_url)", payment))
    page.goto(address)
    page.locator("[name=number]").fill("4242 4242 4242 4242")
    page.locator("[name=email]").fill("payer@example.org")
    page.locator("[name=expiry]").fill("12 / 34")
    page.locator("[name=cvc]").fill("123")
    page.locator("button[value=pay]").click()
    page.wait_for_url("**/wallet*")
    _until(page, lambda: page.evaluate(f"id => ({follow})(id).then(one => one.state === 'captured')", payment))


def _until(page: Page, ask: Callable[[], Any]) -> Any:
    for _ in range(150):
        if found := ask():
            return found
        page.wait_for_timeout(200)
    raise AssertionError("it did not come within 30 s")


def becomes_artist(page: Page, *, name: str, handle: str) -> None:
    """Make an artist profile in the studio."""
    page.get_by_role("link", name="Studio").first.click()
    page.get_by_label("Artist name").fill(name)
    page.get_by_label("Handle").fill(handle)
    page.get_by_role("button", name="Continue").click()
    page.wait_for_url("**/studio/new")


def opens_page(page: Page, *, handle: str) -> None:
    """Make a page of one's own that everybody may see."""
    page.goto("/account/page")
    page.get_by_label("Handle").fill(handle)
    page.get_by_label("About you").fill("Nights, mostly: long records that take their time.")
    for box in page.get_by_role("checkbox").all():
        box.check()
    page.get_by_role("button", name="Save").click()
    page.get_by_text("Your page was saved.").wait_for()


def uploads(page: Page, songs: Iterable[Path]) -> None:
    """Choose files, wait until each has arrived, and take these alone."""
    chosen = list(songs)
    page.locator("#files").set_input_files(chosen)
    for song in chosen:
        expect(page.get_by_role("checkbox", name=f"Take {song.name}")).to_be_checked(timeout=60_000)
    takes_only(page, chosen)


def takes_only(page: Page, songs: Iterable[Path]) -> None:
    """Choose these files and none that were left over from before."""
    names = {f"Take {song.name}" for song in songs}
    for box in page.locator("#arrived").get_by_role("checkbox").all():
        box.set_checked(box.get_attribute("aria-label") in names)


def publishes(page: Page, *, title: str) -> str:
    """Make a draft of what arrived, name it, wait until every song plays, and publish; return the page's address."""
    page.get_by_role("button", name="Make a draft").click()
    page.wait_for_url("**/studio/releases/*")
    page.get_by_label("Title", exact=True).fill(title)
    publish = page.get_by_role("button", name="Publish", exact=True)
    songs = page.locator(".song-row").count()
    expect(publish).to_be_enabled(timeout=_PACKAGED_WITHIN_S * 1000 * songs)
    publish.click()
    expect(page.get_by_text("Everybody can hear it now")).to_be_visible()
    return str(page.locator("main").get_by_role("link", name="See its page").first.get_attribute("href"))


def position_s(page: Page) -> float:
    """Return where the sound is."""
    return float(page.evaluate("document.querySelector('vs-player audio').currentTime"))


def plays_on(page: Page, *, for_s: float) -> float:
    """Wait until the sound has moved on by so much, as fast as time does and no faster, and return where it is."""
    start = position_s(page)
    page.wait_for_function(
        "from => document.querySelector('vs-player audio').currentTime >= from", arg=start + for_s, timeout=30_000
    )
    return position_s(page)
