"""Becoming an artist, and changing what is shown."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from tests.factories.users import MADE_AT, make_artist, make_user
from vibestream.contexts.user.access import service as access
from vibestream.contexts.user.access.service import Role
from vibestream.contexts.user.audit_log import service as audit_log
from vibestream.contexts.user.profiles import service
from vibestream.contexts.user.profiles.service import Link
from vibestream.kernel.ids import ArtistId, new_id
from vibestream.kernel.text import TextInvalid
from vibestream.platform.database import Database, Tx

DAY = timedelta(days=1)


async def announced(tx: Tx, artist_id: ArtistId) -> list[tuple[Any, ...]]:
    cursor = await tx.connection.execute(
        "SELECT type, data->>'artist_id', data->>'user_id', data->>'name', data->>'handle' FROM platform.outbox"
        " WHERE key = %s ORDER BY event_id",
        [str(artist_id)],
    )
    return await cursor.fetchall()


async def test_becoming_an_artist_makes_the_profile_grants_the_role_and_announces_it(tx: Tx):
    user = await make_user(tx)
    made = await service.become_artist(
        tx,
        user_id=user.user_id,
        name=" Ri\u0301o  Lento ",
        handle="@Rio-Lento",
        bio="One\r\n\r\n\r\ntwo",
        links=[("Site", "https://Example.org/")],
        now=MADE_AT,
    )
    assert made == service.ArtistProfile(
        artist_id=made.artist_id,
        user_id=user.user_id,
        name="Río Lento",
        handle="rio-lento",
        bio="One\n\ntwo",
        links=(Link("Site", "https://example.org/"),),
        created_at=MADE_AT,
        changed_at=MADE_AT,
    )
    assert await service.artist(tx, artist_id=made.artist_id) == made
    assert await service.artists_of(tx, user_id=user.user_id) == [made]
    assert await service.artists(tx, artist_ids=[made.artist_id, ArtistId(new_id())]) == {made.artist_id: made}
    assert await access.roles_of(tx, user_id=user.user_id) == {Role.ARTIST}
    (entry,) = await audit_log.entries_of(tx, user_id=user.user_id)
    assert (entry.action, entry.detail) == (audit_log.Action.ROLE_GRANTED, "artist")
    assert await announced(tx, made.artist_id) == [
        (
            "vibestream.user.artist_profile_created",
            str(made.artist_id),
            str(user.user_id),
            "Río Lento",
            "rio-lento",
        )
    ]


async def test_an_unverified_account_cannot_become_an_artist(tx: Tx):
    user = await make_user(tx, verified=False)
    with pytest.raises(service.NotVerified):
        await service.become_artist(tx, user_id=user.user_id, name="Río", handle="rio-lento", now=MADE_AT)
    assert await service.artists_of(tx, user_id=user.user_id) == []
    assert await access.roles_of(tx, user_id=user.user_id) == frozenset()


@pytest.mark.parametrize("handle", ["rio-lento", "RIO.LENTO", "ri0lent0", "rio_1ento"])
async def test_a_handle_that_is_taken_or_looks_like_it_is_refused(database: Database, handle: str):
    async with database.begin() as tx:
        await make_artist(tx, handle="rio-lento")
        user = await make_user(tx)
    with pytest.raises(service.HandleTaken):
        async with database.begin() as tx:
            await service.become_artist(tx, user_id=user.user_id, name="Río", handle=handle, now=MADE_AT)
    async with database.begin() as tx:
        assert await service.artists_of(tx, user_id=user.user_id) == []
        assert await access.roles_of(tx, user_id=user.user_id) == frozenset()
        assert await tx.value("SELECT count(*) FROM users.artist_handle") == 1


async def test_of_many_who_take_one_handle_at_once_exactly_one_has_it(database: Database):
    async with database.begin() as tx:
        users = [await make_user(tx) for _ in range(8)]

    async def take(user_id: Any, handle: str) -> str:
        try:
            async with database.begin() as tx:
                await service.become_artist(tx, user_id=user_id, name="Río", handle=handle, now=MADE_AT)
        except service.HandleTaken:
            return "taken"
        return "mine"

    spelled = ["rio-lento", "riolento", "ri0-lento", "Rio_Lento"] * 2
    outcomes = await asyncio.gather(*(take(user.user_id, one) for user, one in zip(users, spelled, strict=True)))
    assert sorted(outcomes) == ["mine"] + ["taken"] * 7
    async with database.begin() as tx:
        assert await tx.value("SELECT count(*) FROM users.artist_profile") == 1
        assert await tx.value("SELECT count(*) FROM platform.outbox") == 1


async def test_an_account_speaks_for_at_most_five_artists_even_when_it_asks_at_once(database: Database):
    async with database.begin() as tx:
        user = await make_user(tx)

    async def become(number: int) -> bool:
        try:
            async with database.begin() as tx:
                await service.become_artist(
                    tx, user_id=user.user_id, name="Río", handle=f"rio-nr-{number}", now=MADE_AT
                )
        except service.ArtistsExhausted:
            return False
        return True

    assert sum(await asyncio.gather(*(become(number) for number in range(2, 9)))) == 5


async def test_what_is_given_is_changed_and_the_rest_stays(tx: Tx):
    artist = await make_artist(tx, handle="rio-lento")
    later = MADE_AT + DAY
    changed = await service.change_artist(
        tx, artist_id=artist.artist_id, user_id=artist.user_id, now=later, bio="A band.", links=[("a", "https://a.org")]
    )
    assert (changed.name, changed.handle, changed.bio, changed.changed_at) == (
        "Río Lento",
        "rio-lento",
        "A band.",
        later,
    )
    assert len(await announced(tx, artist.artist_id)) == 1  # nothing that others keep has changed
    renamed = await service.change_artist(
        tx, artist_id=artist.artist_id, user_id=artist.user_id, now=later, name="Río Rápido", handle="rio-rapido"
    )
    assert (renamed.bio, len(renamed.links)) == ("A band.", 1)
    assert (await announced(tx, artist.artist_id))[1] == (
        "vibestream.user.artist_profile_changed",
        str(artist.artist_id),
        str(artist.user_id),
        "Río Rápido",
        "rio-rapido",
    )


async def test_changing_to_what_it_is_changes_and_announces_nothing(tx: Tx):
    artist = await make_artist(tx, handle="rio-lento", name="Río")
    same = await service.change_artist(
        tx, artist_id=artist.artist_id, user_id=artist.user_id, now=MADE_AT + DAY, name=" Río ", handle="@RIO-lento"
    )
    assert same.changed_at == MADE_AT
    assert len(await announced(tx, artist.artist_id)) == 1


async def test_nobody_changes_anothers_artist(tx: Tx):
    artist, other = await make_artist(tx), await make_artist(tx)
    for artist_id in (artist.artist_id, ArtistId(new_id())):
        with pytest.raises(service.ArtistMissing):
            await service.change_artist(tx, artist_id=artist_id, user_id=other.user_id, now=MADE_AT, name="Mine")
    assert (await service.artist(tx, artist_id=artist.artist_id)).name == "Río Lento"


async def test_a_former_handle_leads_to_its_artist_and_to_nobody_else(tx: Tx):
    artist, other = await make_artist(tx, handle="rio-lento"), await make_artist(tx)
    await service.change_artist(
        tx, artist_id=artist.artist_id, user_id=artist.user_id, now=MADE_AT + DAY, handle="rio-rapido"
    )
    for handle in ("rio-lento", "RIO-RAPIDO", "@rio_lento", "ri0-lento"):
        found = await service.artist_by_handle(tx, handle=handle)
        assert (found.artist_id, found.handle) == (artist.artist_id, "rio-rapido")
    with pytest.raises(service.HandleTaken):
        await service.change_artist(
            tx, artist_id=other.artist_id, user_id=other.user_id, now=MADE_AT + DAY, handle="rio-lento"
        )
    back = await service.change_artist(
        tx, artist_id=artist.artist_id, user_id=artist.user_id, now=MADE_AT + 2 * DAY, handle="rio.lento"
    )
    assert back.handle == "rio.lento"


@pytest.mark.parametrize("handle", ["nobody-here", "", "%", "_" * 5, "x" * 100_000, "ri\u043e-lento", "' OR 1=1 --"])
async def test_what_is_nobodys_handle_leads_nowhere(tx: Tx, handle: str):
    await make_artist(tx, handle="rio-lento")
    with pytest.raises(service.ArtistMissing):
        await service.artist_by_handle(tx, handle=handle)


async def test_three_handles_within_thirty_days_are_enough(database: Database):
    async with database.begin() as tx:
        artist = await make_artist(tx, handle="rio-1st")

    async def change(handle: str, days: int) -> None:
        async with database.begin() as tx:
            await service.change_artist(
                tx, artist_id=artist.artist_id, user_id=artist.user_id, now=MADE_AT + days * DAY, handle=handle
            )

    await change("rio-2nd", 1)
    await change("rio-3rd", 2)
    with pytest.raises(service.HandleChangesLimited) as refused:
        await change("rio-4th", 10)
    assert refused.value.retry_after_s == 20 * 86_400
    await change("rio-2nd", 10)  # back to one's own is no new handle
    await change("rio-4th", 30)
    async with database.begin() as tx:
        assert await tx.value("SELECT count(*) FROM users.artist_handle") == 4


@pytest.mark.parametrize("name", ["", " ", "x" * 81, "x" * 1_000_000, "Río\u202eotneL", "Río\x00"])
async def test_refuses_names_that_cannot_be_shown(tx: Tx, name: str):
    artist = await make_artist(tx)
    with pytest.raises(TextInvalid):
        await service.change_artist(tx, artist_id=artist.artist_id, user_id=artist.user_id, now=MADE_AT, name=name)
    with pytest.raises(TextInvalid):
        await service.change_fan(tx, user_id=artist.user_id, display_name=name)


async def test_a_fan_changes_name_language_and_theme(tx: Tx):
    user = await make_user(tx, display_name="Ana")
    assert await service.fan(tx, user_id=user.user_id) == service.FanProfile(
        user_id=user.user_id, display_name="Ana", locale="en", theme="system"
    )
    await service.change_fan(tx, user_id=user.user_id, locale="es", theme="dark")
    await service.change_fan(tx, user_id=user.user_id, display_name="Ana Ri\u0301o")
    assert await service.fan(tx, user_id=user.user_id) == service.FanProfile(
        user_id=user.user_id, display_name="Ana Río", locale="es", theme="dark"
    )
    for wrong in ({"locale": "xx"}, {"theme": "'; --"}):
        with pytest.raises(service.PreferenceInvalid):
            await service.change_fan(tx, user_id=user.user_id, **wrong)
