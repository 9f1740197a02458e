"""What a token opens, and until when."""

from __future__ import annotations

import asyncio
import hashlib
from datetime import timedelta

import pytest

from tests.factories.users import DEVICE, MADE_AT, make_artist, make_user, open_session
from vibestream.contexts.user.access import service as access
from vibestream.contexts.user.access.service import Role
from vibestream.contexts.user.sessions import service
from vibestream.contexts.user.sessions.retention import RULES
from vibestream.contexts.user.ways_in import service as ways_in
from vibestream.kernel.ids import SessionId, new_id
from vibestream.platform.access import Principal
from vibestream.platform.database import Database, Tx

SECOND = timedelta(seconds=1)


async def who(tx: Tx, token: str, *, after: timedelta = timedelta(0)) -> Principal | None:
    return await service.authenticate(tx, token=token, now=MADE_AT + after)


async def test_a_token_stands_for_its_account_with_the_roles_it_holds_now(tx: Tx):
    artist = await make_artist(tx)
    opened = await open_session(tx, artist, now=MADE_AT)
    assert await who(tx, opened.token) == Principal(
        artist.user_id, opened.session_id, frozenset({"fan", "artist"}), "Río Lento", "en", MADE_AT
    )
    await access.revoke_role(tx, user_id=artist.user_id, role=Role.ARTIST, revoked_by=None, now=MADE_AT)
    found = await who(tx, opened.token)
    assert found is not None
    assert found.roles == {"fan"}


async def test_only_the_hash_of_a_token_is_stored(tx: Tx):
    opened = await open_session(tx, await make_user(tx), now=MADE_AT)
    stored = await tx.value("SELECT token_hash FROM users.session WHERE session_id = %s", [opened.session_id])
    assert stored == hashlib.sha256(opened.token.encode()).digest()
    row = await tx.value("SELECT s::text FROM users.session s WHERE session_id = %s", [opened.session_id])
    assert opened.token not in row
    assert len(opened.token) == 43


@pytest.mark.parametrize("forged", ["", "%", "_" * 43, "x" * 1_000_000, "' OR true --", "\x00" * 43, "ß" * 43])
async def test_nothing_else_opens_anything(tx: Tx, forged: str):
    await open_session(tx, await make_user(tx), now=MADE_AT)
    assert await who(tx, forged) is None


async def test_an_unused_session_ends_after_14_days(tx: Tx):
    opened = await open_session(tx, await make_user(tx), now=MADE_AT)
    assert await who(tx, opened.token, after=timedelta(days=14)) is None
    assert await who(tx, opened.token, after=timedelta(days=14) - SECOND) is not None
    # it was used just now, so it lives on
    assert await who(tx, opened.token, after=timedelta(days=27)) is not None


async def test_a_session_in_daily_use_ends_after_90_days(tx: Tx):
    opened = await open_session(tx, await make_user(tx), now=MADE_AT)
    assert opened.expires_at == MADE_AT + timedelta(days=90)
    for day in range(90):
        assert await who(tx, opened.token, after=timedelta(days=day)) is not None
    assert await who(tx, opened.token, after=timedelta(days=90)) is None


async def test_an_admins_session_ends_after_30_idle_minutes_and_after_12_hours(tx: Tx):
    admin = await make_user(tx, roles=["admin"])
    idle = await open_session(tx, admin, now=MADE_AT)
    assert await who(tx, idle.token, after=timedelta(minutes=30)) is None
    busy = await open_session(tx, admin, now=MADE_AT)
    for minutes in range(0, 12 * 60, 20):
        assert await who(tx, busy.token, after=timedelta(minutes=minutes)) is not None
    assert await who(tx, busy.token, after=timedelta(hours=12)) is None


async def test_becoming_an_admin_ends_the_sessions_that_lived_longer(tx: Tx):
    user = await make_user(tx)
    before = await open_session(tx, user, now=MADE_AT)
    await access.grant_role(tx, user_id=user.user_id, role=Role.ADMIN, granted_by=None, now=MADE_AT)
    assert await who(tx, before.token) is None


async def test_use_is_noted_at_most_once_a_minute(tx: Tx):
    opened = await open_session(tx, await make_user(tx), now=MADE_AT)

    async def last_seen() -> timedelta:
        seen = await tx.value("SELECT last_seen_at FROM users.session WHERE session_id = %s", [opened.session_id])
        return timedelta(seconds=(seen - MADE_AT).total_seconds())

    for seconds, noted in ((0, 0), (59, 0), (60, 60), (119, 60), (121, 121)):
        await who(tx, opened.token, after=timedelta(seconds=seconds))
        assert await last_seen() == timedelta(seconds=noted)


