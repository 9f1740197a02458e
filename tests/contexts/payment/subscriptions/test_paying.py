"""Subscribing, renewing, failing, ending: with checkout's own payments, at the test's own time."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from tests.contexts.payment.subscriptions.conftest import PAYER, Fan, deferred
from tests.factories.observed import observed, observed_captured
from tests.factories.settling import held_by, wallet_of
from tests.factories.subscriptions import FAMILY, PREMIUM, PREMIUM_YEARLY, START, utc
from vibestream.contexts.payment.checkout import service as checkout
from vibestream.contexts.payment.checkout.service import PaymentState
from vibestream.contexts.payment.gateways.domain.port import ProviderState
from vibestream.contexts.payment.ledger.service import AccountKind
from vibestream.contexts.payment.subscriptions import service
from vibestream.contexts.payment.subscriptions.service import EndReason, State, Step, Terms
from vibestream.kernel.ids import UserId, new_id
from vibestream.kernel.money import EUR, USD, Currency, Money
from vibestream.platform.database import Tx

DAY = timedelta(days=1)
END = utc(2026, 12, 24, 12)
NOVEMBER, DECEMBER, JANUARY = date(2026, 11, 1), date(2026, 12, 1), date(2027, 1, 1)


async def test_the_first_payment_begins_the_first_period_and_is_deferred_to_its_month(fan: Fan, tx: Tx):
    found = await fan.subscribes()

    assert (found.state, found.period and found.period.start, found.period and found.period.end) == (
        State.ACTIVE, START, END,
    )  # fmt: skip
    assert await deferred(tx, NOVEMBER, DECEMBER) == [1_099, 0]
    payment_id = found.method_of
    assert await held_by(tx, AccountKind.PAYMENT_ESCROW, str(payment_id)) == 0
    [announced] = await fan.announced("subscription_changed")
    assert (announced["plan"], announced["max_kbps"], announced["lossless"]) == ("premium", 320, True)
    assert announced["until"].startswith("2026-12-31T12:00:00")


async def test_before_it_is_paid_it_entitles_to_nothing(fan: Fan, tx: Tx):
    ordered = await service.subscribe(tx, user_id=fan.user_id, terms=PREMIUM, currency=USD, payer=PAYER, now=START)

    assert ordered.payment is not None
    assert (ordered.payment.amount, ordered.payment.subject) == (
        Money(1_099, USD), str(ordered.subscription.subscription_id),
    )  # fmt: skip
    assert await fan.plan() == "free"
    assert await fan.announced("subscription_changed") == []


async def test_a_year_is_deferred_in_twelve_parts(fan: Fan, tx: Tx):
    await fan.subscribes(PREMIUM_YEARLY)

    months = [date(2026 + (10 + n) // 12, (10 + n) % 12 + 1, 1) for n in range(12)]
    assert await deferred(tx, *months) == [916] * 10 + [915] * 2
    assert await deferred(tx, date(2027, 11, 1)) == [0]


async def test_what_is_settled_twice_is_settled_once(fan: Fan, tx: Tx):
    found = await fan.subscribes()
    assert found.method_of is not None
    payment = await checkout.payment(tx, payment_id=found.method_of)

    await fan.pays(payment, method=True)

    assert await deferred(tx, NOVEMBER) == [1_099]
    assert len(await fan.announced("subscription_changed")) == 1


async def test_one_account_has_one_subscription_and_an_unpaid_order_gives_way(fan: Fan, tx: Tx):
    first = await service.subscribe(tx, user_id=fan.user_id, terms=PREMIUM, currency=USD, payer=PAYER, now=START)
    second = await service.subscribe(tx, user_id=fan.user_id, terms=FAMILY, currency=USD, payer=PAYER, now=START)
    assert first.payment is not None
    assert (await checkout.payment(tx, payment_id=first.payment.payment_id)).state is PaymentState.CANCELLED

    await fan.pays(second.payment)

    with pytest.raises(service.AlreadySubscribed):
        await service.subscribe(tx, user_id=fan.user_id, terms=PREMIUM, currency=USD, payer=PAYER, now=START)


async def test_money_for_an_order_that_was_given_up_is_kept_for_its_payer(fan: Fan, tx: Tx):
    first = await service.subscribe(tx, user_id=fan.user_id, terms=PREMIUM, currency=USD, payer=PAYER, now=START)
    assert first.payment is not None
    await observed(tx, first.payment.payment_id)  # the payer has its page open
    second = await service.subscribe(tx, user_id=fan.user_id, terms=FAMILY, currency=USD, payer=PAYER, now=START)

    await fan.pays(first.payment)  # the payer's other tab
    await fan.pays(second.payment)

    assert (await fan.subscription()).terms == FAMILY
    assert await wallet_of(tx, fan.user_id) == (1_099, 0)
    assert await deferred(tx, NOVEMBER) == [1_699]


@pytest.mark.parametrize(
    ("terms", "currency", "error"),
    [
        (Terms(plan="gold", cycle=PREMIUM.cycle), USD, service.UnknownPlan),
        (Terms(plan="free", cycle=PREMIUM.cycle), USD, service.NotSold),
        (PREMIUM, Currency.of("JPY"), service.NotSold),
        (PREMIUM, Currency.of("VIBE"), service.NotSold),
    ],
)
async def test_what_is_not_sold_cannot_be_had(
    fan: Fan, tx: Tx, terms: Terms, currency: Currency, error: type[Exception]
):
    with pytest.raises(error):
        await service.subscribe(tx, user_id=fan.user_id, terms=terms, currency=currency, payer=PAYER, now=START)
    with pytest.raises(error):
        await service.start_trial(tx, user_id=fan.user_id, terms=terms, currency=currency, now=START)


async def test_a_trial_entitles_at_once_once_and_ends_by_itself(fan: Fan, tx: Tx):
    await service.start_trial(tx, user_id=fan.user_id, terms=PREMIUM, currency=EUR, now=START)
    assert await fan.plan() == "premium"

    assert await fan.at(START + 27 * DAY) is Step.TELL_TRIAL_ENDS
    assert await fan.at(START + 27 * DAY) is Step.NOTHING
    [told] = await fan.announced("trial_ending")
    assert (told["amount"], told["plan"]) == ({"minor": 999, "currency": {"code": "EUR", "exponent": 2}}, "premium")
    assert await fan.at(START + 30 * DAY) is Step.END_TRIAL_OVER
    assert await fan.plan() == "free"
    assert (await fan.subscription()).end_reason is EndReason.TRIAL_OVER
    with pytest.raises(service.TrialUsed):
        await service.start_trial(tx, user_id=fan.user_id, terms=PREMIUM, currency=EUR, now=fan.now)
    assert not (await fan.standing()).trial_available


async def test_paying_during_a_trial_begins_the_period_when_the_trial_ends(fan: Fan, tx: Tx):
    await service.start_trial(tx, user_id=fan.user_id, terms=PREMIUM, currency=USD, now=START)
    fan.now = START + 10 * DAY

    ordered = await service.pay(tx, user_id=fan.user_id, payer=PAYER, now=fan.now)
    await fan.pays(ordered.payment, method=True)

    found = await fan.subscription()
    assert (found.state, found.period and found.period.start) == (State.ACTIVE, utc(2026, 12, 24, 12))
    assert await deferred(tx, NOVEMBER, DECEMBER) == [0, 1_099]
    assert await fan.at(START + 30 * DAY) is Step.NOTHING


async def test_a_renewal_charges_the_method_once_and_begins_where_the_period_ended(fan: Fan, tx: Tx):
    await fan.subscribes()

    assert await fan.at(END) is Step.RENEW
    assert await fan.at(END + timedelta(minutes=1)) is Step.NOTHING  # one is on its way
    payment = await fan.pays(await fan.due_payment())

    found = await fan.subscription()
    assert (found.state, found.period and found.period.start, found.period and found.period.end) == (
        State.ACTIVE, END, utc(2027, 1, 24, 12),
    )  # fmt: skip
    assert payment.amount == Money(1_099, USD)
    assert await deferred(tx, NOVEMBER, DECEMBER, JANUARY) == [1_099, 1_099, 0]


async def test_a_renewal_that_fails_is_tried_on_days_1_3_7_and_14_and_then_it_ends(fan: Fan, tx: Tx):
    await fan.subscribes()
    for day in (0, 1, 3, 7, 14):
        assert await fan.at(END + day * DAY) is Step.RENEW, day
        await fan.fails_to_pay(await fan.due_payment())
        assert await fan.plan() == ("premium" if day < 7 else "free"), day

    found = await fan.subscription()
    assert (found.state, found.end_reason) == (State.ENDED, EndReason.UNPAID)
    told = await fan.announced("renewal_failed")
    assert [one["next_try_at"] is None for one in told] == [False] * 4 + [True]
    assert await fan.at(END + 20 * DAY) is Step.NOTHING
    assert await deferred(tx, DECEMBER) == [0]


async def test_a_payment_without_an_answer_is_never_charged_beside(fan: Fan, tx: Tx):
    await fan.subscribes()
    await fan.at(END)
    waiting = await fan.due_payment()
    assert waiting is not None
    await observed(tx, waiting.payment_id, state=ProviderState.PROCESSING)

    for day in (1, 3, 7, 14):
        assert await fan.at(END + day * DAY) is Step.NOTHING
    assert await fan.at(END + 15 * DAY) is Step.END_UNPAID
    assert [one["next_try_at"] for one in await fan.announced("renewal_failed")] == [None]
    await fan.pays(waiting)  # it came after all

    assert await wallet_of(tx, fan.user_id) == (1_099, 0)
    assert await deferred(tx, DECEMBER) == [0]
    assert await fan.plan() == "free"


async def test_two_attempts_that_are_both_captured_pay_once_and_the_other_is_the_payers(fan: Fan, tx: Tx):
    await fan.subscribes()
    await fan.at(END)
    first = await fan.due_payment()
    await fan.fails_to_pay(first)
    await fan.at(END + DAY)
    second = await fan.due_payment()
    assert first is not None
    assert second is not None
    assert first.payment_id != second.payment_id

    await fan.pays(second)
    late = await observed_captured(tx, first.payment_id, at=fan.now)
    await service.settle(tx, captured=late, now=fan.now)

    assert await wallet_of(tx, fan.user_id) == (1_099, 0)
    assert await deferred(tx, DECEMBER) == [1_099]


async def test_without_a_method_the_owner_is_asked_to_pay_by_hand(fan: Fan, tx: Tx):
    await fan.subscribes(method=False)

    assert await fan.at(END - 3 * DAY) is Step.NOTHING  # a method may have been kept: nobody has tried it yet
    assert await fan.at(END) is Step.RENEW
    [asked] = await fan.announced("renewal_due")
    assert asked["period_end"].startswith("2026-12-24T12:00:00")
    assert (await fan.subscription()).state is State.PAST_DUE
    fan.now = END + 2 * DAY
    ordered = await service.pay(tx, user_id=fan.user_id, payer=PAYER, now=fan.now)
    again = await service.pay(tx, user_id=fan.user_id, payer=PAYER, now=fan.now)
    assert ordered.payment is not None
    assert again.payment is not None
    assert ordered.payment.payment_id == again.payment.payment_id  # goes on with the one under way
    await fan.pays(ordered.payment, method=True)

    found = await fan.subscription()
    assert (found.state, found.period and found.period.start) == (State.ACTIVE, END)
    assert await fan.announced("renewal_failed") == []
    assert await fan.at(END + 31 * DAY) is Step.RENEW
    assert (await fan.due_payment()) is not None  # the method that was kept is charged


async def test_a_payer_who_gives_up_at_the_gateway_has_not_failed_to_be_charged(fan: Fan, tx: Tx):
    await fan.subscribes(method=False)
    await fan.at(END)
    before = await fan.subscription()
    ordered = await service.pay(tx, user_id=fan.user_id, payer=PAYER, now=fan.now)
    assert ordered.payment is not None
    await observed(tx, ordered.payment.payment_id, state=ProviderState.CANCELLED)
    await service.abandon(tx, payment_id=ordered.payment.payment_id, now=fan.now)

    assert await fan.subscription() == before
    again = await service.pay(tx, user_id=fan.user_id, payer=PAYER, now=fan.now)
    assert again.payment is not None
    assert again.payment.payment_id != ordered.payment.payment_id


async def test_nothing_is_due_while_it_is_paid(fan: Fan, tx: Tx):
    await fan.subscribes()

    with pytest.raises(service.NothingDue):
        await service.pay(tx, user_id=fan.user_id, payer=PAYER, now=START + DAY)
    with pytest.raises(service.SubscriptionMissing):
        await service.pay(tx, user_id=UserId(new_id()), payer=PAYER, now=START)


async def test_what_is_cancelled_plays_to_the_end_of_its_period_and_not_longer(fan: Fan, tx: Tx):
    await fan.subscribes()
    fan.now = START + DAY
    await service.cancel(tx, user_id=fan.user_id, now=fan.now)
    assert (await fan.announced("subscription_changed"))[-1]["until"].startswith("2026-12-24T12:00:00")
    await service.undo_cancel(tx, user_id=fan.user_id, now=fan.now)
    assert (await fan.announced("subscription_changed"))[-1]["until"].startswith("2026-12-31T12:00:00")
    await service.cancel(tx, user_id=fan.user_id, now=fan.now)

    fan.now = END - timedelta(seconds=1)
    assert await fan.plan() == "premium"
    assert await fan.at(END) is Step.END_CANCELLED
    assert await fan.plan() == "free"
    assert await deferred(tx, NOVEMBER) == [1_099]
    with pytest.raises(service.SubscriptionMissing):
        await service.undo_cancel(tx, user_id=fan.user_id, now=fan.now)


async def test_an_order_nobody_paid_is_given_up_and_its_payment_called_off(fan: Fan, tx: Tx):
    ordered = await service.subscribe(tx, user_id=fan.user_id, terms=PREMIUM, currency=USD, payer=PAYER, now=START)

    assert await fan.at(START + 2 * DAY) is Step.END_ABANDONED
    assert ordered.payment is not None
    assert (await checkout.payment(tx, payment_id=ordered.payment.payment_id)).state is PaymentState.CANCELLED


async def test_a_payment_that_no_invoice_knows_is_kept_for_its_payer(fan: Fan, tx: Tx):
    found = await fan.subscribes()
    view = await checkout.start(
        tx, key=f"stray:{new_id()}", user_id=fan.user_id, purpose=checkout.Purpose.SUBSCRIPTION,
        subject=str(found.subscription_id), amount=Money(300, USD), description="Stray", return_to="/",
    )  # fmt: skip

    await fan.pays(view)
    await service.abandon(tx, payment_id=view.payment_id, now=fan.now)

    assert await wallet_of(tx, fan.user_id) == (300, 0)


async def test_those_of_whom_time_asks_something_are_found(fan: Fan, tx: Tx):
    quiet = Fan(tx)
    await quiet.subscribes()
    found = await fan.subscribes()
    trial = await service.start_trial(tx, user_id=UserId(new_id()), terms=PREMIUM, currency=USD, now=START)

    async def due(now: object) -> set[object]:
        return {
            one
            for one in await service.list_due(tx, now=now, limit=1_000)  # type: ignore[arg-type]
            if one in {found.subscription_id, trial.subscription_id}
        }

    assert await due(START + DAY) == set()
    assert await due(START + 27 * DAY) == {trial.subscription_id}
    assert await due(END) == {found.subscription_id, trial.subscription_id}
    await fan.at(END)
    assert await due(END) == {trial.subscription_id}
    assert await service.list_due(tx, now=END, after=trial.subscription_id, limit=0) == []
