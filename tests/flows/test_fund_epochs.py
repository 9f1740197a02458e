"""A day's pool from named sources: what each gives, what it lacks, what goes back, and a kill at each step."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from structlog.testing import capture_logs

from tests.factories.pool_policies import approved
from tests.factories.receipts import EPOCH_KEY, TODAY, claim_body, closed, listened, listener, own_receipts, settled
from vibestream.contexts.listen_reward.allocation.service import UnusableSources
from vibestream.contexts.listen_reward.pools import service as pools
from vibestream.contexts.payment.ledger import service as ledger
from vibestream.contexts.payment.pool_sources import service as pool_sources
from vibestream.flows import alert_operators
from vibestream.flows.audit import INVARIANTS
from vibestream.flows.fund_epochs import fund_epoch
from vibestream.flows.pay_claims import give_back
from vibestream.kernel.ids import UserId, new_id
from vibestream.kernel.money import VIBE, Money
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Database
from vibestream.platform.invariants import check_all

SECRET = 0x50BCE


async def topped_up(database: Database, source: str, minor: int) -> None:
    async with database.begin() as tx:
        one = await pool_sources.propose(
            tx,
            top_up_id=new_id(),
            source=source,
            amount=Money(minor, VIBE),
            reason="Spring",
            proposed_by=UserId(new_id()),
            now=utc_now(),
        )
        await pool_sources.approve(tx, top_up_id=one.top_up_id, by=UserId(new_id()), now=utc_now())


async def held(database: Database) -> dict[str, int]:
    """What each source and the day's pool hold; issuance too, negated: what was issued."""
    async with database.begin() as tx:
        names = [ledger.reward_pool(epoch=TODAY), ledger.issuance(currency=VIBE)]
        pool, issued = [
            (await ledger.balance_of(tx, account_id=one)).posted.minor
            for one in await ledger.open_accounts(tx, names=names)
        ]
        found = {source: one.minor for source, one in (await pool_sources.balances(tx)).items()}
    return found | {"pool": pool, "issued": -issued}


async def broken(database: Database) -> list[tuple[str, str]]:
    found = await check_all(database, INVARIANTS)
    return [(one.invariant.name, one.finding.detail) for one in found if not one.finding.ok]


async def begun(database: Database) -> list[tuple[str, int, int]]:
    async with database.begin() as tx:
        given = await fund_epoch(tx, epoch=TODAY)
    return [(one.source, one.wanted.minor, one.given.minor) for one in given]


async def test_a_day_takes_from_each_source_once_and_what_nobody_claimed_goes_back_in_proportion(
    client: Any, database: Database
):
    await topped_up(database, "marketing", 500_000)
    await topped_up(database, "spring-sponsor", 200_000)
    # Of 1,000,001: 300,000 of marketing, 200,000 of the sponsor, the rest, 500,001, is issued.
    await approved(database, budget=1_000_001, named={"spring-sponsor": 200_000, "marketing": 300_000})
    fan, other = await listener(database, secret=SECRET), await listener(database, secret=SECRET + 1)
    await listened(database, fan)
    await listened(database, other)

    assert await begun(database) == [
        ("marketing", 300_000, 300_000), ("spring-sponsor", 200_000, 200_000), ("issuance", 500_001, 500_001)
    ]  # fmt: skip
    assert await begun(database) == []
    assert await held(database) == {
        "marketing": 200_000, "spring-sponsor": 0, "pool": 1_000_001, "issued": 700_000 + 500_001,
    }  # fmt: skip
    published = await closed(database)
    own = await own_receipts(database, fan)
    paid = 0
    for place in [at for at, leaf in enumerate(own.leaves) if leaf.is_summary]:
        answer = await client.post("/api/v1/claims", json=claim_body(own, secret=SECRET, place=place))
        assert answer.status_code == 200, answer.text
        paid += answer.json()["amount_vibe_minor"]
    assert paid == 500_000 // published.per_listen * published.per_listen
    assert await broken(database) == []

    async with database.begin() as tx:
        returned = await give_back(tx, now=utc_now() + timedelta(days=400))
        assert await give_back(tx, now=utc_now() + timedelta(days=400)) == Money.zero(VIBE)

    left = 1_000_001 - paid
    assert returned.minor == left
    found = await held(database)
    assert found["pool"] == 0
    back = {
        "marketing": found["marketing"] - 200_000,
        "spring-sponsor": found["spring-sponsor"],
        "issuance": 700_000 + 500_001 - found["issued"],
    }
    assert sum(back.values()) == left
    for source, gave in (("marketing", 300_000), ("spring-sponsor", 200_000), ("issuance", 500_001)):
        assert abs(back[source] * 1_000_001 - left * gave) < 1_000_001
    assert await broken(database) == []


