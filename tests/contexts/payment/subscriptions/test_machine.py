"""The state machine and what time asks of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.factories.settling import usd
from tests.factories.subscriptions import FAMILY, PLAN, PREMIUM, PREMIUM_YEARLY, START, make_active, make_ordered, utc
from vibestream.contexts.payment.subscriptions.domain import subscription as machine
from vibestream.contexts.payment.subscriptions.domain.invoices import (
    Invoice,
    InvoiceId,
    InvoiceKind,
    InvoiceState,
    PaidPart,
    refundable,
)
from vibestream.contexts.payment.subscriptions.domain.subscription import EndReason, State, Subscription, WrongState
from vibestream.contexts.payment.subscriptions.domain.timing import Step, next_step
from vibestream.kernel.ids import PaymentId, SubscriptionId, new_id
from vibestream.kernel.time import Period

DAY = timedelta(days=1)
END = utc(2026, 12, 24, 12)


def test_an_ordered_one_entitles_to_nothing_and_is_given_up_after_two_days():
    ordered = make_ordered()

    assert ordered.entitled_until is None
    assert next_step(ordered, now=START + 2 * DAY - timedelta(seconds=1)) is Step.NOTHING
    assert next_step(ordered, now=START + 2 * DAY) is Step.END_ABANDONED


def test_a_trial_entitles_until_its_end_and_its_owner_is_told_three_days_before():
    trial = machine.begin_trial(make_ordered(), plan=PLAN, now=START)

    assert trial.entitled_until == START + 30 * DAY
    assert next_step(trial, now=START + 27 * DAY - timedelta(seconds=1)) is Step.NOTHING
    assert next_step(trial, now=START + 27 * DAY) is Step.TELL_TRIAL_ENDS
    told = replace(trial, told_of_end=trial.entitled_until)
    assert next_step(told, now=START + 28 * DAY) is Step.NOTHING
    assert next_step(told, now=START + 30 * DAY) is Step.END_TRIAL_OVER
    assert next_step(machine.cancelled(trial, now=START), now=START + 28 * DAY) is Step.NOTHING
    with pytest.raises(WrongState):
        machine.begin_trial(make_ordered(), plan=replace(PLAN, trial_days=0), now=START)


def test_what_is_paid_during_a_trial_begins_when_the_trial_ends():
    trial = machine.begin_trial(make_ordered(), plan=PLAN, now=utc(2027, 1, 1))

    period = machine.first_period(trial, terms=PREMIUM, at=utc(2027, 1, 10))

    assert period == Period(utc(2027, 1, 31), utc(2027, 2, 28))
    assert machine.first_period(make_ordered(), terms=PREMIUM, at=START) == Period(START, END)
    assert machine.first_period(trial, terms=PREMIUM, at=utc(2027, 2, 10)).start == utc(2027, 2, 10)


def test_an_active_one_is_renewed_at_its_end_and_entitles_a_week_longer():
    active = make_active(method=True)

    assert active.entitled_until == END + 7 * DAY
    assert next_step(active, now=END - timedelta(seconds=1)) is Step.NOTHING
    assert next_step(active, now=END) is Step.RENEW
    assert next_step(replace(active, next_attempt_at=None), now=END + DAY) is Step.NOTHING  # one is on its way
    assert machine.renewal_period(active) == Period(END, utc(2027, 1, 24, 12))


def test_the_owner_is_told_before_a_renewal_that_needs_them():
    by_hand, by_method = make_active(), make_active(method=True)

    assert next_step(by_hand, now=END - 3 * DAY) is Step.TELL_RENEWAL_DUE
    assert next_step(by_method, now=END - 3 * DAY) is Step.NOTHING


def test_failed_attempts_follow_the_schedule_and_then_it_ends():
    found = make_active(method=True)
    seen = []
    for day in (0, 1, 3, 7, 14):
        assert next_step(found, now=END + day * DAY) is Step.RENEW
        found = machine.attempt_failed(replace(found, next_attempt_at=None), now=END + day * DAY)
        seen.append((found.state, found.next_attempt_at))

    assert seen == [
        (State.PAST_DUE, END + 1 * DAY),
        (State.PAST_DUE, END + 3 * DAY),
        (State.PAST_DUE, END + 7 * DAY),
        (State.PAST_DUE, END + 14 * DAY),
        (State.ENDED, None),
    ]
    assert found.end_reason is EndReason.UNPAID


def test_days_that_passed_while_nobody_worked_are_not_made_up_for():
    late = machine.attempt_failed(make_active(method=True), now=END + 5 * DAY)

    assert (late.failures, late.next_attempt_at) == (1, END + 7 * DAY)
    assert machine.attempt_failed(late, now=END + 14 * DAY).end_reason is EndReason.UNPAID


def test_a_failure_before_the_end_or_after_it_all_changes_nothing():
    active = make_active()
    over = machine.ended(active, reason=EndReason.UNPAID, now=END)

    assert machine.attempt_failed(active, now=END - DAY) == active
    assert machine.attempt_failed(over, now=END) == over
    assert machine.ended(over, reason=EndReason.CANCELLED, now=END + DAY) == over


def test_an_attempt_without_an_answer_is_given_up_on_after_fifteen_days():
    waiting = replace(make_active(method=True), next_attempt_at=None)

    assert next_step(waiting, now=END + 15 * DAY - timedelta(seconds=1)) is Step.NOTHING
    assert next_step(waiting, now=END + 15 * DAY) is Step.END_UNPAID
    assert next_step(machine.ended(waiting, reason=EndReason.UNPAID, now=END), now=END + 99 * DAY) is Step.NOTHING


def test_paying_late_puts_everything_right():
    failed = machine.attempt_failed(make_active(method=True), now=END)
    period = machine.renewal_period(failed)

    put_right = machine.paid(failed, terms=PREMIUM, period=period, anchor=START, method_of=None)

    assert (put_right.state, put_right.failures, put_right.next_attempt_at) == (State.ACTIVE, 0, period.end)
    assert put_right.method_of == failed.method_of


def test_what_is_cancelled_ends_with_its_period_and_can_be_taken_back_until_then():
    cancelled = machine.cancelled(make_active(method=True), now=START + DAY)

    assert (cancelled.state, cancelled.entitled_until) == (State.ACTIVE, END)
    assert next_step(cancelled, now=END) is Step.END_CANCELLED
    assert machine.cancellation_undone(cancelled, now=END - DAY).entitled_until == END + 7 * DAY
    with pytest.raises(WrongState):
        machine.cancellation_undone(cancelled, now=END)


def test_cancelling_what_is_unpaid_ends_it_now():
    assert machine.cancelled(make_ordered(), now=START).end_reason is EndReason.ABANDONED
    past_due = machine.attempt_failed(make_active(), now=END)
    assert machine.cancelled(past_due, now=END + DAY).end_reason is EndReason.CANCELLED
    with pytest.raises(WrongState):
        machine.cancelled(machine.cancelled(past_due, now=END + DAY), now=END + DAY)


def test_a_change_for_later_is_what_the_next_period_will_be():
    changed = machine.change_scheduled(make_active(terms=FAMILY), terms=PREMIUM_YEARLY)

    assert machine.renewal_period(changed) == Period(END, utc(2027, 12, 24, 12))
    assert machine.change_scheduled(changed, terms=FAMILY).next_terms is None
    for refused in (make_ordered(), machine.cancelled(make_active(), now=START)):
        with pytest.raises(WrongState):
            machine.change_scheduled(refused, terms=PREMIUM)
    with pytest.raises(WrongState):
        machine.renewal_period(make_ordered())
    with pytest.raises(WrongState):
        machine.paid(
            machine.ended(changed, reason=EndReason.UNPAID, now=END),
            terms=PREMIUM, period=Period(START, END), anchor=START, method_of=None,
        )  # fmt: skip


MOVES = st.lists(
    st.tuples(st.integers(0, 12 * 86_400), st.sampled_from(["time", "fail", "pay", "cancel", "undo", "change"])),
    max_size=40,
)


@given(moves=MOVES)
def test_whatever_happens_it_never_entitles_beyond_a_week_after_what_was_paid(moves: list[tuple[int, str]]):
    found, now, paid_until = make_active(method=True), START, END
    for wait_s, what in moves:
        now += timedelta(seconds=wait_s)
        found, paid_until = moved(found, what, now, paid_until)
        until = found.entitled_until
        assert until is None or until <= paid_until + 7 * DAY
        assert found.live or (found.next_attempt_at is None and until is None)
        assert found.period is None or found.period.end == paid_until


def moved(  # noqa: PLR0911 - one for each move
    found: Subscription, what: str, now: datetime, paid_until: datetime
) -> tuple[Subscription, datetime]:
    try:
        match what:
            case "time":
                step = next_step(found, now=now)
                if step.value.startswith("end"):
                    return machine.ended(found, reason=EndReason.UNPAID, now=now), paid_until
            case "fail":
                return machine.attempt_failed(found, now=now), paid_until
            case "pay" if now >= paid_until:
                period = machine.renewal_period(found)
                assert period.end is not None
                renewed = machine.paid(found, terms=found.renewed_as, period=period, anchor=START, method_of=None)
                return renewed, period.end
            case "cancel":
                return machine.cancelled(found, now=now), paid_until
            case "undo":
                return machine.cancellation_undone(found, now=now), paid_until
            case "change":
                return machine.change_scheduled(found, terms=PREMIUM_YEARLY), paid_until
            case _:
                pass
    except WrongState:
        pass
    return found, paid_until


def make_invoice(worth: int, credit: int, covers: Period | None) -> Invoice:
    return Invoice(
        invoice_id=InvoiceId(new_id()), subscription_id=SubscriptionId(new_id()), kind=InvoiceKind.CHANGE, terms=PREMIUM,
        worth=usd(worth), credit=usd(credit), state=InvoiceState.PAID, covers=covers, basis_end=None, follows=None,
        made_at=START, paid_at=START,
    )  # fmt: skip


def part(left: int) -> PaidPart:
    return PaidPart(payment_id=PaymentId(new_id()), invoice_id=InvoiceId(new_id()), left=usd(left))


def test_the_unused_rest_goes_back_to_the_payments_it_came_from_the_newest_first():
    june = Period(utc(2027, 6, 1), utc(2027, 7, 1))
    newest, before = part(300), part(1_000)

    found = refundable(make_invoice(1_600, 1_300, june), parts=[newest, before], at=utc(2027, 6, 16))

    assert found == [(newest, usd(300)), (before, usd(500))]
    assert refundable(make_invoice(1_600, 0, june), parts=[part(100)], at=utc(2027, 6, 16))[0][1] == usd(100)
    assert refundable(make_invoice(1_600, 0, june), parts=[newest], at=utc(2027, 7, 1)) == []
    assert refundable(make_invoice(1_600, 0, None), parts=[newest], at=utc(2027, 6, 1)) == []
