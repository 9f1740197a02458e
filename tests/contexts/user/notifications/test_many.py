"""Telling many people at once says to each what telling them one by one says."""

from __future__ import annotations

import asyncio
import json
import tracemalloc
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from tests.factories.users import MADE_AT, User, make_user
from vibestream.contexts.user.notifications import service
from vibestream.contexts.user.notifications.domain.kinds import Facts
from vibestream.contexts.user.notifications.invariants import INVARIANTS
from vibestream.contexts.user.notifications.service import Channel, Kind, Telling
from vibestream.contexts.user.notifications.service.telling import TOGETHER
from vibestream.kernel.ids import UserId, new_id
from vibestream.platform.database import Database, Tx
from vibestream.platform.live import CHANNEL

TIP: Facts = {"minor": 500, "currency": "EUR", "earned": "4.50 EUR"}
NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)


def tip(user: User, key: str) -> Telling:
    return Telling(user_id=user.user_id, key=key, facts=TIP)


async def people(tx: Tx, number: int) -> list[UserId]:
    made = [UserId(new_id()) for _ in range(number)]
    await tx.execute("INSERT INTO users.account SELECT unnest(%s::uuid[]), now()", [made])
    await tx.execute(
        "INSERT INTO users.address (user_id, email, lookup, verified_at)"
        " SELECT u, u::text || '@example.org', u::text || '@example.org', now() FROM unnest(%s::uuid[]) AS u",
        [made],
    )
    return made


async def numbers(tx: Tx, user: User) -> list[tuple[str, int | None, int]]:
    return await tx.rows(
        "SELECT key, seq, count FROM users.notification WHERE user_id = %s ORDER BY seq", [user.user_id]
    )


async def test_each_is_told_by_their_own_choices_hours_and_numbers(tx: Tx):
    ana, ben, eva = await make_user(tx), await make_user(tx), await make_user(tx)
    gone = UserId(new_id())
    await service.choose(tx, user_id=ben.user_id, kind=Kind.TIP_RECEIVED, channel=Channel.IN_APP, wanted=False)
    await service.choose(tx, user_id=eva.user_id, kind=Kind.TIP_RECEIVED, channel=Channel.EMAIL, wanted=False)
    await service.choose_hours(
        tx, user_id=ana.user_id, time_zone="Europe/Madrid", quiet_from="12:30", quiet_until="14:00"
    )
    await service.tell(tx, user_id=ana.user_id, kind=Kind.TIP_RECEIVED, key="before", facts=TIP, now=NOON)

    tellings = [tip(eva, "x"), tip(ana, "x"), Telling(user_id=gone, key="x", facts=TIP), tip(ben, "x")]
    assert await service.tell_many(tx, kind=Kind.TIP_RECEIVED, tellings=tellings, now=NOON) == 3

    assert await numbers(tx, ana) == [("before", 1, 1), ("x", 2, 1)]
    assert await numbers(tx, ben) == [("x", None, 1)]
    assert await numbers(tx, eva) == [("x", 1, 1)]
    mails = await tx.rows(
        "SELECT n.user_id, d.due_at, j.scheduled_at, j.args FROM users.notification n JOIN users.notification_delivery d"
        " USING (notification_id) JOIN jobs.procrastinate_jobs j ON j.args ->> 'delivery_id' = d.delivery_id::text"
        " WHERE n.key = 'x'"
    )
    # 13:00 in Madrid, quiet until 14:00 there: 13:00 UTC.
    assert {(row[0], row[1], row[2]) for row in mails} == {
        (ana.user_id, NOON + timedelta(hours=1), NOON + timedelta(hours=1)),
        (ben.user_id, NOON, None),
    }


async def test_the_same_fact_again_tells_only_whom_it_has_not(tx: Tx):
    ana, ben = await make_user(tx), await make_user(tx)
    assert await service.tell_many(tx, kind=Kind.TIP_RECEIVED, tellings=[tip(ana, "x")], now=NOON) == 1
    both = [tip(ana, "x"), tip(ben, "x")]
    assert await service.tell_many(tx, kind=Kind.TIP_RECEIVED, tellings=both, now=NOON) == 1

    assert await numbers(tx, ana) == [("x", 1, 1)]
    assert await numbers(tx, ben) == [("x", 1, 1)]
    assert await tx.value("SELECT count(*) FROM users.notification_delivery") == 2


async def test_whoever_is_told_several_things_is_told_them_in_their_order(tx: Tx):
    ana, ben = await make_user(tx), await make_user(tx)
    tellings = [tip(ana, "1"), tip(ben, "1"), tip(ana, "2"), tip(ana, "2"), tip(ana, "3")]
    assert await service.tell_many(tx, kind=Kind.TIP_RECEIVED, tellings=tellings, now=NOON) == 4

    assert await numbers(tx, ana) == [("1", 1, 1), ("2", 2, 1), ("3", 3, 1)]
    assert await service.unread(tx, user_id=ana.user_id) == 3


