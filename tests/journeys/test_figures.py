"""A fan agrees to be counted, looks at weeks and a year, and stops; an artist sees an audience; an operator watches rewards.

The pages are the product's own, in Chromium. What happened months ago is written as listening writes it, because a journey
cannot last a year; the consents, the counting and the publication are the product's.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.contexts.listen_reward.scoring.test_service import HOME, STEPS, listen_to
from tests.factories import heard
from tests.factories.heard import Played
from tests.factories.users import make_user
from tests.journeys.conftest import Product, Stage, own_installation
from tests.journeys.looking import DOWN_TO_SMALL, look_in_both_languages
from tests.journeys.people import plays_on
from vibestream.cli.connection import embedded_root
from vibestream.cli.story.main_job import until
from vibestream.contexts.listen_reward.analytics import service as audience
from vibestream.contexts.listen_reward.analytics.service import Surface
from vibestream.contexts.listen_reward.listening.domain import Track
from vibestream.contexts.listen_reward.listening.service import Origin
from vibestream.contexts.user.notifications import service as notifications
from vibestream.flows import publish_audience
from vibestream.kernel.ids import ListenId, UserId
from vibestream.kernel.time import utc_now
from vibestream.platform.config import load_settings
from vibestream.platform.database import Database, Tx, as_app_role
from vibestream.platform.postgres import embedded

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

product, stage = own_installation()

T = TypeVar("T")


def _done(product: Product, work: Callable[[Tx], Awaitable[T]]) -> T:
    """Do something in the product's database, in a loop of its own: the browser's holds this thread."""

    async def run() -> T:
        dsn = embedded.locate(embedded_root(load_settings(data_dir=product.data))).dsn()
        async with Database(as_app_role(dsn), max_size=1, application="journey") as database, database.begin() as tx:
            return await work(tx)

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(lambda: asyncio.run(run())).result()


async def _songs(tx: Tx) -> list[Track]:
    return await tx.all(Track, "SELECT track_id, artist_id, owner_user_id, duration_ms FROM listen_reward.track")


async def _a_year_of(tx: Tx, email: str) -> None:
    """Three songs, mostly in the evening and at the weekend, the first one most."""
    chance, songs, now = random.Random(7), await _songs(tx), utc_now()
    user_id = UserId(await tx.value("SELECT user_id FROM users.address WHERE email = %s", [email]))
    played = []
    for days in range(1, 400):
        at = now - timedelta(days=days)
        for _ in range(chance.choice([0, 1, 3, 6, 9]) + 4 * (at.weekday() >= 5)):
            hour = min(max(round(chance.gauss(20, 2.5)), 0), 23) if chance.random() < 0.7 else chance.randrange(24)
            began = at.replace(hour=hour, minute=chance.randrange(60))
            song = chance.choices(songs, [6, 3, 2])[0]
            played.append(Played(user_id, song, began, heard_ms=chance.randrange(30_000, 44_000)))
    await heard.write(tx, played)


async def _an_audience(tx: Tx) -> None:
    """Forty people who agree listen through three weeks that are over, some more than others; then the weeks are told."""
    chance, songs, now = random.Random(8), await _songs(tx), utc_now()
    people = [(await make_user(tx)).user_id for _ in range(40)]
    for one in people:
        await heard.consent(tx, one)
    played = []
    for days in range(8, 29):
        at = (now - timedelta(days=days)).replace(hour=19)
        for n, song in enumerate(songs):
            crowd = chance.sample(people, chance.choice([3, 12, 18, 30]) // (n + 1))
            played += [Played(one, song, at, heard_ms=chance.randrange(30_000, 44_000)) for one in crowd]
    listens = await heard.write(tx, played)
    await _told_apart(tx, listens, played, people)
    for week in await audience.due_weeks(tx, now=now):
        await publish_audience.publish_week(tx, week=week, now=now)


async def _told_apart(tx: Tx, listens: list[ListenId], played: list[Played], people: list[UserId]) -> None:
    """Most say what they started from and have a clock of their own, and all were scored."""
    chance = random.Random(9)
    for n, one in enumerate(people):
        zone = "Europe/Madrid" if n < 18 else "America/Mexico_City" if n < 32 else "America/Bogota"
        await notifications.choose_hours(tx, user_id=one, time_zone=zone, quiet_from="", quiet_until="")
    for listen, each in zip(listens, played, strict=True):
        surface = chance.choice([Surface.RELEASE, Surface.RELEASE, Surface.SONG, Surface.QUEUE])
        await audience.note_surface(tx, listen_id=listen, user_id=each.user_id, surface=surface)
    await tx.execute(
        """
        INSERT INTO listen_reward.score (listen_id, user_id, track_id, artist_id, owner_user_id, scored_at, verdict, quality,
            reasons, features, feature_set, policy, pair_pm, quick_pm, age_h, hidden_pm)
        SELECT listen_id, user_id, track_id, artist_id, owner_user_id, accepted_at, 'accept', 650 + 10 * (row_number() OVER () %% 36),
            '{}', '{}', 1, 1, 0, 0, 0, 0
        FROM listen_reward.listen JOIN listen_reward.track USING (track_id) WHERE listen_id = ANY(%s)
        """,
        [listens],
    )


async def _an_attack(tx: Tx) -> None:
    """Some listen, and six accounts on one network and device play the same recording."""
    song = (await _songs(tx))[0]
    people = [(await make_user(tx)).user_id for _ in range(14)]
    for n, one in enumerate(people):
        farmed = n >= 8
        await listen_to(
            tx,
            song,
            by=one,
            at=utc_now() - timedelta(minutes=20 - n),
            steps=STEPS if farmed else None,
            origin=HOME if farmed else Origin(bytes([n]) * 12, bytes([n]) * 12),
        )


def _page(browser_for: Callable[..., BrowserContext], stage: Stage, who: str) -> Page:
    return browser_for(storage_state=stage.states[who]).new_page()


def test_a_fan_agrees_sees_weeks_and_a_year_and_stops(
    browser_for: Callable[..., BrowserContext], product: Product, stage: Stage, shots: Path
):
    page = _page(browser_for, stage, "fan")
    _done(product, lambda tx: _a_year_of(tx, stage.fan.email))
    page.goto("/account")
    page.get_by_role("link", name="See your listening").click()
    expect(page.get_by_role("heading", name="Shall your listening be counted?")).to_be_visible()
    look_in_both_languages(page, "listening-asked", shots=shots, widths=DOWN_TO_SMALL)

    page.get_by_role("button", name="Agree, and count my listening").click()
    expect(page.get_by_text("You agreed, and what you heard so far is counted.")).to_be_visible()
    expect(page.get_by_role("img", name="By hour of the day.")).to_be_visible()
    page.get_by_text("As a table").first.click()
    expect(page.get_by_role("table", name="By day", exact=True)).to_be_visible()
    look_in_both_languages(page, "listening-weeks", shots=shots, widths=DOWN_TO_SMALL)

    year = str(utc_now().year)
    page.get_by_role("navigation", name="Time").get_by_role("link", name=year).press("Enter")
    expect(page.get_by_role("heading", name=f"Your {year}")).to_be_visible()
    expect(page.get_by_text("Your artist was Ana Soler.")).to_be_visible()
    expect(page.get_by_text("Your genre was ambient.")).to_be_visible()
    look_in_both_languages(page, "listening-year", shots=shots, widths=DOWN_TO_SMALL)

    page.get_by_role("button", name="Stop counting, and delete my figures").press("Enter")
    expect(page.get_by_text("It ends now: everything that was counted is deleted.")).to_be_visible()
    expect(page.get_by_role("img", name="By hour of the day.")).to_have_count(0)


def test_the_player_says_what_a_song_was_started_from_and_it_is_kept_of_who_agrees(
    browser_for: Callable[..., BrowserContext], product: Product, stage: Stage
):
    page = _page(browser_for, stage, "fan")
    said: list[str] = []
    page.on("response", lambda one: said.append(f"{one.status} {one.url[-8:]}") if "/surface" in one.url else None)
    page.goto(stage.release)
    page.locator("main [data-play=any]").click()
    plays_on(page, for_s=1)
    assert _surfaces(product) == []

    page.goto("/account/listening")
    page.get_by_role("button", name="Agree, and count my listening").click()
    page.goto(stage.release)
    page.locator("main .song-play").nth(1).click()
    until(lambda: _surfaces(product) == ["release"], within_s=15, what="The release's page")
    page.locator("vs-player [data-command=next]").first.click()
    until(lambda: _surfaces(product) == ["queue", "release"], within_s=15, what="The queue")

    assert set(said) == {"204 /surface"}
    page.goto("/account/listening")
    page.get_by_role("button", name="Stop counting, and delete my figures").click()
    expect(page.get_by_text("It ends now")).to_be_visible()


def _surfaces(product: Product) -> list[str]:
    async def kept(tx: Tx) -> list[str]:
        return await tx.values("SELECT surface FROM listen_reward.listen_surface ORDER BY surface")

    return _done(product, kept)


def test_a_fan_sees_what_they_paid_and_that_shares_are_not_offered(
    browser_for: Callable[..., BrowserContext], stage: Stage, shots: Path
):
    page = _page(browser_for, stage, "fan")
    page.goto("/account")
    page.get_by_role("link", name="See your portfolio").click()
    expect(page.get_by_role("heading", name="Shares of songs are not offered here yet")).to_be_visible()
    expect(page.get_by_role("table", name="Paid and earned")).to_contain_text("$25.00")
    look_in_both_languages(page, "portfolio", shots=shots, widths=DOWN_TO_SMALL)


def test_an_artist_sees_an_audience_and_an_operator_watches_rewards(
    browser_for: Callable[..., BrowserContext], product: Product, stage: Stage, shots: Path
):
    artist = _page(browser_for, stage, "artist")
    artist.goto("/studio")
    artist.get_by_role("link", name="Audience").click()
    expect(artist.get_by_role("heading", name="Nothing can be told yet")).to_be_visible()
    look_in_both_languages(artist, "audience-none", shots=shots, widths=DOWN_TO_SMALL)

    _done(product, _an_audience)
    artist.reload()
    expect(artist.get_by_role("heading", name="By song and day")).to_be_visible()
    expect(artist.get_by_role("img", name="By week.")).to_be_visible()
    artist.get_by_role("region", name="Weeks").get_by_role("link").nth(1).click()  # one that is whole
    for heading in ("What they started from", "Where they are", "How well they listened"):
        expect(artist.get_by_role("heading", name=heading)).to_be_visible()
    expect(artist.get_by_role("region", name="Where they are")).to_contain_text("Spain")
    look_in_both_languages(artist, "audience", shots=shots, widths=DOWN_TO_SMALL)

    _done(product, _an_attack)
    operator = _page(browser_for, stage, "admin")
    operator.goto("/operations")
    operator.get_by_role("link", name="Rewards and attacks").click()
    expect(operator.get_by_role("heading", name="What looks like an attack")).to_be_visible()
    expect(operator.get_by_role("table", name="Why listens did not count at once")).to_contain_text("rule.replayed")
    operator.wait_for_timeout(5_000)  # the worker grants what was accepted
    operator.get_by_role("link", name="Look again").click()
    expect(operator.get_by_role("table", name="Pools")).to_be_visible()
    expect(operator.get_by_role("table", name="What an attack costs and gains")).to_contain_text("farm_1000")
    look_in_both_languages(operator, "reward-figures", shots=shots, widths=DOWN_TO_SMALL)
