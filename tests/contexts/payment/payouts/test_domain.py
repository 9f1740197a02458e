"""What a payee gets and what becomes of a payout, decided purely."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.factories.payouts import new_user, usd
from vibestream.contexts.payment.gateways.service import GatewayName, MoveState, ProviderPayout
from vibestream.contexts.payment.payouts.domain.destinations import Destination, read_address, usable_from
from vibestream.contexts.payment.payouts.domain.payouts import (
    Books,
    Payout,
    PayoutState,
    approvals_after,
    check_voter,
    may_ask,
    steps_of,
)
from vibestream.contexts.payment.payouts.domain.terms import Terms, divide
from vibestream.contexts.payment.payouts.service import (
    AboveAvailable,
    BelowMinimum,
    DestinationInvalid,
    NotPayable,
    OwnPayout,
)
from vibestream.kernel.ids import PayoutId, RiskDecisionId, new_id
from vibestream.kernel.money import EUR, Money

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
TERMS = Terms(method=GatewayName.STRIPE, minimum=usd(1_000), fee=usd(25), fee_bp=25, four_eyes_above=usd(100_000))
S, M = PayoutState, MoveState


def make_payout(state: PayoutState = S.SENDING, **changes: object) -> Payout:
    payout = Payout(
        payout_id=PayoutId(new_id()),
        user_id=new_user(),
        gross=usd(5_000),
        fee=usd(37),
        method=GatewayName.STRIPE,
        destination_id=new_id(),
        address="acct_1",
        gateway_key="payout:1",
        requested_by=new_user(),
        requested_at=NOW,
        decision_id=RiskDecisionId(new_id()),
        approvals_needed=0,
        under_review=False,
        state=state,
        payout_ref="tr_1",
        first_sent_at=NOW,
        provider_fee=None,
        failure=None,
        version=3,
        changed_at=NOW,
    )
    return replace(payout, **changes)  # type: ignore[arg-type]  # fields of a payout


def seen(state: MoveState, minor: int = 4_963, failure: str | None = None) -> ProviderPayout:
    return ProviderPayout(payout_ref="tr_1", payout_id=None, amount=usd(minor), fee=None, state=state, failure=failure)


@pytest.mark.parametrize(
    ("available", "debt", "asked", "parts"),
    [
        (5_000, 0, None, (0, 5_000, 37, 4_963)),  # 25 + 12.5, half to even
        (5_000, 0, 1_000, (0, 1_000, 27, 973)),  # 25 + 2.5, half to even
        (5_000, 1_500, None, (1_500, 3_500, 34, 3_466)),  # 25 + 8.75
        (5_000, 4_000, 1_000, (4_000, 1_000, 27, 973)),
    ],
)
def test_what_is_owed_is_taken_first(available: int, debt: int, asked: int | None, parts: tuple[int, int, int, int]):
    found = divide(available=usd(available), debt=usd(debt), asked=None if asked is None else usd(asked), terms=TERMS)
    assert (found.owed.minor, found.gross.minor, found.fee.minor, found.net.minor) == parts


@pytest.mark.parametrize(
    ("available", "debt", "asked", "error"),
    [
        (999, 0, None, BelowMinimum),
        (5_000, 0, 999, BelowMinimum),
        (5_000, 0, 0, BelowMinimum),
        (5_000, 0, -5_000, BelowMinimum),
        (5_000, 4_001, None, BelowMinimum),
        (5_000, 9_000, None, BelowMinimum),
        (5_000, 0, 5_001, AboveAvailable),
        (5_000, 4_000, 1_001, AboveAvailable),
    ],
)
def test_neither_crumbs_nor_more_than_there_is(available: int, debt: int, asked: int | None, error: type[Exception]):
    with pytest.raises(error):
        divide(available=usd(available), debt=usd(debt), asked=None if asked is None else usd(asked), terms=TERMS)


@given(available=st.integers(0, 10**12), debt=st.integers(0, 10**12))
def test_nothing_is_made_or_lost_by_dividing(available: int, debt: int):
    try:
        found = divide(available=usd(available), debt=usd(debt), asked=None, terms=TERMS)
    except BelowMinimum:
        assert available - min(available, debt) < 1_000
        return
    assert found.owed.minor + found.fee.minor + found.net.minor == available
    assert found.net.minor > 0
    assert found.owed.minor == min(debt, available)


@pytest.mark.parametrize(
    ("gross", "doubtful", "people"), [(100_000, False, 0), (100_001, False, 2), (5_000, True, 1), (100_001, True, 2)]
)
def test_so_many_people_have_to_agree(gross: int, people: int, *, doubtful: bool):
    by_amount = TERMS.needs_approvals(usd(gross))

    assert approvals_after(make_payout(approvals_needed=by_amount), doubtful=doubtful) == people


@pytest.mark.parametrize(
    ("state", "at_gateway", "steps"),
    [
        (S.SENDING, M.PENDING, [("accepted", S.IN_TRANSIT, Books.NOTHING)]),
        (S.SENDING, M.SUCCEEDED, [("arrived", S.PAID, Books.ARRIVED)]),
        (S.SENDING, M.FAILED, [("failed", S.FAILED, Books.BACK)]),
        (S.SENDING, M.RETURNED, [("returned", S.RETURNED, Books.BACK)]),
        (S.UNKNOWN, M.SUCCEEDED, [("arrived", S.PAID, Books.ARRIVED)]),
        (S.UNKNOWN, M.PENDING, [("accepted", S.IN_TRANSIT, Books.NOTHING)]),
        (S.IN_TRANSIT, M.PENDING, []),
        (S.IN_TRANSIT, M.SUCCEEDED, [("arrived", S.PAID, Books.ARRIVED)]),
        (S.IN_TRANSIT, M.FAILED, [("failed", S.FAILED, Books.BACK)]),
        (S.IN_TRANSIT, M.RETURNED, [("returned", S.RETURNED, Books.BACK)]),
        (S.PAID, M.PENDING, []),
        (S.PAID, M.SUCCEEDED, []),
        (S.PAID, M.RETURNED, [("returned", S.RETURNED, Books.RETURNED)]),
        (S.PAID, M.FAILED, [("returned", S.RETURNED, Books.RETURNED)]),
        (S.FAILED, M.FAILED, []),
        (S.FAILED, M.RETURNED, []),
        (S.FAILED, M.PENDING, [("reopened", S.IN_TRANSIT, Books.REOPENED)]),
        (
            S.FAILED,
            M.SUCCEEDED,
            [("reopened", S.IN_TRANSIT, Books.REOPENED), ("arrived", S.PAID, Books.ARRIVED)],
        ),
        *[(over, at, []) for over in (S.RETURNED, S.REJECTED, S.REQUESTED) for at in M],
    ],
)
def test_what_the_gateway_says_leads_to(
    state: PayoutState, at_gateway: MoveState, steps: list[tuple[str, PayoutState, Books]]
):
    found = steps_of(make_payout(state), seen(at_gateway))
    assert [(step.kind, step.state, step.books) for step in found] == steps


@given(order=st.lists(st.sampled_from(list(M)), max_size=8))
def test_readings_in_any_order_move_the_money_at_most_once_at_a_time(order: list[MoveState]):
    payout, away, came = make_payout(S.SENDING), 1, 0
    for reading in order:
        for step in steps_of(payout, seen(reading)):
            match step.books:
                case Books.ARRIVED:
                    away, came = away - 1, came + 1
                case Books.BACK:
                    away -= 1
                case Books.RETURNED:
                    came -= 1
                case Books.REOPENED:
                    away += 1
                case Books.NOTHING:
                    pass
            assert away in {0, 1}
            assert came in {0, 1}
            payout = replace(payout, state=step.state, failure=step.failure)
    assert away == (payout.state in {S.SENDING, S.IN_TRANSIT})
    assert came == (payout.state is S.PAID)


@pytest.mark.parametrize("at_gateway", list(M))
@pytest.mark.parametrize("minor", [4_962, 4_964, 49_630, 5_000])
def test_another_amount_than_was_asked_for_moves_nothing(minor: int, at_gateway: MoveState):
    payout = make_payout(S.SENDING)
    (step,) = steps_of(payout, seen(at_gateway, minor))
    assert (step.state, step.books, step.failure) == (S.UNKNOWN, Books.NOTHING, "amount_differs")
    flagged = replace(payout, state=step.state, failure=step.failure)
    assert steps_of(flagged, seen(at_gateway, minor)) == ()
    assert not may_ask(flagged, now=NOW)


def test_another_currency_is_another_amount():
    (step,) = steps_of(make_payout(S.SENDING), replace(seen(M.SUCCEEDED), amount=Money(4_963, EUR)))
    assert step.failure == "amount_differs"


def test_the_gateways_own_word_for_a_failure_is_kept():
    (step,) = steps_of(make_payout(S.IN_TRANSIT), seen(M.FAILED, failure="RECEIVER_UNREGISTERED"))
    assert step.failure == "RECEIVER_UNREGISTERED"


@pytest.mark.parametrize(
    ("state", "method", "after", "may"),
    [
        (S.APPROVED, GatewayName.STRIPE, timedelta(days=300), True),
        (S.SENDING, GatewayName.STRIPE, timedelta(hours=19), True),
        (S.SENDING, GatewayName.STRIPE, timedelta(hours=20), False),
        (S.UNKNOWN, GatewayName.STRIPE, timedelta(hours=21), False),
        (S.UNKNOWN, GatewayName.PAYPAL, timedelta(days=24), True),
        (S.UNKNOWN, GatewayName.PAYPAL, timedelta(days=25), False),
        (S.REQUESTED, GatewayName.STRIPE, timedelta(0), False),
        (S.IN_TRANSIT, GatewayName.STRIPE, timedelta(0), False),
        (S.PAID, GatewayName.STRIPE, timedelta(0), False),
        (S.FAILED, GatewayName.STRIPE, timedelta(0), False),
    ],
)
def test_a_gateway_is_asked_again_only_while_it_remembers_the_key(
    state: PayoutState, method: GatewayName, after: timedelta, *, may: bool
):
    assert may_ask(make_payout(state, method=method), now=NOW + after) is may


def test_nobody_votes_on_their_own():
    payout = make_payout()
    check_voter(payout, voter=new_user())
    for voter in (payout.user_id, payout.requested_by):
        assert voter is not None
        with pytest.raises(OwnPayout):
            check_voter(payout, voter=voter)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("you@example.org", "you@example.org"),
        ("  You.Too+1@Example.ORG ", "you.too+1@example.org"),
        ("a@b.co", "a@b.co"),
    ],
)
def test_an_address_at_paypal_is_kept_in_one_form(text: str, kept: str):
    assert read_address(GatewayName.PAYPAL, text) == kept


@pytest.mark.parametrize(
    ("method", "text"),
    [
        (GatewayName.PAYPAL, ""),
        (GatewayName.PAYPAL, "nobody"),
        (GatewayName.PAYPAL, "a@b@c.org"),
        (GatewayName.PAYPAL, "a b@c.org"),
        (GatewayName.PAYPAL, "a@c..org"),
        (GatewayName.PAYPAL, "a@.org"),
        (GatewayName.PAYPAL, "a@c.org\nbcc: d@e.org"),
        (GatewayName.PAYPAL, "ñ@c.org"),
        (GatewayName.PAYPAL, "a" * 65 + "@c.org"),
        (GatewayName.STRIPE, "acct_"),
        (GatewayName.STRIPE, "acct_1\n"),
        (GatewayName.STRIPE, "acct_1/../2"),
        (GatewayName.STRIPE, "you@example.org"),
        (GatewayName.COINBASE, "0xabc"),
    ],
)
def test_what_no_money_can_be_sent_to_is_refused(method: GatewayName, text: str):
    with pytest.raises(DestinationInvalid):
        read_address(method, text)


def make_destination(**changes: object) -> Destination:
    made = Destination(
        destination_id=new_id(),
        user_id=new_user(),
        method=GatewayName.PAYPAL,
        address="payee@example.org",
        ready=True,
        set_at=NOW,
        usable_from=NOW,
    )
    return replace(made, **changes)  # type: ignore[arg-type]  # fields of a destination


def test_the_first_destination_is_used_at_once_and_a_change_after_72_hours():
    assert usable_from(before=None, now=NOW) == NOW
    assert usable_from(before=make_destination(), now=NOW) == datetime(2026, 11, 27, 12, tzinfo=UTC)


def test_a_change_that_waits_and_an_unready_account_are_not_used():
    waits = make_destination(usable_from=NOW + timedelta(seconds=1))
    with pytest.raises(NotPayable) as refusal:
        waits.check_usable(NOW)
    assert refusal.value.reason == "destination_waits"
    waits.check_usable(NOW + timedelta(seconds=1))
    with pytest.raises(NotPayable) as refusal:
        make_destination(ready=False).check_usable(NOW)
    assert refusal.value.reason == "destination_unready"


@pytest.mark.parametrize(("address", "shown"), [("payee@example.org", "pa…@example.org"), ("acct_12345", "…2345")])
def test_an_address_is_shown_shortened(address: str, shown: str):
    assert make_destination(address=address).shown == shown
