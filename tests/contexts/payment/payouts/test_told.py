"""Payees are not told how risk is judged: blocked, refused in review and refused by finance look the same to them."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.factories.payouts import ask, make_payee, new_user, request
from vibestream.contexts.payment.fraud import service as fraud
from vibestream.contexts.payment.payouts import service
from vibestream.contexts.payment.payouts.domain.told import told
from vibestream.contexts.payment.payouts.service import PayoutEvent, PayoutState, Told, ToldState, UnknownPayout
from vibestream.kernel.ids import UserId, new_id
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Tx

AT = datetime(2026, 3, 1, tzinfo=UTC)
SOURCES = Path(service.__file__).parent.parent
SECRET = ("risk", "block", "review", "velocity", "fraud", "second_ref", "differs", "not_sent")


def event(kind: str, state: PayoutState, note: str = "") -> PayoutEvent:
    return PayoutEvent(version=1, at=AT, kind=kind, state=state, actor=UserId(new_id()), note=note, transaction_id=None)


def test_a_block_a_review_and_a_refusal_are_one_word():
    said = {
        kind: [(one.kind, one.note) for one in told(event(kind, PayoutState.REJECTED, "velocity.user_24h"))][-1]
        for kind in ("blocked", "refused_in_review")
    }

    assert said == {"blocked": (Told.REJECTED, ""), "refused_in_review": (Told.REJECTED, "")}
    (by_finance,) = told(event("rejected", PayoutState.REJECTED, "Ask us by post"))
    assert (by_finance.kind, by_finance.note) == (Told.REJECTED, "Ask us by post")


@pytest.mark.parametrize("kind", ["released", "screened"])
def test_that_there_was_a_check_or_a_review_is_not_told(kind: str):
    assert told(event(kind, PayoutState.REQUESTED)) == ()


def test_one_that_is_being_checked_looks_like_one_that_waits_for_agreement():
    (said,) = told(event("requested", PayoutState.SCREENING))

    assert (said.kind, said.state) == (Told.REQUESTED, ToldState.REQUESTED)
    assert {state.value for state in ToldState} == {state.value for state in PayoutState} - {"screening"}


async def test_when_a_check_ended_is_not_told_either(tx: Tx):
    payee = await make_payee(tx, 500_000)
    asked = await request(tx, payee, 200_000, now=AT)
    checked = await service.screen(tx, payout_id=asked.payout_id, signals={}, now=AT + timedelta(seconds=1))
    assert checked is not None
    assert (checked.state, checked.changed_at) == (PayoutState.REQUESTED, AT + timedelta(seconds=1))
    assert service.changed_told(asked) == service.changed_told(checked) == AT
    over = await service.reject(tx, payout_id=asked.payout_id, by=new_user(), reason="No", now=AT + timedelta(hours=1))
    assert service.changed_told(over) == AT + timedelta(hours=1)


def test_the_reasons_of_a_risk_check_are_not_told_where_it_let_a_payout_wait():
    (said,) = told(event("requested", PayoutState.REQUESTED, "velocity.user_24h, payout.destination_young"))

    assert said.note == ""


@pytest.mark.parametrize("kind", ["second_ref", "amount_differs", "said_not_sent", "something_new"])
def test_what_is_for_finance_says_only_that_it_is_looked_at(kind: str):
    (said,) = told(event(kind, PayoutState.UNKNOWN, "po_123 beside po_456"))

    assert (said.kind, said.note) == (Told.CHECKED, "")


def test_every_kind_that_is_written_is_decided_about():
    """A kind that nobody thought of would be told as `checked`, which is safe but says little."""
    written = {
        kind
        for name in (
            *("domain/payouts", "service/deciding", "service/requesting", "service/screening", "service/sending"),
            "service/stepping",
        )
        for path in [SOURCES / f"{name}.py"]
        for kind in re.findall(r'kind="([a-z_]+)"', path.read_text(encoding="utf-8"))
    } - {"payout", "payout.changed"}  # what fraud is told of, and the pages

    assert {"requested", "blocked", "released", "arrived"} <= written
    vague = {kind for kind in written for one in told(event(kind, PayoutState.UNKNOWN)) if one.kind is Told.CHECKED}
    assert vague == {"second_ref", "said_not_sent"}


async def test_one_who_is_blocked_reads_the_story_of_a_refusal_and_finance_the_true_one(tx: Tx):
    payee = await make_payee(tx, 5_000)
    await fraud.deny(
        tx,
        list_=fraud.DenyList.USER,
        value=str(payee.user_id),
        reason="a test",
        added_by=None,
        now=utc_now() - timedelta(days=1),
    )
    payout = await ask(tx, payee, 2_000)
    story = await service.story(tx, payout_id=payout.payout_id, user_id=payee.user_id)
    _, true = await service.timeline(tx, payout_id=payout.payout_id)

    assert payout.state is PayoutState.REJECTED
    assert [(one.kind, one.state, one.note) for one in story] == [
        (Told.REQUESTED, ToldState.REQUESTED, ""),
        (Told.REJECTED, ToldState.REJECTED, ""),
    ]
    assert (true.kind, payout.failure) == ("blocked", "risk")
    assert service.failure_told(payout) == "rejected"


async def test_the_story_is_its_payees_alone(tx: Tx):
    payee, other = await make_payee(tx, 5_000), await make_payee(tx, 5_000)
    payout = await ask(tx, payee, 2_000)

    with pytest.raises(UnknownPayout):
        await service.story(tx, payout_id=payout.payout_id, user_id=other.user_id)


@pytest.mark.parametrize("state", list(PayoutState))
@pytest.mark.parametrize(
    "failure", ["risk", "refused_in_review", "rejected", "cancelled", "amount_differs", "second_ref", "not_sent", None]
)
async def test_no_failure_that_is_told_names_a_check(tx: Tx, state: PayoutState, failure: str | None):
    payee = await make_payee(tx, 5_000)
    payout = replace(await ask(tx, payee, 2_000), state=state, failure=failure)

    said = service.failure_told(payout) or ""
    assert not any(word in said for word in SECRET)
