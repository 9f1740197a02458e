"""When the whole installation is attacked, by a virtual clock: when that begins, how long it holds, and how it ends."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import pytest

from tests.factories.users import MADE_AT
from vibestream.contexts.user.attacks import service
from vibestream.contexts.user.attacks.domain import BURST, TRICKLE, Count, is_attack
from vibestream.contexts.user.attacks.jobs import ATTACKED, probe
from vibestream.contexts.user.audit_log import service as audit_log
from vibestream.contexts.user.audit_log.service import Action
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Database, Tx

NOON = MADE_AT.replace(hour=12)


async def wrong(tx: Tx, many: int, *, now: datetime = NOON, every: timedelta = timedelta()) -> datetime:
    """So many wrong passwords, each guarded when an attack is held; return when the last one was."""
    for number in range(many):
        at = now + every * number
        await service.refused(tx, guarded=await service.is_attacked(tx, now=at), now=at)
    return now + every * (many - 1)


@pytest.mark.parametrize(
    ("refused", "let_in", "attack"),
    [(99, 0, False), (100, 0, True), (100, 99, True), (100, 100, False), (5_000, 5_000, False), (5_001, 5_000, True)],
)
def test_an_attack_is_many_that_are_wrong_and_more_than_are_let_in(refused: int, let_in: int, attack: bool):
    assert is_attack(Count(refused, let_in), BURST) is attack


async def test_the_hundredth_within_ten_minutes_begins_it_and_is_told_once(tx: Tx):
    await wrong(tx, 99)
    assert not await service.is_attacked(tx, now=NOON)
    await wrong(tx, 1)
    assert await service.is_attacked(tx, now=NOON)
    await wrong(tx, 500)
    lines = await audit_log.search(tx, action=Action.ATTACK_BEGAN)
    assert [(one.entry.user_id, one.entry.at) for one in lines] == [(None, NOON)]


async def test_a_day_with_people_who_mistype_and_get_in_is_none(tx: Tx):
    for _ in range(1_000):
        await service.let_in(tx, now=NOON)
    await wrong(tx, 1_000)
    assert not await service.is_attacked(tx, now=NOON)
    await wrong(tx, 1)
    assert await service.is_attacked(tx, now=NOON)


async def test_it_holds_for_an_hour_from_its_last_sign_and_its_end_is_noted_once(tx: Tx):
    last = await wrong(tx, 960, every=timedelta(seconds=5))  # eight times ten minutes
    over = last + BURST.holds
    assert await service.is_attacked(tx, now=over - timedelta(seconds=1))
    assert not await service.is_attacked(tx, now=over)
    assert await service.note_end(tx, now=over - timedelta(seconds=1)) is None
    ended = await service.note_end(tx, now=over)
    assert ended is not None
    assert ended.until == over
    assert await service.note_end(tx, now=over) is None
    lines = await audit_log.search(tx, action=Action.ATTACK_ENDED)
    assert [one.entry.detail for one in lines] == [f"began {ended.began_at:%Y-%m-%d %H:%M}"]


async def test_whoever_stops_and_begins_again_has_no_more_guesses_than_a_trickle(tx: Tx):
    """A hundred in a moment, then a pause of as long as it holds, again and again, for three days."""
    unguarded, at = [], NOON
    while at < NOON + timedelta(days=3):
        for _ in range(100):
            guarded = await service.is_attacked(tx, now=at)
            unguarded += [] if guarded else [at]
            await service.refused(tx, guarded=guarded, now=at)
        at += BURST.holds + timedelta(minutes=1)
    worst = max(sum(one <= other < one + timedelta(days=1) for other in unguarded) for one in unguarded[::50])
    assert worst == TRICKLE.least


async def test_the_next_attack_is_another(tx: Tx):
    await wrong(tx, 100)
    await service.note_end(tx, now=NOON + BURST.holds)
    later = NOON + timedelta(hours=2)
    await wrong(tx, 100, now=later)
    found = await service.standing(tx, now=later)
    assert found is not None
    assert found.began_at == later
    assert len(await audit_log.search(tx, action=Action.ATTACK_BEGAN)) == 2


async def test_of_failures_at_the_same_moment_one_begins_it(database: Database):
    async def one(tx: Tx) -> None:
        await service.refused(tx, guarded=False, now=NOON)

    await asyncio.gather(*(database.run(one) for _ in range(110)))
    async with database.begin() as tx:
        assert await service.is_attacked(tx, now=NOON)
        assert len(await audit_log.search(tx, action=Action.ATTACK_BEGAN)) == 1
        assert await tx.value("SELECT refused FROM users.sign_in_count WHERE window_name = 'burst'") == 110


async def test_monitoring_sees_it_while_it_lasts(tx: Tx):
    await probe(tx)
    assert ATTACKED._value.get() == 0
    await wrong(tx, 100, now=utc_now())
    await probe(tx)
    assert ATTACKED._value.get() == 1
