"""What becomes of a payout is announced in the transaction that posts it, once, and names who of finance decided."""

from __future__ import annotations

from typing import Any

import pytest

from tests.factories.gateways import Sandbox
from tests.factories.payouts import (
    Payee,
    ask,
    make_payee,
    make_stripe_payee,
    new_user,
    request,
    work,
)
from vibestream.contexts.payment.events import PayoutDecided, PayoutFailed, PayoutPaid, PayoutReturned
from vibestream.contexts.payment.fraud import service as fraud
from vibestream.contexts.payment.payouts import service
from vibestream.contexts.payment.payouts.service import Payout
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Database, Tx
from vibestream.platform.runtime import Runtime

PREFIX = "vibestream.payment."


async def announced(database: Database) -> list[tuple[str, dict[str, Any]]]:
    async with database.begin() as tx:
        return await tx.all(
            lambda *, kind, data: (str(kind).removeprefix(PREFIX), data),
            "SELECT type AS kind, data FROM platform.outbox WHERE type LIKE 'vibestream.payment.payout%%'"
            " AND type <> 'vibestream.payment.payout_destination_changed' ORDER BY seq",
        )


async def transactions_of(tx: Tx, payout: Payout) -> dict[str, str]:
    events = await service.timeline(tx, payout_id=payout.payout_id)
    return {event.kind: str(event.transaction_id) for event in events if event.transaction_id}


async def test_an_arrival_and_a_return_are_announced_with_what_they_posted(paying: Runtime, gateways: Sandbox):
    payee = await make_stripe_payee(paying, gateways, 5_000)
    async with paying.database.begin() as tx:
        payout = await ask(tx, payee)
    await work(paying)
    async with paying.database.begin() as tx:
        found = await service.payout(tx, payout_id=payout.payout_id)
        posted = await transactions_of(tx, payout)
    (paid,) = await announced(paying.database)
    assert paid[0] == "payout_paid"
    assert (paid[1]["payout_id"], paid[1]["user_id"]) == (str(payout.payout_id), str(payee.user_id))
    assert paid[1]["amount"]["minor"] == 4_963
    assert (paid[1]["method"], paid[1]["transaction_id"]) == ("stripe", posted["arrived"])

    assert found.payout_ref is not None
    gateways.payout("stripe", transfer=found.payout_ref)
    await service.refresh_payout(paying, gateway="stripe", payout_ref=found.payout_ref)
    for _ in range(2):
        await service.refresh_payout(paying, gateway="stripe", payout_ref=found.payout_ref)
    async with paying.database.begin() as tx:
        posted = await transactions_of(tx, payout)
    kinds = [kind for kind, _ in await announced(paying.database)]
    assert kinds == ["payout_paid", "payout_returned"]
    assert (await announced(paying.database))[-1][1]["transaction_id"] == posted["returned"]


async def test_a_step_that_is_rolled_back_announces_nothing(database: Database):
    async with database.begin() as tx:
        payout = await request(tx, await make_payee(tx, 5_000), 2_000)
    with pytest.raises(RuntimeError):
        async with database.begin() as tx:
            await service.reject(tx, payout_id=payout.payout_id, by=new_user(), reason="No", now=utc_now())
            raise RuntimeError
    assert await announced(database) == []


async def blocked(tx: Tx, payee: Payee) -> Payout:
    await fraud.deny(
        tx, list_=fraud.DenyList.USER, value=str(payee.user_id), reason="a test", added_by=None, now=utc_now()
    )
    return await ask(tx, payee, 2_000)


async def test_blocked_by_the_check_and_refused_by_finance_are_announced_alike_to_the_payee(database: Database):
    async with database.begin() as tx:
        first = await blocked(tx, await make_payee(tx, 5_000))
        second = await request(tx, await make_payee(tx, 5_000), 2_000)
        finance = new_user()
        await service.reject(tx, payout_id=second.payout_id, by=finance, reason="No", now=utc_now())
    said = await announced(database)

    assert [kind for kind, _ in said] == ["payout_failed", "payout_decided", "payout_failed"]
    failures = [data for kind, data in said if kind == "payout_failed"]
    assert [data["reason"] for data in failures] == ["rejected", "rejected"]
    assert [data["amount"]["minor"] for data in failures] == [1_975, 1_975]
    assert [data["payout_id"] for data in failures] == [str(first.payout_id), str(second.payout_id)]
    decided = next(data for kind, data in said if kind == "payout_decided")
    assert (decided["decision"], decided["decided_by"]) == ("rejected", str(finance))


async def test_who_took_a_request_back_is_told_nothing(database: Database):
    async with database.begin() as tx:
        payout = await request(tx, await make_payee(tx, 5_000), 2_000)
        await service.cancel(tx, payout_id=payout.payout_id, user_id=payout.user_id, now=utc_now())
    assert await announced(database) == []


async def test_everybody_who_agrees_is_named_once(database: Database):
    first, second = new_user(), new_user()
    async with database.begin() as tx:
        payout = await ask(tx, await make_payee(tx, 500_000), 200_000)
        await service.note_reviewed(tx, payout_id=payout.payout_id, released=True, now=utc_now())
        for by in (first, first, second):
            await service.approve(tx, payout_id=payout.payout_id, approver=by, now=utc_now())
    said = await announced(database)

    assert [(kind, data["decision"], data["decided_by"]) for kind, data in said] == [
        ("payout_decided", "agreed", str(first)),
        ("payout_decided", "agreed", str(second)),
    ]
    assert said[0][1]["amount"]["minor"] == 200_000


def test_the_events_are_of_version_one():
    assert {one.version for one in (PayoutPaid, PayoutReturned, PayoutFailed, PayoutDecided)} == {1}
