"""Dead letters: listed, replayed once the cause is mended, or discarded."""

from __future__ import annotations

import pytest

from tests.factories.bus import announce, drain, registered, retry_now
from tests.factories.events import Counted, Effect, counted, effects, write_effects
from vibestream.platform.database import Database, Tx
from vibestream.platform.events import dead_letters
from vibestream.platform.events.invariants import INVARIANTS
from vibestream.platform.events.subscriptions import Consumers, Subscription
from vibestream.platform.events.undelivered import TRIES
from vibestream.platform.invariants import check_all


class Bank:
    """A handler that refuses the keys it has been told to."""

    def __init__(self) -> None:
        self.refused = {"k", "l"}

    async def handle(self, tx: Tx, event: Counted) -> None:
        if event.name in self.refused and event.n == 0:
            raise ValueError(f"no {event.name}")
        await write_effects(tx, "bank", [event])

    @property
    def consumers(self) -> Consumers:
        return Consumers([Subscription(event=Counted, consumer="bank", handle=self.handle)])


@pytest.fixture
async def bank(bus: Database) -> Bank:
    bank = Bank()
    consumers = await registered(bus, bank.consumers)
    await announce(bus, counted("k", 0), counted("k", 1), counted("l", 0))
    await drain(bus, consumers)
    for _ in range(TRIES - 1):
        await retry_now(bus, consumers)
    return bank


async def test_are_listed_with_their_error(bus: Database, bank: Bank):
    async with bus.begin() as tx:
        found = await dead_letters.list_dead_letters(tx, consumer="bank")
        assert {(one.key, one.error, one.tries, one.type) for one in found} == {
            ("k", "ValueError: no k", TRIES, "vibestream.test.counted"),
            ("l", "ValueError: no l", TRIES, "vibestream.test.counted"),
        }
        assert len(await dead_letters.list_dead_letters(tx, limit=1)) == 1
        assert await dead_letters.list_dead_letters(tx, consumer="other") == []


async def test_a_replay_after_the_mend_delivers_late_and_says_so(bus: Database, bank: Bank):
    assert await effects(bus) == [Effect("bank", "k", 1)]
    bank.refused.clear()
    async with bus.begin() as tx:
        assert await dead_letters.replay(tx, consumer="bank", key="k") == 1
    await retry_now(bus, bank.consumers)
    assert await effects(bus) == [Effect("bank", "k", 1), Effect("bank", "k", 0)]
    async with bus.begin() as tx:
        assert [one.key for one in await dead_letters.list_dead_letters(tx)] == ["l"]
        assert await tx.value("SELECT count(*) FROM platform.inbox WHERE replayed") == 1
    assert [checked.finding.ok for checked in await check_all(bus, INVARIANTS)] == [True, True]


async def test_a_replay_before_the_mend_dies_again_without_holding_up_its_key(bus: Database, bank: Bank):
    async with bus.begin() as tx:
        (letter,) = await dead_letters.list_dead_letters(tx, consumer="bank", limit=1)
        assert await dead_letters.replay(tx, ids=[letter.id]) == 1
    await retry_now(bus, bank.consumers)
    await announce(bus, counted(letter.key, 7))
    await drain(bus, bank.consumers)
    assert Effect("bank", letter.key, 7) in await effects(bus)
    for _ in range(TRIES):
        await retry_now(bus, bank.consumers)
    async with bus.begin() as tx:
        assert letter.id in {one.id for one in await dead_letters.list_dead_letters(tx)}


async def test_what_is_replayed_twice_has_its_effect_once(bus: Database, bank: Bank):
    bank.refused.clear()
    async with bus.begin() as tx:
        await tx.execute(
            "INSERT INTO platform.inbox (consumer, event_id, seq, xid, key) "
            "SELECT consumer, event_id, seq, xid, key FROM platform.undelivered WHERE key = 'k'"
        )
        assert await dead_letters.replay(tx, key="k") == 1
    await retry_now(bus, bank.consumers)
    assert await effects(bus) == [Effect("bank", "k", 1)]


async def test_discarded_ones_are_gone_for_good(bus: Database, bank: Bank):
    async with bus.begin() as tx:
        assert await dead_letters.discard(tx, consumer="bank") == 2
        assert await dead_letters.list_dead_letters(tx) == []
        assert await dead_letters.replay(tx, consumer="bank") == 0


@pytest.mark.parametrize("act", [dead_letters.replay, dead_letters.discard])
async def test_all_at_once_must_be_asked_for(tx: Tx, act):
    with pytest.raises(dead_letters.NothingChosen):
        await act(tx)
