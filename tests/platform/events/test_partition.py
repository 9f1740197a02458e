"""Events that lose their transaction every time: found, set aside, tried again alone, given up in the end; the rest goes on."""

from __future__ import annotations

from collections.abc import Sequence

import psycopg
import pytest

from tests.factories.bus import announce, until
from tests.factories.events import Counted, Effect, counted, effects, write_effects
from vibestream.kernel.errors import Conflict
from vibestream.platform.database import Database, Tx
from vibestream.platform.events import partition, undelivered
from vibestream.platform.events.outbox import partition_of
from vibestream.platform.events.relay import relaying
from vibestream.platform.events.subscriptions import Consumers, Poison, Subscription

MANY_PARAMETERS = 65_536
"""One more than the protocol can count: the driver says that sending failed, as it does when a connection broke."""
BAD, *NEIGHBOURS = [name for name in (f"k{n}" for n in range(400)) if partition_of(name) == partition_of("k0")][:6]


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(partition, "_FIRST_PAUSE_S", 0.01)
    monkeypatch.setattr(undelivered, "_FIRST_PAUSE_S", 0.01)
    monkeypatch.setattr(undelivered, "_LONGEST_PAUSE_S", 0.02)


class Losing:
    """A consumer that loses its transaction with every event of one key from the n-th on, as long as it is told to."""

    def __init__(self, name: str, *, n: int = 0, poison: Poison = Poison.BLOCK_KEY) -> None:
        self.name = name
        self.n = n
        self.poison = poison
        self.loses = True
        self.tries = 0

    async def handle_batch(self, tx: Tx, events: Sequence[Counted]) -> None:
        await write_effects(tx, self.name, events)
        if self.loses and any(event.name == BAD and event.n == self.n for event in events):
            self.tries += 1
            raise psycopg.errors.SerializationFailure

    @property
    def subscription(self) -> Subscription[Counted]:
        return Subscription(event=Counted, consumer=self.name, handle_batch=self.handle_batch, poison=self.poison)


def counting(consumer: str) -> Subscription[Counted]:
    async def handle_batch(tx: Tx, events: Sequence[Counted]) -> None:
        await write_effects(tx, consumer, events)

    return Subscription(event=Counted, consumer=consumer, handle_batch=handle_batch)


async def waiting(database: Database) -> list[tuple[str, str, str]]:
    async with database.begin() as tx:
        return await tx.rows("SELECT consumer, key, state FROM platform.undelivered ORDER BY seq")


async def has(database: Database, *wanted: Effect) -> bool:
    return set(wanted) <= set(await effects(database))


@pytest.mark.parametrize("poison", list(Poison))
async def test_an_event_that_loses_its_transaction_every_time_holds_up_nobody_else(bus: Database, poison: Poison):
    losing = Losing("losing", poison=poison)
    others = [Effect(consumer, name, 0) for consumer in ("counting", "losing") for name in NEIGHBOURS]
    async with relaying(bus, Consumers([losing.subscription, counting("counting")])):
        await announce(bus, counted(NEIGHBOURS[0], 0), counted(BAD, 0), *(counted(name, 0) for name in NEIGHBOURS[1:]))
        await until(lambda: has(bus, *others, Effect("counting", BAD, 0)))
        assert await waiting(bus) == [("losing", BAD, "retrying")]

        losing.loses = False
        await until(lambda: has(bus, Effect("losing", BAD, 0)))
    found = await effects(bus)
    assert len(found) == len(set(found)) == 2 * (1 + len(NEIGHBOURS))
    assert await waiting(bus) == []


async def test_every_event_of_a_page_may_lose_it_and_the_other_consumers_have_theirs(bus: Database):
    async def handle(tx: Tx, event: Counted) -> None:
        raise psycopg.InterfaceError("a cursor that is closed")

    hopeless = Subscription(event=Counted, consumer="hopeless", handle=handle, poison=Poison.SKIP)
    events = [counted(name, n) for n in range(10) for name in NEIGHBOURS]
    async with relaying(bus, Consumers([hopeless, counting("counting")]), page=20):
        await announce(bus, *events)
        await until(lambda: has(bus, *(Effect("counting", event.name, event.n) for event in events)))
        await announce(bus, counted(BAD, 7))
        await until(lambda: has(bus, Effect("counting", BAD, 7)))
    found = await effects(bus)
    assert len(found) == len(events) + 1
    for name in NEIGHBOURS:
        assert [effect.n for effect in found if effect.key == name] == list(range(10))


