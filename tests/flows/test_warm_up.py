"""What new accounts earn waits as their epoch's policy says, and is decided once: paid, or lost with a case that was rejected."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from tests.contexts.listen_reward.scoring.test_service import listen_to
from tests.factories.bus import drain, registered
from tests.factories.listen_reward import GENEROUS, NOON, make_track
from tests.factories.listen_reward import registered as listenable
from tests.factories.pool_policies import approved
from vibestream.contexts.listen_reward.pools import service as pools
from vibestream.contexts.listen_reward.scoring.domain.cases import CaseState
from vibestream.contexts.listen_reward.warming import service as warming
from vibestream.contexts.listen_reward.warming.invariants import INVARIANTS
from vibestream.contexts.listen_reward.warming.personal import PERSONAL
from vibestream.flows import listen_to_reward
from vibestream.kernel.ids import HeldCaseId, ListenId, UserId, new_id
from vibestream.platform.database import Database
from vibestream.platform.events.subscriptions import Consumers

DAYS = 3
LATER = NOON + timedelta(days=DAYS)


async def heard(database: Database, fan: UserId, *, at: datetime = NOON) -> ListenId:
    async with database.begin() as tx:
        track = await listenable(tx, make_track())
        listen = await listen_to(tx, track, by=fan, at=at)
    consumers = await registered(database, Consumers(listen_to_reward.SUBSCRIPTIONS))
    await drain(database, consumers)
    return listen.listen_id


async def rewards(database: Database) -> list[dict[str, Any]]:
    async with database.begin() as tx:
        return await tx.all(
            dict[str, Any], "SELECT listen_id, epoch, outcome FROM listen_reward.reward ORDER BY epoch, listen_id"
        )


async def release(database: Database, *, now: datetime) -> int:
    async with database.begin() as tx:
        return await listen_to_reward.release_waiting(tx, policy=GENEROUS, now=now)


async def case_of(database: Database, fan: UserId, *, state: str, decided_at: datetime | None = None) -> None:
    async with database.begin() as tx:
        await tx.execute(
            "INSERT INTO listen_reward.held_case (case_id, user_id, opened_at, due_at, state, decided_at, decided_by, note)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
            [
                *(HeldCaseId(new_id()), fan, NOON, NOON + timedelta(days=9), state, decided_at),
                *((new_id(), "Seen") if decided_at else (None, None)),
            ],
        )


async def are_sound(database: Database) -> list[bool]:
    async with database.begin() as tx:
        return [(await one.check(tx)).ok for one in INVARIANTS]


async def test_what_a_new_account_hears_waits_and_is_of_the_day_on_which_it_is_let_go(database: Database):
    await approved(database, warm_up_days=DAYS)
    fan = UserId(new_id())
    listen = await heard(database, fan)
    assert await rewards(database) == []
    async with database.begin() as tx:
        total = await warming.waiting_of(tx, user_id=fan)
    assert total is not None
    assert total.listens == 1
    assert (
        LATER < total.due_at < LATER + timedelta(minutes=1)
    )  # three days after it was accepted, forty seconds past noon

    assert await release(database, now=LATER - timedelta(seconds=1)) == 0
    assert await release(database, now=LATER + timedelta(minutes=1)) == 1
    assert await release(database, now=LATER + timedelta(minutes=2)) == 0

    assert await rewards(database) == [{"listen_id": listen, "epoch": LATER.date(), "outcome": "weighed"}]
    async with database.begin() as tx:
        assert await warming.waiting_of(tx, user_id=fan) is None
    assert await are_sound(database) == [True, True]


async def test_without_a_policy_an_account_is_new_for_as_long_as_held_when_the_day_was_opened(database: Database):
    async with database.begin() as tx:
        await pools.open_epochs(tx, policy=replace(GENEROUS, warm_up_days=DAYS), now=NOON)
        await pools.open_epochs(tx, policy=GENEROUS, now=NOON)  # as after a change of the settings
    fan = UserId(new_id())
    listen = await heard(database, fan)

    assert await rewards(database) == []
    assert await release(database, now=LATER + timedelta(minutes=1)) == 1
    assert await rewards(database) == [{"listen_id": listen, "epoch": LATER.date(), "outcome": "granted"}]
    assert await are_sound(database) == [True, True]


async def test_an_account_that_is_old_enough_and_an_epoch_without_a_warm_up_wait_for_nothing(database: Database):
    await approved(database, warm_up_days=DAYS)
    fan = UserId(new_id())
    await heard(database, fan)
    late = await heard(database, fan, at=LATER + timedelta(hours=1))
    before = await heard(database, UserId(new_id()), at=NOON - timedelta(days=4))  # the policy began on the day of noon

    assert [one["listen_id"] for one in await rewards(database)] == [before, late]


async def test_while_a_person_looks_it_waits_and_when_they_reject_it_is_lost(database: Database):
    await approved(database, warm_up_days=DAYS)
    watched, refused = UserId(new_id()), UserId(new_id())
    for one in (watched, refused):
        await heard(database, one)
    await case_of(database, watched, state="open")
    await case_of(database, refused, state="rejected", decided_at=NOON + timedelta(days=1))

    assert await release(database, now=LATER + timedelta(minutes=1)) == 1
    assert await rewards(database) == []
    assert await are_sound(database) == [True, True]

    async with database.begin() as tx:
        await tx.execute(
            "UPDATE listen_reward.held_case SET state = %s, decided_at = %s, decided_by = %s, note = 'Fine' WHERE user_id = %s",
            [CaseState.RELEASED.value, NOON + timedelta(days=4), new_id(), watched],
        )
    assert await release(database, now=LATER + timedelta(days=2)) == 1
    assert len(await rewards(database)) == 1


async def test_a_case_that_was_rejected_before_it_listened_anew_costs_nothing_now(database: Database):
    await approved(database, warm_up_days=DAYS)
    fan = UserId(new_id())
    await case_of(database, fan, state="rejected", decided_at=NOON - timedelta(days=60))
    await heard(database, fan)

    await release(database, now=LATER + timedelta(minutes=1))

    assert len(await rewards(database)) == 1


async def test_told_twice_and_let_go_by_two_workers_it_is_decided_once(database: Database):
    await approved(database, warm_up_days=DAYS)
    fan = UserId(new_id())
    await heard(database, fan)
    async with database.begin() as tx:
        (row,) = await tx.rows(
            "SELECT listen_id, user_id, owner_user_id, track_id, accepted_at, heard_s FROM listen_reward.warming"
        )
        assert await warming.hold_back(tx, accepted=[warming.Heard(*row)]) == []

    found = await asyncio.gather(*(release(database, now=LATER + timedelta(minutes=1)) for _ in range(4)))

    assert sorted(found) == [0, 0, 0, 1]
    assert len(await rewards(database)) == 1


async def test_a_copy_holds_what_waits_and_an_erasure_deletes_it(database: Database):
    await approved(database, warm_up_days=DAYS)
    fan, other = UserId(new_id()), UserId(new_id())
    listen = await heard(database, fan)
    await heard(database, other)

    async with database.begin() as tx:
        (record,) = [dict(one) for one in await PERSONAL.export(tx, fan)]
        assert (record["listen_id"], record["paid"]) == (str(listen), None)
        await PERSONAL.erase(tx, fan)
        assert await warming.waiting_of(tx, user_id=fan) is None
        assert await warming.waiting_of(tx, user_id=other) is not None
    assert await release(database, now=LATER + timedelta(minutes=1)) == 1


async def test_what_is_forgotten_to_be_let_go_is_found(database: Database):
    await approved(database, warm_up_days=DAYS)
    await heard(database, UserId(new_id()))
    # NOON lies months back, so by the clock of the audit it is overdue.
    assert await are_sound(database) == [False, True]
