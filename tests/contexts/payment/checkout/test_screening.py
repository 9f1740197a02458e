"""Fraud looks before a gateway is chosen, and again before what is set aside is taken; and it learns what became of each."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace

import pytest

from tests.contexts.payment.checkout.conftest import Shop
from tests.contexts.payment.checkout.test_reviews import MUCH, decide
from vibestream.contexts.payment.checkout import service
from vibestream.contexts.payment.checkout.service import PaymentState, PaymentView, Screening
from vibestream.contexts.payment.fraud import service as fraud
from vibestream.contexts.payment.fraud.gateway import minfraud
from vibestream.contexts.payment.fraud.gateway import signals as guard
from vibestream.contexts.payment.fraud.service import DenyList, Explained, Outcome
from vibestream.contexts.payment.fraud.service.signals import Signals, open_signals
from vibestream.contexts.payment.gateways.service import GatewayName, ProviderState
from vibestream.kernel.ids import UserId, new_id
from vibestream.kernel.time import utc_now
from vibestream.platform.config import Environment, load_settings
from vibestream.platform.database import Database
from vibestream.sandbox.minfraud.server import Fault, MinFraudServer, serve

ADDRESS = "203.0.113.9"
ELEVATED, WARNED_OF = "4000000000009235", "4000000000005423"


@pytest.fixture
async def outside() -> AsyncIterator[MinFraudServer]:
    async with serve(load_settings(environment=Environment.TEST), account_id=42, licence_key="licence") as running:
        yield running


@pytest.fixture
async def asking(stripe: Shop, outside: MinFraudServer, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Shop]:
    """A shop that asks an outside party about each payment."""
    for module in (guard, minfraud):
        monkeypatch.setattr(module, "BUDGET_S", 0.6)  # a busy machine is no slow server, which takes a second
    settings = load_settings(
        environment=Environment.TEST,
        minfraud_account_id=42,
        minfraud_licence_key="licence",
        minfraud_host=outside.host,
        minfraud_authority=outside.authority,
    )
    opened = open_signals(settings)
    asking = replace(stripe, runtime=replace(stripe.runtime, parts={**stripe.runtime.parts, Signals: opened}))
    await asking.opened()  # the first import and handshake may take longer than there is time
    outside.asked.clear()
    yield asking
    await opened.close()


async def explained(shop: Shop, view: PaymentView) -> Explained:
    decision_id = view.decision_id
    assert decision_id is not None
    found: Explained = await shop.do(lambda tx: fraud.explained(tx, decision_id=decision_id))
    return found


async def deny(shop: Shop, list_: DenyList, value: str) -> None:
    await shop.do(lambda tx: fraud.deny(tx, list_=list_, value=value, reason="x", added_by=None, now=utc_now()))


async def outcomes(shop: Shop, view: PaymentView) -> list[Outcome]:
    told = await shop.do(lambda tx: fraud.outcomes(tx, subject_ref=str(view.payment_id)))
    return [one for one, _ in told]


async def test_the_job_decides_before_a_gateway_is_asked(stripe: Shop):
    await deny(stripe, DenyList.DEVICE, "stolen phone")
    view = await stripe.start(device="stolen phone")
    assert (view.state, view.verdict, view.decision_id) == (PaymentState.CREATED, None, None)
    await stripe.run_jobs()
    after = await stripe.view(view.payment_id)
    assert (after.state, after.reason, after.verdict) == (PaymentState.FAILED, "refused", Screening.BLOCK)
    assert (after.gateway, await stripe.types(view.payment_id)) == (None, ["started", "screened", "failed"])
    assert await stripe.events() == [("payment_abandoned", str(view.payment_id))]
    event = (await explained(stripe, after)).event
    assert (event.device, event.at) == ("stolen phone", view.started_at)


async def test_all_that_is_known_of_the_payer_reaches_fraud(stripe: Shop):
    gains = UserId(new_id())
    view = await stripe.opened(
        network=ADDRESS, device="phone", country="PT", payer_email="me@Mail.Example", beneficiary=gains
    )
    event = (await explained(stripe, view)).event
    assert (event.network, event.device, event.country) == (ADDRESS, "phone", "PT")
    assert (event.email_domain, event.beneficiary, event.gateway) == ("mail.example", gains, "stripe")
    features = (await explained(stripe, view)).features
    assert 0 <= features["account_age_h"] < 1


async def test_a_fact_that_cannot_be_told_is_refused_at_once(stripe: Shop):
    with pytest.raises(fraud.UnusableFacts):
        await stripe.start(device="x" * 201)
    assert await stripe.run_jobs() == 0


async def test_what_outside_parties_say_decides(asking: Shop, outside: MinFraudServer):
    outside.scores[ADDRESS] = 77.5
    view = await asking.opened(network=ADDRESS, payer_email="me@mail.example")
    assert (view.verdict, view.state) == (Screening.STEP_UP, PaymentState.PENDING)
    assert (await explained(asking, view)).decision.signals["minfraud_risk_score"] == 77.5
    assert [one["event"]["transaction_id"] for one in outside.asked] == [str(view.payment_id)]


@pytest.mark.parametrize("fault", list(Fault))
async def test_an_outside_party_that_fails_stops_no_payment(asking: Shop, outside: MinFraudServer, fault: Fault):
    outside.scores[ADDRESS] = 77.5
    outside.faults.append(fault)
    view = await asking.opened(network=ADDRESS)
    assert (view.verdict, view.state) == (Screening.ALLOW, PaymentState.PENDING)
    assert (await explained(asking, view)).decision.signals == {}
    assert not outside.faults


async def test_workers_at_once_decide_once(asking: Shop, outside: MinFraudServer):
    view = await asking.start(network=ADDRESS)
    await asyncio.gather(*(asking.look(view.payment_id) for _ in range(4)))
    assert (await asking.types(view.payment_id)).count("screened") == 1
    decisions = await asking.do(lambda tx: fraud.decisions_about(tx, subject=str(view.payment_id)))
    assert len(decisions) == 1


async def test_called_off_before_fraud_looked_it_never_looks(asking: Shop, outside: MinFraudServer):
    view = await asking.start()
    await asking.do(lambda tx: service.cancel(tx, payment_id=view.payment_id, user_id=view.user_id))
    await asking.run_jobs()
    assert await asking.types(view.payment_id) == ["started", "cancelled"]
    assert outside.asked == []


async def test_before_capture_the_card_and_the_gateways_view_are_known(asking: Shop, outside: MinFraudServer):
    outside.scores[ADDRESS] = 20.0
    view = await asking.opened(MUCH, network=ADDRESS)
    asking.click(view, card=ELEVATED)
    await asking.note(view)
    await asking.look(view.payment_id)
    waits = await asking.view(view.payment_id)
    assert (waits.state, waits.in_review, waits.decision_id) == (PaymentState.AUTHORISED, True, view.decision_id)
    assert (await asking.types(view.payment_id)).count("rescreened") == 1
    decisions = await asking.do(lambda tx: fraud.decisions_about(tx, subject=str(view.payment_id)))
    assert len(decisions) == 2
    again = await asking.do(lambda tx: fraud.explained(tx, decision_id=decisions[0]))
    assert {**again.decision.signals, "minfraud_id": ""} == {
        "minfraud_risk_score": 20.0,
        "minfraud_ip_risk": 20.0,
        "minfraud_id": "",
        "radar_risk_level": "elevated",
        "radar_risk_score": "68",
    }
    seen = await asking.at_gateway(view)
    assert (again.event.method, seen.method_fingerprint is not None) == (seen.method_fingerprint, True)
    assert len(outside.asked) == 1  # they are not told the card, so they are not asked again


async def test_an_authorised_card_that_is_denied_is_given_up_and_its_review_closed(stripe: Shop):
    known = await stripe.paid()
    card = (await stripe.at_gateway(known)).method_fingerprint
    assert card is not None
    await deny(stripe, DenyList.METHOD, card)
    view = await stripe.opened(MUCH)
    assert view.in_review
    stripe.click(view)
    await stripe.note(view)
    after, there = await stripe.view(view.payment_id), await stripe.at_gateway(view)
    assert (after.state, after.reason, there.state) == (PaymentState.CANCELLED, "refused", ProviderState.CANCELLED)
    assert there.captured.minor == 0
    review = (await explained(stripe, view)).review
    assert review is not None
    assert review.state is not fraud.ReviewState.OPEN
    assert await stripe.events() == [
        ("payment_captured", str(known.payment_id)),
        ("payment_abandoned", str(view.payment_id)),
    ]
    assert await stripe.violations() == {}


async def test_a_payer_of_paypal_who_is_denied_is_not_captured(any_shop: Callable[[GatewayName], Shop]):
    shop = any_shop(GatewayName.PAYPAL)
    payer = UserId(new_id())
    account = (await shop.at_gateway(await shop.paid(user_id=payer))).method_fingerprint
    assert account is not None
    await deny(shop, DenyList.METHOD, account)
    view = await shop.opened(user_id=payer)
    assert view.verdict is Screening.ALLOW  # nothing of the account is known yet
    shop.click(view)
    await shop.note(view)
    after, there = await shop.view(view.payment_id), await shop.at_gateway(view)
    assert (after.state, after.reason, there.captured.minor) == (PaymentState.CANCELLED, "refused", 0)
    assert await shop.violations() == {}


@pytest.mark.parametrize("good", [True, False])
async def test_an_account_that_many_pay_with_is_held_for_a_person(
    any_shop: Callable[[GatewayName], Shop], database: Database, *, good: bool
):
    shop = any_shop(GatewayName.PAYPAL)
    for _ in range(4):
        await shop.paid_by("shared@example.org")
    view = await shop.opened()
    assert view.verdict is Screening.ALLOW
    shop.click(view, email="shared@example.org")
    await shop.note(view)
    held = await shop.view(view.payment_id)
    assert (held.state, held.in_review, held.verdict) == (PaymentState.AUTHORISED, True, Screening.REVIEW)
    assert held.decision_id != view.decision_id
    await shop.look(view.payment_id)
    assert (await shop.at_gateway(view)).captured.minor == 0

    await decide(shop, held, database, good=good)
    after = await shop.view(view.payment_id)
    expected = (PaymentState.CAPTURED, None) if good else (PaymentState.CANCELLED, "refused")
    assert (after.state, after.reason) == expected
    assert await shop.violations() == {}


async def test_a_warning_of_the_card_network_is_a_label_and_denies_the_card(stripe: Shop):
    view = await stripe.opened()
    stripe.click(view, card=WARNED_OF)
    await stripe.note(view)
    await stripe.note(view)
    assert await outcomes(stripe, view) == [Outcome.CAPTURED, Outcome.EARLY_FRAUD_WARNING]
    assert (await stripe.types(view.payment_id)).count("fraud_warned") == 1
    card = (await stripe.at_gateway(view)).method_fingerprint
    denied = await stripe.do(lambda tx: fraud.denied(tx, limit=10))
    assert [(one.list, one.value) for one in denied] == [(DenyList.METHOD, card)]


@pytest.mark.parametrize("said", [True, False])
async def test_a_refund_for_fraud_is_a_label_and_another_is_not(stripe: Shop, *, said: bool):
    view = await stripe.paid()
    await stripe.settle(view)
    await stripe.refund(view, "10.00", fraud=said)
    await stripe.run_jobs()
    assert await outcomes(stripe, view) == [Outcome.CAPTURED, *([Outcome.REFUNDED_AS_FRAUD] if said else [])]


async def test_payers_read_nothing_of_it(stripe: Shop):
    view = await stripe.opened(MUCH)
    stripe.click(view)
    await stripe.note(view)
    entries = await stripe.do(lambda tx: service.timeline(tx, payment_id=view.payment_id))
    shown = [one.type for one in entries if one.shown_to_payer]
    assert shown == ["started", "attempted", "opened", "authorised"]
