"""A relay that starts while others work: it neither waits for their pages nor undoes them."""

from __future__ import annotations

import asyncio

from tests.factories.bus import announce, drain, registered
from tests.factories.events import Closed, Counted, counted, effects, write_effects
from vibestream.platform.database import Database, Tx
from vibestream.platform.events.registration import register, renumber
from vibestream.platform.events.subscriptions import Consumers, Subscription


class Slow:
    """A consumer whose page is at work until it is let go, and how often it was begun."""

    def __init__(self) -> None:
        self.begun = asyncio.Event()
        self.let_go = asyncio.Event()
        self.times = 0

    async def handle(self, tx: Tx, event: Counted) -> None:
        self.times += 1
        self.begun.set()
        await self.let_go.wait()
        await write_effects(tx, "slow", [event])

    @property
    def consumers(self) -> Consumers:
        return Consumers([Subscription(event=Counted, consumer="slow", handle=self.handle)])


async def start_relaying(bus: Database, consumers: Consumers) -> None:
    """Do in the database what a relay does first; a lock that it would wait for is an error."""
    async with bus.begin() as tx:
        await tx.execute("SET LOCAL lock_timeout = '2s'")
        await renumber(tx)
        await register(tx, consumers=consumers)


async def test_a_relay_starts_while_another_is_in_the_middle_of_a_page(bus: Database):
    slow = Slow()
    consumers = await registered(bus, slow.consumers)
    await announce(bus, counted("k", 0))
    page = asyncio.create_task(drain(bus, consumers))
    await slow.begun.wait()

    await asyncio.wait_for(start_relaying(bus, consumers), 5)
    assert not page.done()
    slow.let_go.set()
    await page
    assert (slow.times, [effect.n for effect in await effects(bus)]) == (1, [0])


async def test_many_relays_start_at_once_while_pages_are_at_work_and_no_page_is_lost(bus: Database):
    slow = Slow()
    consumers = await registered(bus, slow.consumers)
    await announce(bus, counted("k", 0))
    page = asyncio.create_task(drain(bus, consumers))
    await slow.begun.wait()

    starts = [asyncio.create_task(start_relaying(bus, consumers)) for _ in range(5)]
    await asyncio.sleep(0.2)
    slow.let_go.set()
    await asyncio.gather(page, *starts)
    assert (slow.times, [effect.n for effect in await effects(bus)]) == (1, [0])


async def test_what_a_consumer_hears_is_changed_after_the_page_that_is_at_work(bus: Database):
    slow = Slow()
    consumers = await registered(bus, slow.consumers)
    await announce(bus, counted("k", 0))
    page = asyncio.create_task(drain(bus, consumers))
    await slow.begun.wait()

    async def close(tx: Tx, event: Closed) -> None:
        await write_effects(tx, "slow", [event])

    newer = Consumers(
        [
            Subscription(event=Counted, consumer="slow", handle=slow.handle),
            Subscription(event=Closed, consumer="slow", handle=close),
        ]
    )
    changing = asyncio.create_task(registered(bus, newer))
    await asyncio.sleep(0.2)
    slow.let_go.set()
    await asyncio.gather(page, changing)
    assert slow.times == 1
    async with bus.begin() as tx:
        heard = await tx.values("SELECT DISTINCT types FROM platform.consumer WHERE name = 'slow'")
    assert heard == [sorted([Counted.type, Closed.type])]


async def test_two_relays_that_find_a_moved_database_renumber_it_once(bus: Database):
    await registered(bus, Slow().consumers)
    await announce(bus, counted("k", 0))
    async with bus.begin() as tx:
        await tx.execute("UPDATE platform.consumer SET drained_to = 1000000000, window_to = 1000000005, after_seq = 0")

    async def renumbers() -> bool:
        async with bus.begin() as tx:
            renumbered = await renumber(tx)
            await asyncio.sleep(0.1)
            return renumbered

    assert sorted(await asyncio.gather(*(renumbers() for _ in range(4)))) == [False, False, False, True]
    async with bus.begin() as tx:
        assert await tx.value("SELECT max(window_to) FROM platform.consumer") == -1
