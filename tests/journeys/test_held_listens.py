"""A recording that six accounts send is held: its listener is told, appeals with the keyboard, an operator releases, and it counts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.journeys import people
from tests.journeys.looking import DOWN_TO_SMALL, look, look_in_both_languages
from tests.journeys.people import Person
from tests.journeys.product import Product, running
from tests.journeys.test_power_cut import published
from vibestream.cli.story.main_job import until
from vibestream.cli.story.visitor import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]

RECORDED = [(0, 0), (7_007, 6_900), (14_019, 13_950), (21_023, 20_900), (28_040, 27_990)]
"""The player's clock and the position, to the millisecond, as every one of the accounts sends them."""
ENOUGH_S = 30
OTHERS = 5


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    with running(tmp_path_factory.mktemp("held") / "data") as product:
        yield product


def test_held_listens_are_told_appealed_and_released(chromium: Browser, watched: Product, shots: Path, tmp_path: Path):
    fan, others = people.somebody("Ines"), [people.somebody(f"Other {number}") for number in range(OTHERS)]
    with Visitor(watched.url) as artist:
        artist.sign_up(email="artist@held.example", password=people.PASSWORD, display_name="Ana Soler")
        artist.post("/api/v1/artists", {"name": "Ana Soler", "handle": "ana.soler"})
        track_id = published(artist, people.cut_songs(tmp_path)[0])
    replay(watched, track_id, others)
    replay(watched, track_id, [fan])
    assert watched.query("SELECT state, count(*) FROM listen_reward.listen WHERE state IN ('accepted', 'held') GROUP BY 1 ORDER BY 1") == [
        ("accepted", OTHERS), ("held", 1),
    ]  # fmt: skip

    page, complaints = opened(chromium, watched), []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    people.signs_in(page, fan)
    told(page)
    appeals_by_keyboard(page, shots)
    operator = operates(chromium, watched)
    decides(operator, shots)

    page.reload()
    expect(page.get_by_text("released", exact=True)).to_be_visible()
    expect(page.get_by_text("they count as of that day")).to_be_visible()
    look_in_both_languages(page, "held-own-released", shots=shots, widths=DOWN_TO_SMALL)
    until(
        lambda: watched.query("SELECT count(*) FROM listen_reward.reward") == [(OTHERS + 1,)],
        within_s=30,
        what="The reward of the released listen",
    )
    assert complaints == []
    assert watched.run("audit").returncode == 0


def replay(product: Product, track_id: str, who: Sequence[Person]) -> None:
    """Let each of them sign up, fetch the audio in real time, and send the same recorded heartbeats."""
    with ThreadPoolExecutor(len(who)) as threads:
        list(threads.map(lambda person: _listen(product, track_id, person), who))


def _listen(product: Product, track_id: str, person: Person) -> None:
    with Visitor(product.url) as visitor:
        visitor.sign_up(email=person.email, password=people.PASSWORD, display_name=person.name)
        opened = visitor.post("/api/v1/listens", {"track_id": track_id, "player_id": "tab"})
        granted = visitor.post(f"/api/v1/tracks/{track_id}/playback", {"listen_id": opened["listen_id"]})
        stream = visitor.stream(granted["masters"][0]["url"])
        for url in (stream.init_url, *stream.segment_urls):
            visitor.fetch(url)
        address = f"/api/v1/listens/{opened['listen_id']}"
        beats = [
            {"seq": number, "at_client_ms": at, "position_ms": position, "state": "playing"}
            for number, (at, position) in enumerate(RECORDED, 1)
        ]
        due = datetime.fromisoformat(opened["opened_at"]) + timedelta(seconds=ENOUGH_S)
        until(lambda: datetime.now(UTC) >= due, within_s=60, what="Half a minute")
        visitor.post(f"{address}/heartbeats", {"beats": beats})
        until(lambda: visitor.get(address)["state"] != "open", within_s=30, what="A decision")


def opened(chromium: Browser, product: Product) -> Page:
    context = chromium.new_context(base_url=product.url, locale="en-GB")
    context.set_default_timeout(30_000)
    return context.new_page()


def told(page: Page) -> None:
    """The listener finds it in their notifications, and by way of the account."""
    page.goto("/notifications")
    page.get_by_role("link", name="Listens of yours are being looked at").or_(
        page.get_by_role("button", name="Listens of yours are being looked at")
    ).first.click()
    page.wait_for_url("**/account/held-listens")
    page.goto("/account")
    page.get_by_role("link", name="Listens being looked at").click()
    page.wait_for_url("**/account/held-listens")
    expect(page.get_by_text("waiting", exact=True)).to_be_visible()
    expect(page.get_by_text("A person should have decided by")).to_be_visible()
    assert "replay" not in page.content()


def appeals_by_keyboard(page: Page, shots: Path) -> None:
    """Nothing is said by an empty form; then the words are typed and sent with the keyboard alone."""
    look_in_both_languages(page, "held-own", shots=shots, widths=DOWN_TO_SMALL)
    page.get_by_role("heading", name="Listens being looked at").click()
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement?.id") == "words":
            break
    assert page.evaluate("document.activeElement?.id") == "words"
    page.keyboard.type("It was me, on the tram.")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement?.textContent") == "Appeal"
    page.keyboard.press("Enter")
    expect(page.get_by_text("Thank you. A person will read it.")).to_be_visible()
    expect(page.get_by_text("It was me, on the tram.")).to_be_visible()
    expect(page.get_by_role("button", name="Appeal")).to_have_count(0)
    look(page, "held-own-appealed", shots=shots, widths=DOWN_TO_SMALL)


def operates(chromium: Browser, product: Product) -> Page:
    page, person = opened(chromium, product), people.somebody("Olga")
    people.signs_up(page, person)
    granted = product.run("grant-role", person.email, "admin")
    assert granted.returncode == 0, granted.stderr
    page.context.clear_cookies()
    people.signs_in(page, person)
    return page


def decides(page: Page, shots: Path) -> None:
    """The operator sees the queue, the words and the reasons, and releases."""
    page.goto("/operations/listens")
    look_in_both_languages(page, "held-queue", shots=shots, widths=DOWN_TO_SMALL)
    page.get_by_role("link", name="It was me, on the tram.").click()
    expect(page.get_by_text("rule.replayed_by_some")).to_be_visible()
    look_in_both_languages(page, "held-case", shots=shots, widths=DOWN_TO_SMALL)
    page.get_by_label("Why").fill("Five others sent the same; this one is a person.")
    page.get_by_role("button", name="Release").click()
    expect(page.get_by_text("Released. The listens count as of today.")).to_be_visible()
