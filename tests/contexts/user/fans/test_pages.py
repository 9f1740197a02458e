"""Pages are there for whom their owners let see them; a handle is one person's, whatever it is for."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.contexts.user.fans.conftest import CLOSED, OPEN, make_fan
from tests.factories.users import MADE_AT, make_artist, make_user
from vibestream.contexts.user.fans import service as fans
from vibestream.contexts.user.fans.personal import PERSONAL
from vibestream.contexts.user.fans.service import Badge, FanMissing
from vibestream.contexts.user.profiles import service as profiles
from vibestream.contexts.user.profiles.personal import PERSONAL as PROFILES
from vibestream.contexts.user.profiles.service import HandleChangesLimited, HandleInvalid, HandleTaken, NotVerified
from vibestream.kernel.ids import UserId
from vibestream.platform.database import Database, Tx

DAY = timedelta(days=1)


async def saves(tx: Tx, user_id: UserId, handle: str, **changes: object) -> str:
    given = {"about": "", "taste": "", "switches": OPEN, "now": MADE_AT, **changes}
    return (await fans.save_page(tx, user_id=user_id, handle=handle, **given)).handle  # type: ignore[arg-type]


async def test_nobody_has_a_page_before_they_chose_a_handle(tx: Tx):
    user = await make_user(tx)
    assert await fans.own_page(tx, user_id=user.user_id) is None


async def test_an_open_page_is_seen_by_anybody_as_its_switches_say(tx: Tx):
    owner, handle = await make_fan(tx)
    await make_artist(tx, user=owner)
    other, other_handle = await make_fan(tx)
    await fans.follow(tx, user_id=owner.user_id, handle=other_handle, now=MADE_AT)

    page = await fans.seen(tx, handle=f"@{handle.upper()}", viewer=None)
    view = await fans.page_of(tx, page=page, viewer=None)
    assert (view.page.about, view.taste, view.badges) == ("I listen.", ("dub", "nova"), (Badge.ARTIST,))
    assert [one.handle for one in view.people] == [other_handle]
    assert (view.followers, view.own, view.following) == (0, False, False)

    await saves(tx, owner.user_id, handle, switches=replace(OPEN, shows_follows=False, shows_taste=False), taste="dub")
    view = await fans.page_of(tx, page=await fans.seen(tx, handle=handle, viewer=other.user_id), viewer=other.user_id)
    assert (view.taste, view.people, view.artists, view.followers) == ((), (), (), None)


async def test_a_closed_page_is_there_for_its_owner_alone(tx: Tx):
    owner, handle = await make_fan(tx, switches=CLOSED)
    other = await make_user(tx, roles=["admin"])
    for viewer in (None, other.user_id):
        with pytest.raises(FanMissing):
            await fans.seen(tx, handle=handle, viewer=viewer)
    with pytest.raises(FanMissing):
        await fans.follow(tx, user_id=other.user_id, handle=handle, now=MADE_AT)
    with pytest.raises(FanMissing):
        await fans.block(tx, user_id=other.user_id, handle=handle, now=MADE_AT)
    assert (await fans.seen(tx, handle=handle, viewer=owner.user_id)).user_id == owner.user_id


async def test_a_page_that_closes_leaves_every_list(tx: Tx):
    owner, handle = await make_fan(tx)
    reader, reader_handle = await make_fan(tx)
    await fans.follow(tx, user_id=reader.user_id, handle=handle, now=MADE_AT)
    await saves(tx, owner.user_id, handle, switches=CLOSED)
    page = await fans.seen(tx, handle=reader_handle, viewer=reader.user_id)
    assert (await fans.page_of(tx, page=page, viewer=reader.user_id)).people == ()


async def test_a_hidden_page_is_there_for_its_owner_alone_and_saving_does_not_show_it_again(tx: Tx):
    owner, handle = await make_fan(tx)
    await tx.execute("UPDATE users.fan_page SET hidden = true WHERE user_id = %s", [owner.user_id])
    await saves(tx, owner.user_id, handle)
    with pytest.raises(FanMissing):
        await fans.seen(tx, handle=handle, viewer=None)
    assert (await fans.seen(tx, handle=handle, viewer=owner.user_id)).hidden


async def test_a_former_handle_leads_to_its_owner_and_nobody_else_takes_it(tx: Tx):
    owner, handle = await make_fan(tx)
    await saves(tx, owner.user_id, "vela.nueva")
    assert (await fans.seen(tx, handle=handle, viewer=None)).handle == "vela.nueva"
    thief = await make_user(tx)
    with pytest.raises(HandleTaken):
        await saves(tx, thief.user_id, handle)
    assert await saves(tx, owner.user_id, handle) == handle


async def test_a_closed_page_is_not_told_of_by_its_former_handle(tx: Tx):
    owner, handle = await make_fan(tx)
    await saves(tx, owner.user_id, "vela.nueva", switches=CLOSED)
    with pytest.raises(FanMissing):
        await fans.seen(tx, handle=handle, viewer=None)


@pytest.mark.parametrize("handle", ["rio-lento", "RIO.LENTO", "ri0lent0", "@rio_1ento", "\uff52io-lento"])
async def test_a_fan_does_not_pass_for_an_artist(tx: Tx, handle: str):
    await make_artist(tx, handle="rio-lento")
    with pytest.raises(HandleTaken):
        await make_fan(tx, handle=handle)


async def test_an_artist_does_not_pass_for_a_fan(tx: Tx):
    await make_fan(tx, handle="rio-lento")
    with pytest.raises(HandleTaken):
        await make_artist(tx, handle="ri0.lento")


async def test_somebody_has_one_handle_for_their_page_and_their_artist(tx: Tx):
    artist = await make_artist(tx, handle="rio-lento")
    assert await saves(tx, artist.user_id, "rio-lento") == "rio-lento"


@pytest.mark.parametrize("handle", ["admin", "vibestr3am"[:4] + "stream", "m0derator", "рио", "río", "a", "-ab", "a..b", "rio%", "a\u0301bc"])  # fmt: skip
async def test_other_scripts_reserved_words_and_the_malformed_are_refused(tx: Tx, handle: str):
    user = await make_user(tx)
    with pytest.raises(HandleInvalid):
        await saves(tx, user.user_id, handle)


async def test_three_handles_a_month_are_enough(tx: Tx):
    user = await make_user(tx)
    for number in range(3):
        await saves(tx, user.user_id, f"vela-{number}x", now=MADE_AT + number * DAY)
    with pytest.raises(HandleChangesLimited) as refused:
        await saves(tx, user.user_id, "vela-9x", now=MADE_AT + 3 * DAY)
    assert refused.value.retry_after_s == 27 * 86_400


async def test_who_has_no_proved_address_has_no_page(tx: Tx):
    user = await make_user(tx, verified=False)
    with pytest.raises(NotVerified):
        await saves(tx, user.user_id, "vela-uno")


async def test_of_many_who_take_look_alikes_at_once_one_has_it(database: Database):
    async with database.begin() as tx:
        people = [await make_user(tx) for _ in range(6)]

    async def takes(number: int, user_id: UserId) -> bool:
        try:
            async with database.begin() as tx:
                if number % 2:
                    await profiles.become_artist(tx, user_id=user_id, name="Vela", handle="ve1a.roja", now=MADE_AT)
                else:
                    await saves(tx, user_id, "vela-r0ja")
        except HandleTaken:
            return False
        return True

    assert sum(await asyncio.gather(*(takes(n, one.user_id) for n, one in enumerate(people)))) == 1


async def test_the_handle_of_somebody_who_left_rests_a_year(tx: Tx):
    owner, handle = await make_fan(tx, handle="vela.roja")
    await make_artist(tx, user=owner, handle="vela-azul")
    for _ in range(2):
        await PERSONAL.erase(tx, owner.user_id)
        await PROFILES.erase(tx, owner.user_id)
    now = await tx.value("SELECT now()")
    thief = await make_user(tx)
    for taken in (handle, "ve1a.azul"):
        with pytest.raises(HandleTaken):
            async with tx.savepoint():
                await saves(tx, thief.user_id, taken, now=now + 364 * DAY)
    assert await saves(tx, thief.user_id, handle, now=now + 367 * DAY) == handle
    assert await tx.values("SELECT skeleton FROM users.handle_holder WHERE user_id = %s", [owner.user_id]) == []
