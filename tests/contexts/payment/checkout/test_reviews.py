"""A payment that somebody has to look at first: authorised and not captured, or not opened at all; then it goes on or ends."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.contexts.payment.checkout.conftest import Shop, drop_job, list_jobs
from tests.factories.bus import drain, registered
from vibestream.contexts.payment.checkout import service
from vibestream.contexts.payment.checkout.service import PaymentState, PaymentView, Screening
from vibestream.contexts.payment.fraud import service as fraud
from vibestream.contexts.payment.gateways.service import GatewayName, ProviderState
from vibestream.flows.review_payments import SUBSCRIPTIONS
from vibestream.kernel.ids import UserId, new_id
from vibestream.kernel.money import Money
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Database, Tx
from vibestream.platform.events.subscriptions import Consumers

MUCH = "3000.00"


async def decide(shop: Shop, view: PaymentView, database: Database, *, good: bool) -> None:
    """Let as many people as it takes say what they found, and the bus say so."""
    consumers = await registered(database, Consumers(SUBSCRIPTIONS))
    decision_id = view.decision_id
    assert decision_id is not None
    for _ in range(2):
        try:
            await shop.do(
                lambda tx: fraud.decide_review(
                    tx,
                    decision_id=decision_id,
                    reviewer=UserId(new_id()),
                    verdict=fraud.Judgement.RELEASE if good else fraud.Judgement.REFUSE,
                    note="Looked at it.",
                    now=utc_now(),
                )
            )
        except fraud.ReviewClosed:
            break
    await drain(database, consumers)
    await shop.run_jobs()


@pytest.mark.parametrize("good", [True, False])
async def test_what_was_authorised_meanwhile_is_captured_or_given_up(stripe: Shop, database: Database, *, good: bool):
    view = await stripe.opened(MUCH)
    assert (view.verdict, view.in_review, view.state) == (Screening.REVIEW, True, PaymentState.PENDING)
    stripe.click(view)
    await stripe.note(view)
    assert (await stripe.view(view.payment_id)).state is PaymentState.AUTHORISED
    assert (await stripe.at_gateway(view)).state is ProviderState.AUTHORISED

    await decide(stripe, view, database, good=good)
    after = await stripe.view(view.payment_id)
    there = await stripe.at_gateway(view)
    if good:
        assert (after.state, there.captured) == (PaymentState.CAPTURED, stripe.amount(MUCH))
    else:
        assert (after.state, after.reason, there.state) == (PaymentState.CANCELLED, "refused", ProviderState.CANCELLED)
    assert await stripe.violations() == {}


@pytest.mark.parametrize("good", [True, False])
async def test_where_nothing_can_be_captured_later_it_is_not_even_opened(
    any_shop: Callable[[GatewayName], Shop], database: Database, *, good: bool
):
    shop = any_shop(GatewayName.COINBASE)
    view = await shop.opened(MUCH)
    assert (view.verdict, view.state, view.redirect_url) == (Screening.REVIEW, PaymentState.CREATED, None)
    await decide(shop, view, database, good=good)
    after = await shop.view(view.payment_id)
    if good:
        assert (after.state, after.gateway) == (PaymentState.PENDING, GatewayName.COINBASE)
    else:
        assert (after.state, after.reason) == (PaymentState.FAILED, "refused")


async def test_calling_off_closes_the_review(stripe: Shop):
    view = await stripe.opened(MUCH)
    await stripe.do(lambda tx: service.cancel(tx, payment_id=view.payment_id, user_id=view.user_id))
    await stripe.run_jobs()
    assert (await stripe.view(view.payment_id)).state is PaymentState.CANCELLED
    decision_id = view.decision_id
    assert decision_id is not None
    explained = await stripe.do(lambda tx: fraud.explained(tx, decision_id=decision_id))
    assert explained.review.state is not fraud.ReviewState.OPEN


async def test_a_stored_method_is_charged_while_its_owner_is_away(any_shop: Callable[[GatewayName], Shop]):
    for shop in map(any_shop, (GatewayName.STRIPE, GatewayName.PAYPAL)):
        first = await shop.paid("10.00", keep_method=True, payer_email="payer@example.org")
        assert first.method_kept

        async def charge(tx: object, first: PaymentView = first, shop: Shop = shop) -> PaymentView:
            return await service.charge_stored(
                tx,  # type: ignore[arg-type]  # the transaction
                key=f"renewal:{first.payment_id}",
                user_id=first.user_id,
                purpose=service.Purpose.SUBSCRIPTION,
                subject="month 2",
                amount=shop.amount("5.00"),
                description="Premium",
                of_payment=first.payment_id,
            )

        shop.sandbox.fault(shop.name, "timeout_after_effect", seconds=0)
        view = await shop.do(charge)
        assert (await shop.do(charge)).payment_id == view.payment_id
        await shop.run_jobs()
        assert shop.sandbox.faults_left(shop.name) == []
        assert (await shop.view(view.payment_id)).state is PaymentState.UNKNOWN
        await shop.look(view.payment_id)
        after = await shop.view(view.payment_id)
        assert (after.state, after.captured) == (PaymentState.CAPTURED, shop.amount("5.00"))
        charged = [one for one in shop.sandbox.book(shop.name) if one["ours"] == str(view.payment_id)]
        assert len(charged) == 1
        assert await shop.violations() == {}


async def test_a_payment_that_kept_nothing_cannot_be_charged_again(stripe: Shop):
    first = await stripe.paid("10.00")
    charge = functools.partial(
        service.charge_stored,
        key="again",
        purpose=service.Purpose.SUBSCRIPTION,
        subject="",
        amount=Money(500, stripe.currency),
        description="Premium",
        of_payment=first.payment_id,
    )
    for user_id, error in ((first.user_id, service.MethodNotKept), (UserId(new_id()), service.UnknownPayment)):
        with pytest.raises(error):
            await stripe.do(functools.partial(charge, user_id=user_id))


class Between:
    """The real database, for a process of which things happen in between: after each of its transactions the next of them."""

    def __init__(self, database: Database, *things: Callable[[], Awaitable[object]]) -> None:
        self._database = database
        self._things = list(things)

    async def run(self, act: Callable[[Tx], Awaitable[Any]]) -> Any:
        answer = await self._database.run(act)
        if self._things:
            await self._things.pop(0)()
        return answer


class Died(Exception):
    """The process ended here."""


async def test_what_is_let_go_while_the_janitor_looks_at_it_is_still_looked_after(
    any_shop: Callable[[GatewayName], Shop],
):
    """The look that began before its review was over must not note that nobody has to look at it ever again."""
    shop = any_shop(GatewayName.COINBASE)
    view = await shop.opened(MUCH)
    decision_id = view.decision_id
    assert decision_id is not None

    async def released() -> None:
        await shop.do(lambda tx: service.review_decided(tx, decision_id=decision_id, released=True, now=utc_now()))

    async def died() -> None:
        raise Died

    between: Any = Between(shop.runtime.database, released, died)
    victim = replace(shop, runtime=replace(shop.runtime, database=between))
    with pytest.raises(Died):
        await victim.look(view.payment_id)
    for number, _, _ in await shop.do(list_jobs):  # and the job that the review left is lost as well
        await shop.do(functools.partial(drop_job, number=number))

    assert await shop.do(lambda tx: service.drive_due(tx, now=utc_now() + timedelta(minutes=1), most=10)) == 1
    await shop.run_jobs()
    assert (await shop.view(view.payment_id)).state is PaymentState.PENDING


async def test_what_its_payer_calls_off_and_pays_all_the_same_comes_to_rest(stripe: Shop):
    """Stripe keeps that closing the page failed under its key; what was authorised after that has to be let go of."""
    view = await stripe.opened(MUCH)
    await stripe.do(lambda tx: service.cancel(tx, payment_id=view.payment_id, user_id=view.user_id))
    stripe.sandbox.fault("stripe", "error_500", on="cancel")
    await stripe.run_jobs()
    assert (await stripe.view(view.payment_id)).state is PaymentState.UNKNOWN
    stripe.click(view)

    await stripe.look(view.payment_id)

    assert (await stripe.view(view.payment_id)).state is PaymentState.CANCELLED
    assert (await stripe.at_gateway(view)).state is ProviderState.CANCELLED
