"""Payouts on their way, over the real adapters and the sandbox's sockets: each ends once, whatever happens between."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.factories.gateways import Sandbox
from tests.factories.payouts import (
    Payee,
    ask,
    books,
    deaf,
    has,
    make_stripe_payee,
    new_user,
    take_jobs,
    transfers_to,
    usd,
    violations,
    waiting,
    work,
)
from vibestream.contexts.payment.gateways.service import (
    GatewayName,
    GatewayUnavailable,
    MoveState,
    OutcomeUnknown,
    ProviderPayout,
)
from vibestream.contexts.payment.payouts import service
from vibestream.contexts.payment.payouts.service import Payout, PayoutState, WrongState
from vibestream.contexts.payment.payouts.service.stepping import apply_seen
from vibestream.contexts.payment.payouts.store import payouts as store
from vibestream.kernel.ids import PayoutId, UserId
from vibestream.kernel.time import utc_now
from vibestream.platform.runtime import Runtime

PAID_BOOKS = {"gateway_clearing:stripe": 4_963, "platform_revenue:payouts": 37}
"""Of 50.00: 0.25 and a quarter of a percent (0.125, half to even) is our fee."""


async def now_of(runtime: Runtime, payout: Payout) -> Payout:
    async with runtime.database.begin() as tx:
        return await service.payout(tx, payout_id=payout.payout_id)


async def story(runtime: Runtime, payout: Payout) -> list[str]:
    async with runtime.database.begin() as tx:
        return [event.kind for event in await service.timeline(tx, payout_id=payout.payout_id)]


async def asked(runtime: Runtime, sandbox: Sandbox) -> Payout:
    payee = await make_stripe_payee(runtime, sandbox, 5_000)
    async with runtime.database.begin() as tx:
        payout = await ask(tx, payee)
    assert payout.state is PayoutState.APPROVED
    return payout


async def settled(runtime: Runtime, payout: Payout) -> tuple[tuple[int, int, int], dict[str, int]]:
    """What the payee and the platform have, after every invariant was found to hold."""
    assert await violations(runtime.database) == {}
    async with runtime.database.begin() as tx:
        return await has(tx, payout.user_id), await books(tx)


async def send(runtime: Runtime, payout: Payout) -> None:
    await service.send_payout(runtime, payout_id=str(payout.payout_id))


async def test_a_transfer_arrives_and_the_books_say_where_each_cent_is(paying: Runtime, gateways: Sandbox):
    payout = await asked(paying, gateways)
    async with paying.database.begin() as tx:
        assert await has(tx, payout.user_id) == (0, 5_000, 0)

    await work(paying)

    assert (await now_of(paying, payout)).state is PayoutState.PAID
    assert await settled(paying, payout) == ((0, 0, 0), PAID_BOOKS)
    assert transfers_to(gateways, payout.address) == [4_963]
    assert await story(paying, payout) == ["requested", "screened", "approved", "asked", "arrived"]


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("timeout_after_effect", {"seconds": 0}),
        ("truncated", {}),
        ("error_500", {}),
        ("error_500", {"effect": True}),
        ("html", {}),
        ("html", {"effect": True}),
        ("rate_limited", {}),
    ],
)
async def test_an_answer_that_never_came_is_found_out_and_pays_once(
    paying: Runtime, gateways: Sandbox, kind: str, options: dict[str, object]
):
    payout = await asked(paying, gateways)
    gateways.fault("stripe", kind, on="payout", times=2, **options)

    await take_jobs(paying.database)
    for _ in range(4):
        try:
            await send(paying, payout)
        except (OutcomeUnknown, GatewayUnavailable):
            found = await now_of(paying, payout)
            assert found.state in {PayoutState.UNKNOWN, PayoutState.SENDING}
            assert (await settled(paying, payout))[0] == (0, 5_000, 0), "nothing was assumed"

    assert (await now_of(paying, payout)).state is PayoutState.PAID
    assert await settled(paying, payout) == ((0, 0, 0), PAID_BOOKS)
    assert transfers_to(gateways, payout.address) == [4_963]


async def test_a_gateway_that_says_no_leaves_the_money_with_its_payee(paying: Runtime, gateways: Sandbox):
    payout = await asked(paying, gateways)
    gateways.payout("stripe", account=payout.address, status="restricted")

    await work(paying)

    found = await now_of(paying, payout)
    assert (found.state, found.failure) == (PayoutState.FAILED, "insufficient_capabilities_for_transfer")
    assert await settled(paying, payout) == ((5_000, 0, 0), {})
    assert transfers_to(gateways, payout.address) == []


async def test_a_transfer_that_is_taken_back_is_the_payees_again(paying: Runtime, gateways: Sandbox):
    payout = await asked(paying, gateways)
    await work(paying)
    paid = await now_of(paying, payout)
    assert paid.payout_ref is not None
    gateways.payout("stripe", transfer=paid.payout_ref)

    for _ in range(3):  # the webhook, again, and the poller
        async with paying.database.begin() as tx:
            await service.note_changed(tx, gateway=GatewayName.STRIPE, payout_ref=paid.payout_ref)
    await work(paying)

    assert (await now_of(paying, payout)).state is PayoutState.RETURNED
    assert await settled(paying, payout) == ((5_000, 0, 0), {})
    assert await story(paying, payout) == ["requested", "screened", "approved", "asked", "arrived", "returned"]


async def test_two_workers_with_the_same_payout_pay_once(paying: Runtime, gateways: Sandbox):
    payout = await asked(paying, gateways)
    await asyncio.gather(*[send(paying, payout) for _ in range(4)], return_exceptions=True)
    await send(paying, payout)

    assert (await now_of(paying, payout)).state is PayoutState.PAID
    assert transfers_to(gateways, payout.address) == [4_963]
    assert await settled(paying, payout) == ((0, 0, 0), PAID_BOOKS)


async def test_a_webhook_that_is_faster_than_our_own_answer_links_the_payout(paying: Runtime, gateways: Sandbox):
    payout = await asked(paying, gateways)
    await take_jobs(paying.database)
    with pytest.raises(OutcomeUnknown):
        await send(deaf(paying), payout)
    (transfer,) = [line for line in gateways.book("stripe") if line["kind"] == "payout"][:1]

    async with paying.database.begin() as tx:
        await service.note_changed(tx, gateway=GatewayName.STRIPE, payout_ref=transfer["object"])
    await work(paying)

    found = await now_of(paying, payout)
    assert (found.state, found.payout_ref) == (PayoutState.PAID, transfer["object"])
    assert transfers_to(gateways, payout.address) == [4_963]


@pytest.mark.parametrize("ref", ["tr_none", "", "no such thing", "x" * 300])
async def test_a_payout_that_is_not_ours_is_left_alone(paying: Runtime, ref: str):
    await service.refresh_payout(paying, gateway="stripe", payout_ref=ref)
    async with paying.database.begin() as tx:
        assert await service.payouts(tx, limit=10) == []


async def unknown(runtime: Runtime, sandbox: Sandbox, *, since: timedelta) -> Payout:
    """A payout that the gateway was asked for so long ago and never answered about."""
    payout = await asked(runtime, sandbox)
    await take_jobs(runtime.database)
    with pytest.raises(OutcomeUnknown):
        await send(deaf(runtime), payout)
    async with runtime.database.begin() as tx:
        await tx.execute("UPDATE payment.payout SET first_sent_at = first_sent_at - %s, version = version + 1", [since])
        await tx.execute(
            "INSERT INTO payment.payout_event SELECT payout_id, version, changed_at, 'aged', state, NULL, '', NULL"
            " FROM payment.payout"
        )
    return await now_of(runtime, payout)


async def test_when_the_gateway_has_forgotten_the_key_nobody_asks_again(paying: Runtime, gateways: Sandbox):
    payout = await unknown(paying, gateways, since=timedelta(hours=20))
    assert payout.state is PayoutState.UNKNOWN

    await send(paying, payout)
    assert await service.poll(paying, now=utc_now() + timedelta(hours=1)) == 0

    assert (await now_of(paying, payout)).version == payout.version
    assert await waiting(paying.database) == []


async def test_two_people_may_say_that_it_was_never_sent_and_the_truth_still_wins(paying: Runtime, gateways: Sandbox):
    payout = await unknown(paying, gateways, since=timedelta(days=2))
    first, second = new_user(), new_user()

    async def say(by: UserId) -> Payout:
        async with paying.database.begin() as tx:
            return await service.declare_not_sent(tx, payout_id=payout.payout_id, by=by, now=utc_now())

    assert (await say(first)).state is PayoutState.UNKNOWN
    assert (await say(first)).state is PayoutState.UNKNOWN, "one person counts once"
    assert (await say(second)).state is PayoutState.FAILED
    assert await settled(paying, payout) == ((5_000, 0, 0), {})
    with pytest.raises(WrongState):
        await say(second)

    # It had been sent after all, and the payee has meanwhile had 30.00 of it paid out again.
    (transfer,) = [line for line in gateways.book("stripe") if line["kind"] == "payout"][:1]
    async with paying.database.begin() as tx:
        await ask(tx, Payee(payout.user_id, payout.method, payout.address), 3_000)
        await service.note_changed(tx, gateway=GatewayName.STRIPE, payout_ref=transfer["object"])
    await work(paying)

    assert (await now_of(paying, payout)).state is PayoutState.PAID
    (_, _, debt), kept = await settled(paying, payout)
    assert debt == 3_000
    assert kept["gateway_clearing:stripe"] == 4_963 + 2_967  # 30.00 less 0.25 and 0.075, half to even
    assert sorted(transfers_to(gateways, payout.address)) == [2_967, 4_963]


async def test_a_payout_that_can_still_be_asked_about_is_not_declared_unsent(paying: Runtime, gateways: Sandbox):
    payout = await unknown(paying, gateways, since=timedelta(hours=1))
    async with paying.database.begin() as tx:
        with pytest.raises(WrongState):
            await service.declare_not_sent(tx, payout_id=payout.payout_id, by=new_user(), now=utc_now())


async def test_the_poller_asks_again_and_the_watcher_reads_again(paying: Runtime, gateways: Sandbox):
    payout = await unknown(paying, gateways, since=timedelta(0))

    assert await service.poll(paying, now=utc_now()) == 0, "not at once"
    assert await service.poll(paying, now=utc_now() + timedelta(minutes=6)) == 1
    await work(paying)

    assert (await now_of(paying, payout)).state is PayoutState.PAID
    assert transfers_to(gateways, payout.address) == [4_963]
    assert await service.watch(paying, now=utc_now() + timedelta(hours=2)) == 0, "nothing is in transit any more"


def as_seen(payout: Payout, **changes: object) -> ProviderPayout:
    made = ProviderPayout(
        payout_ref="tr_1", payout_id=payout.payout_id, amount=payout.net, fee=None, state=MoveState.PENDING
    )
    return replace(made, **changes)  # type: ignore[arg-type]  # fields of a provider's payout


async def see(runtime: Runtime, payout: Payout, **changes: object) -> Payout:
    async with runtime.database.begin() as tx:
        locked = await store.lock_payout(tx, PayoutId(payout.payout_id))
        assert locked is not None
        return await apply_seen(tx, payout=locked, seen=as_seen(payout, **changes), now=utc_now())


async def test_a_fee_that_becomes_known_late_is_posted_once(paying: Runtime, gateways: Sandbox):
    payout = await asked(paying, gateways)
    await see(paying, payout)
    await see(paying, payout, state=MoveState.SUCCEEDED)
    for _ in range(2):
        await see(paying, payout, state=MoveState.SUCCEEDED, fee=usd(25))

    assert await settled(paying, payout) == (
        (0, 0, 0),
        {"gateway_clearing:stripe": 4_988, "gateway_fees:stripe": -25, "platform_revenue:payouts": 37},
    )
    assert await story(paying, payout) == ["requested", "screened", "approved", "accepted", "arrived", "fee_known"]


async def test_a_second_payout_of_the_gateways_for_one_of_ours_moves_nothing(paying: Runtime, gateways: Sandbox):
    payout = await asked(paying, gateways)
    await see(paying, payout, state=MoveState.SUCCEEDED)
    before = await settled(paying, payout)
    for _ in range(2):
        twice = await see(paying, payout, payout_ref="tr_2", state=MoveState.SUCCEEDED)
        assert (twice.payout_ref, twice.failure) == ("tr_1", "second_ref")

    assert await settled(paying, payout) == before
    assert await story(paying, payout) == ["requested", "screened", "approved", "arrived", "second_ref"]


async def test_another_amount_waits_for_a_person_and_moves_nothing(paying: Runtime, gateways: Sandbox):
    payout = await asked(paying, gateways)
    await see(paying, payout, state=MoveState.SUCCEEDED, amount=usd(4_962))
    found = await see(paying, payout, state=MoveState.SUCCEEDED, amount=usd(4_962))
    assert (found.state, found.failure, found.payout_ref) == (PayoutState.UNKNOWN, "amount_differs", "tr_1")
    assert await settled(paying, payout) == ((0, 5_000, 0), {})
