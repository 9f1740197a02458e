"""Topping a source up takes two people and is one posting; the database holds the rest."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from functools import partial
from uuid import UUID

import psycopg
import pytest

from vibestream.contexts.payment.ledger import service as ledger
from vibestream.contexts.payment.pool_sources import service
from vibestream.contexts.payment.pool_sources.invariants import INVARIANTS
from vibestream.contexts.payment.pool_sources.service import (
    OwnTopUp,
    State,
    TopUpDecided,
    TopUpInvalid,
    TopUpUnknown,
)
from vibestream.kernel.ids import TransactionId, UserId, new_id
from vibestream.kernel.money import USD, VIBE, Money
from vibestream.kernel.text import TextInvalid
from vibestream.platform.database import Database, Tx
from vibestream.platform.invariants import check_all

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ONE, OTHER = UserId(UUID(int=1)), UserId(UUID(int=2))


async def proposed(tx: Tx, *, minor: int = 700, source: str = "marketing", key: UUID | None = None) -> UUID:
    one = await service.propose(
        tx,
        top_up_id=key or new_id(),
        source=source,
        amount=Money(minor, VIBE),
        reason="Spring",
        proposed_by=ONE,
        now=NOW,
    )
    return one.top_up_id


async def test_two_people_issue_points_into_a_source_once(tx: Tx):
    key = await proposed(tx)
    assert await proposed(tx, key=key) == key
    assert await service.balances(tx) == {}

    with pytest.raises(OwnTopUp):
        await service.approve(tx, top_up_id=key, by=ONE, now=NOW)
    posted = await service.approve(tx, top_up_id=key, by=OTHER, now=NOW)
    with pytest.raises(TopUpDecided):
        await service.approve(tx, top_up_id=key, by=OTHER, now=NOW)
    with pytest.raises(TopUpDecided):
        await service.withdraw(tx, top_up_id=key, by=ONE, now=NOW)

    assert await service.balances(tx) == {"marketing": Money(700, VIBE)}
    (one,) = await service.top_ups(tx, limit=5)
    assert (one.state, one.decided_by, one.transaction_id) == (State.APPROVED, OTHER, posted.transaction_id)
    (known,) = await ledger.transactions_by_key(tx, prefix=f"source_top_up:{key}", limit=2)
    assert [(str(leg.account), leg.amount.minor) for leg in known.legs] == [
        ("issuance:VIBE", -700),
        ("pool_source:marketing:VIBE", 700),
    ]


async def test_what_was_withdrawn_moves_nothing_and_what_is_none_is_refused(tx: Tx):
    key = await proposed(tx)
    await service.withdraw(tx, top_up_id=key, by=OTHER, now=NOW)
    with pytest.raises(TopUpDecided):
        await service.approve(tx, top_up_id=key, by=OTHER, now=NOW)
    with pytest.raises(TopUpUnknown):
        await service.approve(tx, top_up_id=new_id(), by=OTHER, now=NOW)
    with pytest.raises(TopUpUnknown):  # the key of a form is its sender's
        await service.propose(
            tx, top_up_id=key, source="marketing", amount=Money(1, VIBE), reason="Mine", proposed_by=OTHER, now=NOW
        )
    for amount in (Money(0, VIBE), Money(-1, VIBE), Money(100, USD)):
        with pytest.raises(TopUpInvalid):
            await service.propose(
                tx, top_up_id=new_id(), source="marketing", amount=amount, reason="Spring", proposed_by=ONE, now=NOW
            )
    with pytest.raises(TextInvalid):
        await service.propose(
            tx, top_up_id=new_id(), source="marketing", amount=Money(1, VIBE), reason=" ", proposed_by=ONE, now=NOW
        )
    assert await service.balances(tx) == {}


async def test_many_who_approve_at_once_issue_once(database: Database):
    async with database.begin() as tx:
        key = await proposed(tx)
    people = [UserId(new_id()) for _ in range(8)]

    done = await asyncio.gather(
        *(database.run(partial(service.approve, top_up_id=key, by=by, now=NOW)) for by in people),
        return_exceptions=True,
    )

    assert sorted(isinstance(one, TopUpDecided) for one in done) == [False] + [True] * 7
    async with database.begin() as tx:
        assert await service.balances(tx) == {"marketing": Money(700, VIBE)}


async def test_the_database_itself_wants_two_people_and_the_audit_sees_what_was_changed(
    database: Database, owner_dsn: str
):
    async with database.begin() as tx:
        key = await proposed(tx)
    with pytest.raises(psycopg.errors.CheckViolation):
        async with database.begin() as tx:
            await tx.execute(
                "UPDATE payment.source_top_up SET state = 'approved', decided_by = proposed_by, decided_at = now(),"
                " transaction_id = gen_random_uuid() WHERE top_up_id = %s",
                [key],
            )
    async with database.begin() as tx:
        await service.approve(tx, top_up_id=key, by=OTHER, now=NOW)
    with pytest.raises(psycopg.errors.CheckViolation):
        async with database.begin() as tx:
            await tx.execute("UPDATE payment.source_top_up SET state = 'withdrawn', transaction_id = NULL")
    assert [one.finding.ok for one in await check_all(database, INVARIANTS)] == [True]

    async with await psycopg.AsyncConnection.connect(owner_dsn) as owner:
        await owner.execute("ALTER TABLE payment.source_top_up DISABLE TRIGGER USER")
        await owner.execute("UPDATE payment.source_top_up SET amount = 701")
    assert [one.finding.ok for one in await check_all(database, INVARIANTS)] == [False]


async def test_nothing_but_pools_may_take_from_a_source_unseen(database: Database):
    async with database.begin() as tx:
        await service.approve(tx, top_up_id=await proposed(tx), by=OTHER, now=NOW)
        source, wallet = await ledger.open_accounts(
            tx, names=[service.account_of("marketing"), ledger.wallet(user_id=ONE, currency=VIBE)]
        )
        legs = (ledger.Leg(source, Money(-1, VIBE)), ledger.Leg(wallet, Money(1, VIBE)))
        await ledger.post(
            tx, posting=ledger.Posting(transaction_id=TransactionId(new_id()), key="gift:1", kind="gift", legs=legs)
        )
    assert [one.finding.ok for one in await check_all(database, INVARIANTS)] == [False]