async def test_more_parameters_than_the_protocol_counts_are_found_out_as_well(bus: Database):
    statement = f"SELECT 1 WHERE 1 IN ({','.join(['%s'] * MANY_PARAMETERS)})"

    async def handle(tx: Tx, event: Counted) -> None:
        if event.name == BAD:
            await tx.connection.execute(statement, [0] * MANY_PARAMETERS)
        await write_effects(tx, "c", [event])

    async with relaying(bus, Consumers([Subscription(event=Counted, consumer="c", handle=handle)])):
        await announce(bus, counted(BAD, 0), counted(NEIGHBOURS[0], 0))
        await until(lambda: has(bus, Effect("c", NEIGHBOURS[0], 0)))
    assert [(consumer, key) for consumer, key, _ in await waiting(bus)] == [("c", BAD)]


async def test_it_is_given_up_in_the_end_and_its_key_resumes(bus: Database, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(undelivered, "TRIES_WHILE_PASSING", 4)
    losing = Losing("losing", n=1)
    async with relaying(bus, Consumers([losing.subscription])):
        await announce(bus, *(counted(BAD, n) for n in range(4)))
        await until(lambda: has(bus, Effect("losing", BAD, 3)))
    assert [effect.n for effect in await effects(bus)] == [0, 2, 3]
    async with bus.begin() as tx:
        assert await tx.rows("SELECT state, tries FROM platform.undelivered") == [("dead", 4)]


async def test_a_try_that_loses_its_transaction_does_not_starve_the_other_tries(bus: Database):
    losing = Losing("losing")
    refuses = {NEIGHBOURS[0]: 3}

    async def handle_batch(tx: Tx, events: Sequence[Counted]) -> None:
        for event in events:
            if refuses.get(event.name, 0):
                refuses[event.name] -= 1
                raise Conflict("not yet")
        await losing.handle_batch(tx, events)

    both = Subscription(event=Counted, consumer="losing", handle_batch=handle_batch)
    async with relaying(bus, Consumers([both])):
        await announce(bus, counted(BAD, 0), counted(NEIGHBOURS[0], 0), counted(NEIGHBOURS[0], 1))
        await until(lambda: has(bus, Effect("losing", NEIGHBOURS[0], 0), Effect("losing", NEIGHBOURS[0], 1)))
        assert (await waiting(bus))[0][:2] == ("losing", BAD)


async def test_of_a_key_that_waits_only_the_one_that_loses_is_blamed(bus: Database):
    losing = Losing("losing", n=3)
    losing.loses = False
    refuses = [True]

    async def handle_batch(tx: Tx, events: Sequence[Counted]) -> None:
        if refuses and any(event.n == 0 for event in events):
            raise Conflict("not yet")
        await losing.handle_batch(tx, events)

    both = Subscription(event=Counted, consumer="losing", handle_batch=handle_batch)
    async with relaying(bus, Consumers([both])):
        await announce(bus, *(counted(BAD, n) for n in range(6)))
        await until(lambda: _waits(bus, 6))
        losing.loses = True
        refuses.clear()
        await until(lambda: has(bus, Effect("losing", BAD, 2)))
        await until(lambda: _waits(bus, 3))
        async with bus.begin() as tx:
            tried = await tx.values("SELECT tries > 0 FROM platform.undelivered ORDER BY seq")
        assert tried == [True, False, False]
        losing.loses = False
        await until(lambda: has(bus, Effect("losing", BAD, 5)))
    assert [effect.n for effect in await effects(bus)] == [0, 1, 2, 3, 4, 5]


async def _waits(database: Database, number: int) -> bool:
    return len(await waiting(database)) == number