async def test_noting_use_never_waits_for_another_request_of_the_same_session(database: Database):
    async with database.begin() as tx:
        opened = await open_session(tx, await make_user(tx), now=MADE_AT)
    async with database.begin() as slow, database.begin() as quick:
        assert await who(slow, opened.token, after=timedelta(hours=1)) is not None  # holds the row
        async with asyncio.timeout(5):
            assert await who(quick, opened.token, after=timedelta(hours=1)) is not None


async def test_the_token_that_a_browser_came_with_is_ended_and_never_taken_over(tx: Tx):
    """Session fixation: an attacker who plants their own token in a browser holds nothing once it signs in."""
    attacker, victim = await make_user(tx), await make_user(tx)
    planted = await open_session(tx, attacker, now=MADE_AT)
    in_round = await ways_in.begin(tx, user_id=victim.user_id)
    opened = await service.open_session(
        tx, user_id=victim.user_id, in_round=in_round, device=DEVICE, now=MADE_AT, replaces=planted.token
    )
    assert opened.token != planted.token
    assert opened.session_id != planted.session_id
    assert await who(tx, planted.token) is None
    chosen = "A" * 43
    fresh = await service.open_session(
        tx, user_id=victim.user_id, in_round=in_round, device=DEVICE, now=MADE_AT, replaces=chosen
    )
    assert fresh.token != chosen
    assert await who(tx, chosen) is None


async def test_lists_the_open_sessions_newest_first(tx: Tx):
    user = await make_user(tx)
    first = await open_session(tx, user, now=MADE_AT)
    second = await open_session(tx, user, now=MADE_AT + timedelta(hours=1))
    ended = await open_session(tx, user, now=MADE_AT)
    await open_session(tx, await make_user(tx), now=MADE_AT)
    await service.end(tx, user_id=user.user_id, session_id=ended.session_id, now=MADE_AT)
    listed = await service.sessions_of(tx, user_id=user.user_id, now=MADE_AT + timedelta(hours=2))
    assert [session.session_id for session in listed] == [second.session_id, first.session_id]
    assert (listed[0].device, listed[0].created_at) == (DEVICE, MADE_AT + timedelta(hours=1))
    # the first was last used at nine, the second at ten
    a_fortnight_later = MADE_AT + timedelta(days=14, minutes=30)
    still = await service.sessions_of(tx, user_id=user.user_id, now=a_fortnight_later)
    assert [session.session_id for session in still] == [second.session_id]


async def test_an_ended_session_opens_nothing_and_cannot_be_ended_again(tx: Tx):
    user = await make_user(tx)
    opened = await open_session(tx, user, now=MADE_AT)
    await service.end(tx, user_id=user.user_id, session_id=opened.session_id, now=MADE_AT)
    assert await who(tx, opened.token) is None
    with pytest.raises(service.SessionMissing):
        await service.end(tx, user_id=user.user_id, session_id=opened.session_id, now=MADE_AT)


async def test_nobody_can_end_anothers_session(tx: Tx):
    opened = await open_session(tx, await make_user(tx), now=MADE_AT)
    other = await make_user(tx)
    for session_id in (opened.session_id, SessionId(new_id())):
        with pytest.raises(service.SessionMissing):
            await service.end(tx, user_id=other.user_id, session_id=session_id, now=MADE_AT)
    assert await who(tx, opened.token) is not None


async def test_ends_every_session_but_the_one_in_use(tx: Tx):
    user = await make_user(tx)
    mine, other, third = [await open_session(tx, user, now=MADE_AT) for _ in range(3)]
    elsewhere = await open_session(tx, await make_user(tx), now=MADE_AT)
    assert await service.end_all(tx, user_id=user.user_id, but=mine.session_id, now=MADE_AT) == 2
    assert [await who(tx, one.token) is not None for one in (mine, other, third, elsewhere)] == [
        True,
        False,
        False,
        True,
    ]
    assert await service.end_all(tx, user_id=user.user_id, now=MADE_AT) == 1


async def test_expired_sessions_are_dropped_after_thirty_days(tx: Tx):
    opened = await open_session(tx, await make_user(tx), now=MADE_AT)
    (rule,) = RULES
    assert rule.kept == timedelta(days=30)
    assert await rule.drop(tx, before=opened.expires_at, most=10) == 0
    assert await rule.drop(tx, before=opened.expires_at + timedelta(seconds=1), most=10) == 1


async def test_a_session_is_found_by_one_index(database: Database, owner_dsn: str):
    async with database.begin() as tx:
        await tx.execute("SET LOCAL enable_seqscan = off")
        plan = await tx.all(
            lambda **row: next(iter(row.values())),
            "EXPLAIN SELECT s.user_id FROM users.session s JOIN users.fan_profile p USING (user_id)"
            " WHERE s.token_hash = %s AND s.ended_at IS NULL",
            [b"x" * 32],
        )
    assert any("session_token_hash_key" in line for line in plan)