async def test_a_source_without_cover_gives_what_it_has_the_day_says_so_and_pays_no_more(
    client: Any, database: Database
):
    await topped_up(database, "marketing", 7_000)
    await approved(database, budget=100_000, named={"marketing": 60_000, "never-topped-up": 40_000})
    plain = UserId(new_id())
    await listened(database, plain)

    with capture_logs() as lines:
        assert await begun(database) == [("marketing", 60_000, 7_000), ("never-topped-up", 40_000, 0)]
    said = [(one["source"], one["wanted"], one["given"]) for one in lines if one["event"] == "pool.source_short"]
    assert said == [("marketing", 60_000, 7_000), ("never-topped-up", 40_000, 0)]
    async with database.begin() as tx:
        (epoch,) = await pools.list_epochs(tx, epochs=[TODAY])
    assert (epoch.policy.budget.minor, epoch.budget.minor, epoch.left.minor) == (100_000, 7_000, 7_000)

    await closed(database)
    await settled(database)
    async with database.begin() as tx:
        (wallet,) = await ledger.balances_of_person(tx, user_id=plain, kinds=ledger.WALLET_KINDS)
    assert wallet.posted.minor == 7_000
    assert await held(database) == {"marketing": 0, "pool": 0, "issued": 7_000}
    assert await broken(database) == []


async def test_a_day_whose_sources_have_nothing_pays_nothing_and_is_closed(database: Database):
    await approved(database, budget=100_000, named={"marketing": 100_000})
    await listened(database, await listener(database, secret=SECRET))
    await listened(database, UserId(new_id()))

    published = await closed(database)  # nobody had filled it before: that is done as it is closed
    await settled(database)

    assert published.leaves == 2  # of the listen and of its artist: there is nothing to claim
    assert await held(database) == {"pool": 0, "issued": 0}
    assert await broken(database) == []


async def test_operators_are_told_which_source_lacked_what(database: Database):
    async with database.begin() as tx:
        await tx.execute(
            "INSERT INTO listen_reward.epoch (epoch, budget, per_listen, track_cap, listener_cap)"
            " VALUES (current_date, 10, 0, 5, 400)"
        )
        await tx.execute("INSERT INTO listen_reward.epoch_source VALUES (current_date, 'marketing', 10, 4)")
        troubles = await alert_operators._further(tx)
    assert [one.key for one in troubles] == ["pool_source:marketing"]


async def test_many_days_at_once_never_take_more_than_a_source_has(database: Database):
    await topped_up(database, "marketing", 250)
    await approved(database, budget=100, named={"marketing": 100})
    days = [TODAY + timedelta(days=n) for n in range(4)]
    async with database.begin() as tx:
        for day in days:
            await pools.open_epochs(
                tx, policy=pools.Policy(Money(1, VIBE), Money(1, VIBE)), now=utc_now().replace(
                    year=day.year, month=day.month, day=day.day)
            )  # fmt: skip

    async def one(day: Any) -> int:
        async with database.begin() as tx:
            return sum(part.given.minor for part in await fund_epoch(tx, epoch=day))

    assert sorted(await asyncio.gather(*(one(day) for day in days for _ in range(3)))) == [0] * 9 + [50, 100, 100]
    assert (await held(database))["marketing"] == 0
    assert await broken(database) == []


