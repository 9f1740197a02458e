"""One's own figures and artists' audiences over HTTP: what was agreed to, what was published, and nobody else's."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.factories import heard
from tests.factories.heard import Played
from tests.factories.teams import dropped_from, member_of
from tests.factories.users import make_user
from tests.http_client import ClientFor
from tests.web.pages.test_audience import WEEK, publish, published
from tests.web.pages.test_listening import rows_of, song
from vibestream.contexts.user.consents.domain import VERSIONS
from vibestream.contexts.user.consents.service import Purpose
from vibestream.contexts.user.teams.service import TeamRole
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Database

OWN = "/api/v1/me/listening"
VERSION = VERSIONS[Purpose.ANALYTICS]


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def test_figures_are_ones_own_and_only_while_one_agrees(client_for: ClientFor, database: Database):
    now = utc_now()
    async with database.begin() as tx:
        ana, eve = await make_user(tx), await make_user(tx)
        nebula = await song(tx)
        listens = [Played(ana.user_id, nebula, now - timedelta(hours=n), heard_ms=180_000) for n in (30, 5, 4)]
        await heard.write(tx, [*listens, Played(eve.user_id, await song(tx, "Only Eve's"), now)])
    fan, other = await client_for(ana), await client_for(eve)
    before = (await fan.get(OWN)).json()
    assert (before["agreed"], before["figures"], before["years"]) == (False, None, [])
    assert await rows_of(database, ana.user_id) == 0

    assert code(await fan.put(OWN, json={"version": VERSION + 1})) == (409, "consent.text_changed")
    assert await rows_of(database, ana.user_id) == 0
    assert (await fan.put(OWN, json={"version": VERSION})).status_code == 204
    told = (await fan.get(OWN)).json()
    figures = told["figures"]
    assert (told["agreed"], told["time_zone"], figures["total"]) == (True, "UTC", {"listens": 3, "heard_ms": 540_000})
    assert [(one["title"], one["listens"]) for one in figures["top_tracks"]] == [("1 Nebula", 3)]
    assert (len(figures["hours"]), len(figures["weekdays"]), figures["songs"]) == (24, 7, 1)
    assert sum(one["listens"] for one in figures["days"]) == 3
    assert (await fan.get(OWN, params={"year": 2001})).json()["figures"]["total"] == {"listens": 0, "heard_ms": 0}
    assert (await fan.get(OWN, params={"year": 99_999})).status_code == 422
    assert (await other.get(OWN)).json()["figures"] is None

    for _ in range(2):
        assert (await fan.delete(OWN)).status_code == 204
    assert await rows_of(database, ana.user_id) == 0
    assert (await fan.get(OWN)).json()["agreed"] is False


async def test_an_audience_is_as_it_was_published_for_its_artist_and_the_team(
    client_for: ClientFor, database: Database
):
    async with database.begin() as tx:
        music, owner = await published(tx, listeners=17, listens=2)
        _, stranger = await published(tx, listeners=0)
        await publish(tx)
        analyst, artist_id = await make_user(tx), music.artist.artist_id
    path = f"/api/v1/studio/artists/{artist_id}/audience"
    artist, member, other = [await client_for(one) for one in (owner, analyst, stranger)]
    weeks = (await artist.get(path)).json()
    assert weeks == {"items": [{"week": str(WEEK), "listens": 30, "listeners": 10}], "fewest": 10}
    told = (await artist.get(f"{path}/{WEEK}")).json()
    [part] = told["parts"]
    assert (told["listeners"], part["listens"], part["listeners"], part["heard_percent"]) == (10, 30, 10, 75)
    assert (part["title"], part["day"]) == (music.release.tracks[0].title, "2026-11-11")
    for client in (member, other):
        for place in (path, f"{path}/{WEEK}"):
            assert code(await client.get(place)) == (404, "profile.artist_missing")
    async with database.begin() as tx:
        await member_of(tx, artist_id, owner.user_id, analyst, TeamRole.ANALYST)
    assert [(await member.get(place)).json() for place in (path, f"{path}/{WEEK}")] == [weeks, told]
    async with database.begin() as tx:
        await dropped_from(tx, artist_id, owner.user_id, analyst)
    assert code(await member.get(path)) == (404, "profile.artist_missing")


async def test_of_nine_listeners_nothing_is_told(client_for: ClientFor, database: Database):
    async with database.begin() as tx:
        music, owner = await published(tx, listeners=9, listens=5)
        await publish(tx)
    artist, path = await client_for(owner), f"/api/v1/studio/artists/{music.artist.artist_id}/audience"
    assert (await artist.get(path)).json()["items"] == []
    for week in (WEEK, "1999-01-04"):
        nothing = {"week": str(week), "listeners": 0, "parts": [], "pieces": []}
        assert (await artist.get(f"{path}/{week}")).json() == nothing
    assert (await artist.get(f"{path}/no-day")).status_code == 422
