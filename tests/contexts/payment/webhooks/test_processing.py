"""Received events are handed on once, whatever order they come in and whoever dies meanwhile."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.factories.gateways import Sandbox
from tests.factories.payouts import ask, make_stripe_payee, take_jobs, violations, waiting, work
from tests.factories.webhooks import genuine, post, signed, stripe_body
from vibestream.contexts.payment.payouts import service as payouts
from vibestream.contexts.payment.payouts.service import PayoutState
from vibestream.contexts.payment.webhooks import service
from vibestream.contexts.payment.webhooks.invariants import INVARIANTS
from vibestream.contexts.payment.webhooks.retention import RULES
from vibestream.contexts.payment.webhooks.service import InboxState, NotFailed, Received, UnknownWebhook
from vibestream.kernel.ids import new_id
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Database
from vibestream.platform.invariants import check_all
from vibestream.platform.retention import keep_to
from vibestream.platform.runtime import Runtime


async def inbox(database: Database) -> list[Received]:
    async with database.begin() as tx:
        return await service.webhooks(tx, limit=100)


async def received(client: Any, database: Database, gateways: Sandbox, endpoint: str = "stripe") -> UUID:
    assert (await post(client, genuine(gateways, endpoint))).status_code == 200
    await take_jobs(database)
    return (await inbox(database))[0].webhook_id


@pytest.mark.parametrize("endpoint", ["stripe", "paypal", "coinbase", "stripe-connect"])
async def test_the_object_is_handed_to_whoever_fetches_it_and_nothing_else_is(
    client: Any, database: Database, runtime: Runtime, gateways: Sandbox, endpoint: str
):
    which = await received(client, database, gateways, endpoint)
    for _ in range(3):
        await service.process_webhook(runtime, webhook_id=str(which))

    (one,) = await inbox(database)
    assert (one.state, one.attempts, one.error) == (InboxState.DONE, 1, None)
    ((name, arguments),) = await waiting(database)
    if endpoint == "stripe-connect":
        assert (name, arguments) == ("payment.refresh_payee_account", {"gateway": "stripe", "account_ref": "acct_1"})
    else:
        refs = {"stripe": "pi_1", "paypal": "ORD1", "coinbase": "co-1"}
        assert refs[endpoint] in arguments.values()
    assert not {"10.00", 1_000, "amount"} & {*arguments, *arguments.values()}


async def test_a_worker_that_died_in_the_middle_leaves_an_event_that_is_taken_up(
    client: Any, database: Database, runtime: Runtime, gateways: Sandbox
):
    which = await received(client, database, gateways)
    async with database.begin() as tx:  # it had begun, and died
        await tx.execute("UPDATE payment.webhook SET state = 'processing', attempts = 1")

    assert await service.take_up(runtime, now=utc_now()) == 0, "it may be running"
    assert await service.take_up(runtime, now=utc_now() + timedelta(minutes=11)) == 1
    assert await waiting(database) == [("payment.process_webhook", {"webhook_id": str(which)})]
    await take_jobs(database)
    await service.process_webhook(runtime, webhook_id=str(which))
    assert [(one.state, one.attempts) for one in await inbox(database)] == [(InboxState.DONE, 2)]


async def test_what_was_tried_often_waits_for_a_person_who_tries_again(
    client: Any, database: Database, runtime: Runtime, gateways: Sandbox
):
    which = await received(client, database, gateways)
    async with database.begin() as tx:
        await tx.execute("UPDATE payment.webhook SET attempts = 20")
        with pytest.raises(NotFailed):
            await service.try_again(tx, webhook_id=which, now=utc_now())
        with pytest.raises(UnknownWebhook):
            await service.try_again(tx, webhook_id=new_id(), now=utc_now())
    await service.take_up(runtime, now=utc_now() + timedelta(minutes=11))
    assert [(one.state, one.error) for one in await inbox(database)] == [(InboxState.FAILED, "gave_up")]
    await service.process_webhook(runtime, webhook_id=str(which))
    assert [one.state for one in await inbox(database)] == [InboxState.FAILED]

    async with database.begin() as tx:
        await service.try_again(tx, webhook_id=which, now=utc_now())
    await take_jobs(database)
    await service.process_webhook(runtime, webhook_id=str(which))
    assert [(one.state, one.attempts) for one in await inbox(database)] == [(InboxState.DONE, 1)]


async def test_an_event_of_nothing_is_no_work(runtime: Runtime, database: Database):
    await service.process_webhook(runtime, webhook_id=str(new_id()))
    assert await waiting(database) == []


async def test_what_waits_for_an_hour_is_found_by_the_audit(client: Any, database: Database, gateways: Sandbox):
    await received(client, database, gateways)

    async def holds() -> bool:
        (checked,) = await check_all(database, INVARIANTS)
        return checked.finding.ok

    assert await holds()
    async with database.begin() as tx:
        await tx.execute("UPDATE payment.webhook SET changed_at = now() - interval '61 minutes'")
    assert not await holds()
    async with database.begin() as tx:
        await tx.execute("UPDATE payment.webhook SET state = 'failed', error = 'x'")
    assert await holds()


async def test_bodies_go_after_a_month_and_rows_after_a_year_but_not_what_failed(
    client: Any, database: Database, runtime: Runtime, gateways: Sandbox
):
    done = await received(client, database, gateways, "paypal")
    await service.process_webhook(runtime, webhook_id=str(done))
    failed = await received(client, database, gateways, "stripe")
    async with database.begin() as tx:
        await tx.execute("UPDATE payment.webhook SET state = 'failed', error = 'x' WHERE webhook_id = %s", [failed])

    async def bodies() -> dict[UUID, bool]:
        async with database.begin() as tx:
            return {
                one.webhook_id: (await service.webhook(tx, webhook_id=one.webhook_id))[1] is not None
                for one in await service.webhooks(tx, limit=10)
            }

    assert await forgotten(database, days=29) == 0
    assert await forgotten(database, days=31) == 3  # two bodies, one transmission
    assert await bodies() == {done: False, failed: False}
    assert await forgotten(database, days=401) == 1
    assert await bodies() == {failed: False}


async def forgotten(database: Database, *, days: int) -> int:
    return sum((await keep_to(database, rules=RULES, now=later(days))).values())


def later(days: int) -> datetime:
    return utc_now() + timedelta(days=days)


async def test_news_of_a_payout_in_the_wrong_order_and_twice_end_as_the_gateway_has_it(
    client: Any, database: Database, runtime: Runtime, gateways: Sandbox
):
    payee = await make_stripe_payee(runtime, gateways, 5_000)
    async with database.begin() as tx:
        payout = await ask(tx, payee)
    await work(runtime)
    async with database.begin() as tx:
        ref = (await payouts.payout(tx, payout_id=payout.payout_id)).payout_ref
    assert ref is not None
    gateways.payout("stripe", transfer=ref)
    transfer = {"object": "transfer", "id": ref, "amount": 1, "reversed": False}
    made = [stripe_body(kind, transfer) for kind in ("transfer.reversed", "transfer.created", "transfer.updated")]
    for body in (*made, *reversed(made)):
        assert (await post(client, signed(gateways, "stripe", body))).status_code == 200

    await work(runtime)

    assert {one.state for one in await inbox(database)} == {InboxState.DONE}
    async with database.begin() as tx:
        found = await payouts.payout(tx, payout_id=payout.payout_id)
        assert found.state is PayoutState.RETURNED
        kinds = [event.kind for event in await payouts.timeline(tx, payout_id=payout.payout_id)]
    assert kinds == ["requested", "screened", "approved", "asked", "arrived", "returned"]
    assert await violations(database) == {}