async def test_what_is_told_by_the_day_is_added_up_for_each_and_mailed_once(tx: Tx):
    ana, ben = await make_user(tx), await make_user(tx)

    def reward(user: User, minor: int, count: int = 1) -> Telling:
        facts: Facts = {"minor": minor, "currency": "VIBE"}
        return Telling(user_id=user.user_id, key="", facts=facts, count=count)

    rewards = [reward(ana, 5), reward(ben, 7), reward(ana, 11, count=2)]
    await service.tell_many(tx, kind=Kind.REWARD_PAID, tellings=rewards, now=NOON)
    [told] = await service.notifications_of(tx, user_id=ana.user_id, before=None, limit=9)
    await service.mark_all_read(tx, user_id=ana.user_id, up_to=told.seq or 0, now=NOON)
    await service.tell_many(tx, kind=Kind.REWARD_PAID, tellings=[reward(ana, 1)], now=NOON)

    [told] = await service.notifications_of(tx, user_id=ana.user_id, before=None, limit=9)
    assert (told.facts["minor"], told.count, told.seq, told.read_at) == (17, 4, 3, None)
    [other] = await service.notifications_of(tx, user_id=ben.user_id, before=None, limit=9)
    assert (other.facts["minor"], other.count, other.seq) == (7, 1, 1)
    assert (
        await tx.values("SELECT due_at FROM users.notification_delivery") == [datetime(2026, 12, 2, 9, tzinfo=UTC)] * 2
    )


async def test_nobody_to_tell_is_nothing(tx: Tx):
    assert await service.tell_many(tx, kind=Kind.TIP_RECEIVED, tellings=[], now=NOON) == 0
    gone = [Telling(user_id=UserId(new_id()), key="x", facts={"minor": 1, "currency": "VIBE"})]
    assert await service.tell_many(tx, kind=Kind.REWARD_PAID, tellings=gone, now=NOON) == 0
    assert await tx.value("SELECT count(*) FROM users.notification_inbox") == 0


@pytest.fixture
async def listening(database: Database) -> AsyncIterator[psycopg.AsyncConnection[Any]]:
    async with database.dedicated() as connection:
        await connection.execute(f"LISTEN {CHANNEL}")
        yield connection


async def test_open_pages_hear_each_their_own_in_few_notifications(database: Database, listening):
    async with database.begin() as tx:
        made = await people(tx, 300)
    async with database.begin() as tx:
        await service.tell_many(
            tx, kind=Kind.TIP_RECEIVED, tellings=[Telling(user_id=one, key="x", facts=TIP) for one in made], now=NOON
        )

    payloads = [heard.payload async for heard in listening.notifies(timeout=1)]
    heard = [one for payload in payloads for one in json.loads(payload)]
    assert len(payloads) <= 12
    assert all(len(payload.encode()) <= 7_900 for payload in payloads)
    assert sorted(one[0] for one in heard) == sorted(f"user:{one}" for one in made)
    assert {(one[1], json.loads(one[2])["unread"], one[3]) for one in heard} == {("notification.told", 1, 1)}


async def test_two_that_tell_the_same_people_at_once_wait_for_each_other_and_number_them_rightly(database: Database):
    async with database.begin() as tx:
        made = await people(tx, 60)

    async def one(key: str, order: list[UserId]) -> None:
        async with database.begin() as tx:
            tellings = [Telling(user_id=user_id, key=key, facts=TIP) for user_id in order]
            await service.tell_many(tx, kind=Kind.TIP_RECEIVED, tellings=tellings, now=NOON)

    keys = "abcabc"
    await asyncio.gather(*(one(key, made if at % 2 else made[::-1]) for at, key in enumerate(keys)))
    async with database.begin() as tx:
        rows = await tx.rows(
            "SELECT n.user_id, array_agg(n.seq ORDER BY n.seq), max(i.last_seq) FROM users.notification n"
            " JOIN users.notification_inbox i USING (user_id) GROUP BY n.user_id"
        )
        assert [(row[1], row[2]) for row in rows] == [([1, 2, 3], 3)] * 60
        for invariant in INVARIANTS[1:]:
            assert (await invariant.check(tx)).ok


async def test_memory_does_not_grow_with_how_many_are_told(tx: Tx):
    made = await people(tx, 4 * TOGETHER)

    async def peak(some: list[UserId], key: str) -> int:
        def stream() -> Iterator[Telling]:
            for user_id in some:
                yield Telling(user_id=user_id, key=key, facts=TIP)

        tracemalloc.start()
        try:
            assert await service.tell_many(tx, kind=Kind.TIP_RECEIVED, tellings=stream(), now=MADE_AT) == len(some)
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    await peak(made[:TOGETHER], "warm")
    assert await peak(made, "all") < 1.3 * await peak(made[:TOGETHER], "some")
