"""PayPal's payouts end later, or not at all: unclaimed for a month, refused, held, blocked. Nothing is believed before."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.factories.gateways import Sandbox
from tests.factories.payouts import ask, books, has, make_payee, new_user, violations, work
from vibestream.contexts.payment.fraud import service as fraud
from vibestream.contexts.payment.gateways.service import GatewayName
from vibestream.contexts.payment.payouts import service
from vibestream.contexts.payment.payouts.service import Payout, PayoutState
from vibestream.contexts.payment.reconciliation import service as reconciliation
from vibestream.kernel.time import utc_now
from vibestream.platform.runtime import Runtime

PAYPAL = GatewayName.PAYPAL


async def sent_to(runtime: Runtime, local: str) -> Payout:
    user = new_user()
    async with runtime.database.begin() as tx:
        payee = await make_payee(tx, 5_000, user_id=user, address=f"{local}.{user.hex[-8:]}@payee.example")
        payout = await ask(tx, payee)
    await work(runtime)
    return await now_of(runtime, payout)


async def now_of(runtime: Runtime, payout: Payout) -> Payout:
    async with runtime.database.begin() as tx:
        return await service.payout(tx, payout_id=payout.payout_id)


async def told(runtime: Runtime, payout: Payout) -> Payout:
    """The payout after a webhook about it."""
    assert payout.payout_ref is not None
    async with runtime.database.begin() as tx:
        await service.note_changed(tx, gateway=PAYPAL, payout_ref=payout.payout_ref)
    await work(runtime)
    return await now_of(runtime, payout)


async def test_one_that_is_taken_arrives(paying: Runtime, gateways: Sandbox):
    payout = await sent_to(paying, "payee")
    assert payout.state in {PayoutState.IN_TRANSIT, PayoutState.PAID}
    gateways.advance(60)

    payout = await told(paying, payout)

    assert payout.state is PayoutState.PAID
    async with paying.database.begin() as tx:
        assert await has(tx, payout.user_id) == (0, 0, 0)
        kept = await books(tx)
    fee = -kept.get("gateway_fees:paypal", 0)
    assert fee > 0, "PayPal takes a fee for each payout"
    assert kept == {
        "gateway_clearing:paypal": 4_975 + fee,
        "gateway_fees:paypal": -fee,
        "platform_revenue:payouts": 25,
    }
    assert await violations(paying.database) == {}


async def test_one_that_nobody_claims_is_the_payees_again_after_a_month(paying: Runtime, gateways: Sandbox):
    payout = await sent_to(paying, "unclaimed")
    gateways.advance(60)
    payout = await told(paying, payout)
    assert payout.state is PayoutState.IN_TRANSIT, "nobody has it, and it has not come back"
    async with paying.database.begin() as tx:
        assert await has(tx, payout.user_id) == (0, 5_000, 0)

    gateways.advance(31 * 86_400)
    assert await service.watch(paying, now=utc_now() + timedelta(days=31)) == 1, "without any webhook"

    payout = await now_of(paying, payout)
    assert payout.state is PayoutState.RETURNED
    async with paying.database.begin() as tx:
        assert (await has(tx, payout.user_id)) == (5_000, 0, 0)
        assert "platform_revenue:payouts" not in await books(tx), "our fee is given back too"
        outcomes = await fraud.outcomes(tx, subject_ref=str(payout.payout_id))
    assert [outcome for outcome, _ in outcomes] == [fraud.Outcome.RETURNED]
    assert await violations(paying.database) == {}


@pytest.mark.parametrize(
    ("local", "states"),
    [("returned", {"returned"}), ("failed", {"failed", "returned"}), ("blocked", {"failed", "returned"})],
)
async def test_one_that_is_refused_is_the_payees_again(
    paying: Runtime, gateways: Sandbox, local: str, states: set[str]
):
    payout = await sent_to(paying, local)
    gateways.advance(60)
    payout = await told(paying, payout)

    assert payout.state.value in states
    async with paying.database.begin() as tx:
        assert await has(tx, payout.user_id) == (5_000, 0, 0)
    assert await violations(paying.database) == {}


async def test_one_that_paypal_looks_at_waits(paying: Runtime, gateways: Sandbox):
    payout = await sent_to(paying, "held")
    gateways.advance(60)
    for _ in range(2):
        payout = await told(paying, payout)
    assert payout.state is PayoutState.IN_TRANSIT
    async with paying.database.begin() as tx:
        assert await has(tx, payout.user_id) == (0, 5_000, 0)


async def test_paypals_book_agrees_with_ours_afterwards(paying: Runtime, gateways: Sandbox):
    for local in ("payee", "returned", "failed"):
        payout = await sent_to(paying, local)
        gateways.advance(60)
        await told(paying, payout)
    now = utc_now()
    report = await reconciliation.reconcile(paying, gateway=PAYPAL, day=now.date(), now=now + timedelta(days=6))
    ours = [one for one in report.differences if one.subject.startswith("payout:")]
    assert ours == [], report