async def test_the_database_keeps_what_a_day_was_given_and_the_audit_sees_what_was_changed(
    database: Database, owner_dsn: str
):
    await topped_up(database, "marketing", 100)
    await approved(database, budget=100, named={"marketing": 60})
    await listened(database, UserId(new_id()))
    await begun(database)
    for statement in (
        "UPDATE listen_reward.epoch SET funded = 50",
        "UPDATE listen_reward.epoch SET granted = 101",
        "INSERT INTO listen_reward.pool_policy_source SELECT policy_id, 'late', 1 FROM listen_reward.pool_policy",
    ):
        with pytest.raises(psycopg.errors.CheckViolation):
            async with database.begin() as tx:
                await tx.execute(statement)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        async with database.begin() as tx:
            await tx.execute("UPDATE listen_reward.epoch_source SET given = 0")
    assert await broken(database) == []
    async with await psycopg.AsyncConnection.connect(owner_dsn) as owner:
        await owner.execute("UPDATE listen_reward.epoch_source SET given = 59 WHERE source = 'marketing'")
    assert [name for name, _ in await broken(database)] == ["pools.given_is_taken"]


@pytest.mark.parametrize("named", [{"marketing": 101}, {"a-a": 60, "b-b": 41}, {"marketing": 0}, {"marketing": -1}])
async def test_sources_that_give_more_than_the_budget_or_nothing_are_no_policy(
    database: Database, named: dict[str, int]
):
    with pytest.raises(UnusableSources):
        await approved(database, budget=100, named=named)


_KILLED = """
import asyncio, os, signal, sys
from datetime import date, timedelta
from tests.factories.receipts import settings
from vibestream.contexts.listen_reward.pools import service as pools, store as pool_store
from vibestream.contexts.payment.ledger.store import postings
from vibestream.contexts.payment.pool_sources import service as sources, store
from vibestream.contexts.listen_reward.receipts import service as receipts
from vibestream.flows import fund_epochs, pay_claims
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Database

what, module, name, when, dsn = sys.argv[1:]
owner = {"pools": pools, "pool_store": pool_store, "postings": postings, "sources": sources, "store": store,
         "receipts": receipts, "database": Database}[module]
real = getattr(owner, name)
def kill(): os.kill(os.getpid(), signal.SIGKILL)
async def cut(*args, **named):
    if when == "before": kill()
    await real(*args, **named); kill()
setattr(owner, name, cut)

async def main():
    async with Database(dsn, max_size=2) as database:
        if what == "fund":
            await database.run(lambda tx: fund_epochs.fund_epoch(tx, epoch=date(2026, 3, 1)))
        else:
            await database.run(lambda tx: pay_claims.give_back(tx, now=utc_now() + timedelta(days=400)))

asyncio.run(main())
"""
STEPS = [
    (what, module, name, when)
    for what, module, name in (
        ("fund", "pools", "wanted"), ("fund", "store", "lock_sources"), ("fund", "postings", "post"),
        ("fund", "sources", "fund_pool"), ("fund", "pool_store", "fund_epoch"), ("fund", "database", "run"),
        ("back", "receipts", "ended"), ("back", "postings", "post"), ("back", "sources", "give_back"),
        ("back", "receipts", "mark_returned"), ("back", "database", "run"),
    )
    for when in ("before", "after")
]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(("what", "module", "name", "when"), STEPS)
async def test_killed_at_any_step_each_source_gives_once_and_gets_back_once(
    database: Database, what: str, module: str, name: str, when: str
):
    await topped_up(database, "marketing", 80_000)
    await approved(database, budget=100_000, named={"marketing": 60_000})
    await listened(database, await listener(database, secret=SECRET))
    if what == "back":
        await closed(database)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _KILLED, what, module, name, when, database.dsn,
        env={**os.environ, "VIBESTREAM_EPOCH_KEY": EPOCH_KEY}, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    assert await process.wait() == -signal.SIGKILL
    assert await broken(database) == []

    await begun(database)
    assert await broken(database) == []
    await closed(database)
    for _ in range(2):
        async with database.begin() as tx:
            await give_back(tx, now=utc_now() + timedelta(days=400))

    assert await held(database) == {"marketing": 80_000, "pool": 0, "issued": 80_000}
    assert await broken(database) == []
