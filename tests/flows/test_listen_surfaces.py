"""What a listen was started from: kept of who consents, told in tens, forgotten when it was told, and nobody else's to say."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from tests.factories import heard
from tests.factories.heard import Played
from tests.factories.listen_reward import make_track, registered
from tests.factories.users import make_user
from vibestream.contexts.listen_reward.analytics import service as audience
from vibestream.contexts.listen_reward.analytics.personal import PERSONAL
from vibestream.contexts.listen_reward.analytics.service import Kind, ListenUnknown, Piece, Surface
from vibestream.contexts.user.notifications import service as notifications
from vibestream.flows import publish_audience
from vibestream.kernel.ids import ListenId, UserId, new_id
from vibestream.platform.database import Tx

WEEK = date(2026, 11, 16)
AT = datetime(2026, 11, 17, 9, tzinfo=UTC)
OVER = datetime(2026, 11, 23, 1, tzinfo=UTC)


async def kept(tx: Tx) -> list[str]:
    return await tx.values("SELECT surface FROM listen_reward.listen_surface ORDER BY surface")


async def fan(tx: Tx, *, agreeing: bool = True) -> UserId:
    made = (await make_user(tx)).user_id
    if agreeing:
        await heard.consent(tx, made)
    return made


async def test_what_the_player_says_is_kept_of_who_consents_and_the_first_word_counts(client_for, database):
    async with database.begin() as tx:
        song = await registered(tx, make_track())
        agrees, declines = await make_user(tx), await make_user(tx)
        await heard.consent(tx, agrees.user_id)
        mine, other = await heard.write(tx, [Played(one.user_id, song, AT) for one in (agrees, declines)])
    browser, silent = await client_for(agrees), await client_for(declines)

    assert (await browser.put(f"/api/v1/listens/{mine}/surface", json={"surface": "song"})).status_code == 204
    assert (await browser.put(f"/api/v1/listens/{mine}/surface", json={"surface": "queue"})).status_code == 204
    assert (await silent.put(f"/api/v1/listens/{other}/surface", json={"surface": "song"})).status_code == 204

    async with database.begin() as tx:
        assert await kept(tx) == ["song"]


@pytest.mark.parametrize("body", [{"surface": "search"}, {"surface": 1}, {}, {"surface": "song", "track_id": "1"}, []])
async def test_anything_else_is_refused(client_for, database, body: object):
    async with database.begin() as tx:
        song = await registered(tx, make_track())
        user = await make_user(tx)
        (mine,) = await heard.write(tx, [Played(user.user_id, song, AT)])

    assert (await (await client_for(user)).put(f"/api/v1/listens/{mine}/surface", json=body)).status_code == 422


async def test_of_somebody_elses_listen_nothing_is_said(client, client_for, database):
    async with database.begin() as tx:
        song = await registered(tx, make_track())
        owner, other = await make_user(tx), await make_user(tx)
        await heard.consent(tx, other.user_id)
        (listen,) = await heard.write(tx, [Played(owner.user_id, song, AT)])
    said = {"surface": "song"}

    assert (await (await client_for(other)).put(f"/api/v1/listens/{listen}/surface", json=said)).status_code == 404
    assert (await (await client_for(owner)).put(f"/api/v1/listens/{new_id()}/surface", json=said)).status_code == 404
    assert (await client.put(f"/api/v1/listens/{listen}/surface", json=said)).status_code == 401
    async with database.begin() as tx:
        assert await kept(tx) == []
        with pytest.raises(ListenUnknown):
            await audience.note_surface(tx, listen_id=listen, user_id=other.user_id, surface=Surface.SONG)


async def test_a_week_is_told_by_surface_and_by_the_country_of_the_clock_and_then_forgotten(tx: Tx):
    song = await registered(tx, make_track())
    people = [await fan(tx) for _ in range(24)]
    listens = await heard.write(tx, [Played(one, song, AT) for one in people])
    for n, (listen, one) in enumerate(zip(listens, people, strict=True)):
        surface = Surface.SONG if n < 14 else Surface.RELEASE
        await audience.note_surface(tx, listen_id=ListenId(listen), user_id=one, surface=surface)
        zone = "Europe/Madrid" if n < 12 else "America/Mexico_City"
        await notifications.choose_hours(tx, user_id=one, time_zone=zone, quiet_from="", quiet_until="")
    later = await heard.write(tx, [Played(people[0], song, AT + timedelta(days=7))])
    await audience.note_surface(tx, listen_id=later[0], user_id=people[0], surface=Surface.QUEUE)

    await publish_audience.publish_week(tx, week=WEEK, now=OVER)

    assert await audience.pieces_of(tx, artist_id=song.artist_id, week=WEEK) == [
        Piece(Kind.SURFACE, "release", 10, 10),
        Piece(Kind.SURFACE, "song", 10, 10),
        Piece(Kind.COUNTRY, "ES", 10, 10),
        Piece(Kind.COUNTRY, "MX", 10, 10),
    ]
    assert await kept(tx) == ["queue"]


async def test_who_withdrew_is_in_no_piece(tx: Tx):
    song = await registered(tx, make_track())
    people = [await fan(tx) for _ in range(20)]
    listens = await heard.write(tx, [Played(one, song, AT) for one in people])
    for n, (listen, one) in enumerate(zip(listens, people, strict=True)):
        surface = Surface.SONG if n < 10 else Surface.RELEASE
        await audience.note_surface(tx, listen_id=listen, user_id=one, surface=surface)
    await heard.withdraw(tx, people[0])

    await publish_audience.publish_week(tx, week=WEEK, now=OVER)

    assert await audience.pieces_of(tx, artist_id=song.artist_id, week=WEEK) == []


async def test_an_erasure_forgets_what_ones_listens_were_started_from(tx: Tx):
    song = await registered(tx, make_track())
    mine, other = [await fan(tx) for _ in range(2)]
    listens = await heard.write(tx, [Played(one, song, AT) for one in (mine, other)])
    await audience.note_surface(tx, listen_id=listens[0], user_id=mine, surface=Surface.SONG)
    await audience.note_surface(tx, listen_id=listens[1], user_id=other, surface=Surface.QUEUE)

    await PERSONAL.erase(tx, mine)

    assert await kept(tx) == ["queue"]
