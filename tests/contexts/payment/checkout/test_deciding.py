"""What commands make of a payment, case by case."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.factories.checkout import (
    COINBASE,
    NOW,
    PAYPAL,
    STRIPE,
    Story,
    dispute_seen,
    make_started,
    refund_seen,
    usd,
)
from vibestream.contexts.payment.checkout.domain import commands as c
from vibestream.contexts.payment.checkout.domain import events as e
from vibestream.contexts.payment.checkout.domain.acting import (
    AskAgain,
    Cancel,
    Capture,
    GiveBack,
    Look,
    Try,
    look_again_after,
    next_step,
)
from vibestream.contexts.payment.checkout.domain.books import escrow
from vibestream.contexts.payment.checkout.domain.deciding import begin
from vibestream.contexts.payment.checkout.domain.errors import (
    InvalidPayment,
    NotCancellable,
    NotRefundable,
    NotThisPayment,
    RefundExceedsPayment,
)
from vibestream.contexts.payment.checkout.domain.payment import evolve, fold
from vibestream.contexts.payment.checkout.domain.states import (
    ARRIVED,
    ENDED,
    TRANSITIONS,
    Act,
    ImpossibleTransition,
    PaymentState,
    RefundState,
    Screening,
    require_transition,
)
from vibestream.contexts.payment.gateways.domain.port import DisputeState, MoveState, ProviderState
from vibestream.contexts.payment.ledger.domain.accounts import wallet
from vibestream.kernel.ids import PaymentId, RefundId, new_id
from vibestream.kernel.money import USD, VIBE, Currency, Money

S = PaymentState


def ask_refund(story: Story, minor: int) -> RefundId:
    refund_id = RefundId(new_id())
    source = wallet(user_id=story.payment.user_id, currency=USD)
    story.do(c.AskRefund(refund_id=refund_id, amount=usd(minor), reason="wish", requested_by=None, source=source))
    return refund_id


# Beginning


@pytest.mark.parametrize("minor", [0, -1, 2**53 + 1, 2**62])
def test_an_amount_to_pay_is_more_than_nothing_and_exact_for_every_reader(minor: int):
    with pytest.raises(InvalidPayment):
        begin(make_started(amount=usd(minor)))


def test_the_largest_exact_amount_can_be_paid():
    assert begin(make_started(amount=usd(2**53)))


def test_nobody_pays_points_in():
    with pytest.raises(InvalidPayment, match="Points"):
        begin(make_started(amount=Money(1, VIBE)))


@pytest.mark.parametrize(
    "path", ["https://evil.example", "//evil.example", "/\\evil.example", "wallet", "", "/a\nb", "/" + "x" * 200]
)
def test_a_payer_comes_back_to_this_site_and_no_other(path: str):
    with pytest.raises(InvalidPayment):
        begin(make_started(return_to=path))


@pytest.mark.parametrize("words", ["", "x" * 201, "two\nlines", "nul\0"])
def test_a_description_is_one_line(words: str):
    with pytest.raises(InvalidPayment):
        begin(make_started(description=words))


@pytest.mark.parametrize("subject", ["x" * 201, "nul\0"])
def test_a_subject_is_an_id(subject: str):
    with pytest.raises(InvalidPayment):
        begin(make_started(subject=subject))


# The table


def test_what_has_ended_or_arrived_never_waits_again():
    for state in ARRIVED | ENDED:
        assert not TRANSITIONS[state] & {S.CREATED, S.PENDING, S.AUTHORISED}
    for state in ARRIVED:
        assert TRANSITIONS[state] == ARRIVED - {state}


def test_the_table_speaks_of_every_state():
    assert set(TRANSITIONS) == set(PaymentState)
    assert set().union(*TRANSITIONS.values()) == set(PaymentState)


def test_a_refused_transition_says_from_where_to_where():
    require_transition(S.CAPTURED, S.CAPTURED)
    with pytest.raises(ImpossibleTransition, match="captured does not become pending"):
        require_transition(S.CAPTURED, S.PENDING)


def test_a_stream_begins_once_and_with_its_beginning():
    started = make_started()
    with pytest.raises(TypeError):
        evolve(None, e.Captured())
    with pytest.raises(TypeError):
        evolve(evolve(None, started), started)
    assert fold([]) is None


def test_an_event_that_cannot_follow_is_refused():
    story = Story.begun()
    with pytest.raises(ImpossibleTransition):
        evolve(story.payment, e.Captured())


# Fraud


def test_what_fraud_refuses_fails_before_any_gateway():
    story = Story.begun(Screening.BLOCK)
    assert (story.payment.state, story.payment.reason) == (S.FAILED, "refused")
    assert next_step(story.payment, now=NOW) is None
    assert story.attempt(STRIPE) == []


def test_step_up_is_asked_of_the_gateway():
    attempt = Story.attempted(verdict=Screening.STEP_UP).payment.attempt
    assert attempt is not None
    assert (attempt.step_up, attempt.separate_capture) == (True, False)


def test_under_review_it_is_authorised_and_not_captured():
    story = Story.attempted(verdict=Screening.REVIEW)
    assert story.payment.attempt is not None
    assert story.payment.attempt.separate_capture
    story.see(state=ProviderState.AUTHORISED)
    assert next_step(story.payment, now=NOW) is None
    assert story.do(c.AskCapture()) == []
    assert story.do(c.Review(approved=True)) == ["reviewed"]
    assert story.do(c.Review(approved=True)) == []
    assert next_step(story.payment, now=NOW) == Capture()
    assert story.do(c.AskCapture()) == ["capture_asked"]


def test_a_refused_review_gives_up_what_was_authorised():
    story = Story.attempted(verdict=Screening.REVIEW)
    story.see(state=ProviderState.AUTHORISED)
    assert story.do(c.Review(approved=False)) == ["reviewed", "cancel_asked"]
    assert next_step(story.payment, now=NOW) == Cancel()
    story.see(state=ProviderState.CANCELLED)
    assert (story.payment.state, story.payment.reason) == (S.CANCELLED, "refused")


@pytest.mark.parametrize(("approved", "then"), [(True, []), (False, ["failed"])])
def test_where_the_gateway_cannot_capture_later_it_is_held_back(approved: bool, then: list[str]):
    story = Story.begun(Screening.REVIEW)
    assert story.attempt(COINBASE) == ["held_back"]
    assert next_step(story.payment, now=NOW) is None
    assert look_again_after(story.payment, looks=0) is None
    assert story.attempt(COINBASE) == []
    assert story.do(c.Review(approved=approved)) == ["reviewed", *then]
    assert story.attempt(COINBASE) == (["attempted"] if approved else [])


def stored(story: Story) -> e.StoredMethod:
    return e.StoredMethod(gateway=STRIPE, method_ref="cus:pm", of_payment=story.payment.payment_id)


def test_an_absent_payer_cannot_be_asked_by_the_bank():
    method = stored(Story.captured())
    story = Story.begun(Screening.STEP_UP, stored=method)
    assert (story.payment.state, story.payment.reason) == (S.FAILED, "authentication_required")
    assert Story.begun(Screening.REVIEW, stored=method).payment.held_back


# Attempts


def test_the_next_gateway_is_asked_only_when_the_one_before_did_nothing():
    story = Story.attempted(STRIPE, PAYPAL)
    assert story.stands() is S.PENDING
    assert story.attempt(STRIPE, PAYPAL) == []
    assert story.do(c.FailAttempt(number=1, reason="gateway.unavailable", unavailable=True)) == ["attempt_failed"]
    assert next_step(story.payment, now=NOW) == Try()
    assert story.attempt(STRIPE, PAYPAL) == ["attempted"]
    assert story.payment.gateway is PAYPAL
    assert [one.key for one in story.payment.attempts] == [
        f"{story.payment.payment_id}:open:1",
        f"{story.payment.payment_id}:open:2",
    ]


@pytest.mark.parametrize(("unavailable", "reason"), [(True, "unavailable"), (False, "declined")])
def test_when_no_gateway_is_left_it_fails(unavailable: bool, reason: str):
    story = Story.attempted(STRIPE)
    story.do(c.FailAttempt(number=1, reason="because", unavailable=unavailable))
    assert story.attempt(STRIPE) == ["failed"]
    assert story.payment.reason == reason
    assert story.events[-1] == e.Failed(reason=reason, detail="because")


def test_when_no_gateway_can_take_it_it_fails():
    story = Story.begun()
    assert story.attempt() == ["failed"]
    assert story.events[-1] == e.Failed(reason="unavailable")


def test_a_charge_that_is_declined_is_tried_nowhere_else():
    story = Story.begun(stored=stored(Story.captured()))
    story.attempt(STRIPE)
    assert story.payment.attempt is not None
    assert story.payment.attempt.act is Act.CHARGE
    told = story.do(c.FailAttempt(number=1, reason="card_declined", unavailable=False))
    assert told == ["attempt_failed", "failed"]
    assert story.events[-1] == e.Failed(reason="declined", detail="card_declined")


def test_an_unknown_attempt_is_asked_again_and_never_taken_elsewhere():
    story = Story.attempted(STRIPE, PAYPAL)
    assert story.do(c.LoseOutcome(act=Act.OPEN)) == ["outcome_lost"]
    assert story.do(c.LoseOutcome(act=Act.OPEN)) == []
    assert story.stands() is S.UNKNOWN
    assert story.do(c.FailAttempt(number=1, reason="gateway.unavailable", unavailable=True)) == []
    assert story.attempt(STRIPE, PAYPAL) == []
    step = next_step(story.payment, now=NOW)
    assert isinstance(step, AskAgain)
    assert step.attempt.key == story.payment.attempts[0].key
    assert story.see() == ["opened"]
    assert story.stands() is S.PENDING


def test_what_is_found_never_to_have_happened_may_go_elsewhere():
    story = Story.attempted(STRIPE, PAYPAL)
    story.do(c.LoseOutcome(act=Act.OPEN))
    assert story.do(c.FailAttempt(number=1, reason="no", unavailable=False)) == ["attempt_failed"]
    assert story.attempt(STRIPE, PAYPAL) == ["attempted"]


def test_an_unknown_charge_is_not_asked_again_once_its_key_may_be_forgotten():
    story = Story.begun(stored=stored(Story.captured()))
    story.attempt(STRIPE)
    story.do(c.LoseOutcome(act=Act.CHARGE))
    assert isinstance(next_step(story.payment, now=NOW + timedelta(hours=4, minutes=59)), AskAgain)
    assert next_step(story.payment, now=NOW + timedelta(hours=5)) is None
    assert story.stands() is S.UNKNOWN


def test_an_attempt_is_failed_only_as_the_one_that_stands():
    story = Story.attempted(STRIPE, PAYPAL)
    story.do(c.FailAttempt(number=1, reason="no", unavailable=False))
    story.attempt(STRIPE, PAYPAL)
    assert story.do(c.FailAttempt(number=1, reason="late news", unavailable=False)) == []
    story.see()
    assert story.do(c.FailAttempt(number=2, reason="late news", unavailable=False)) == []


# Calling off


def test_calling_off_before_any_gateway_ends_it():
    story = Story.begun()
    assert story.do(c.AskCancel(reason="cancelled")) == ["cancelled"]
    assert story.do(c.AskCancel(reason="cancelled")) == []


def test_calling_off_an_unanswered_attempt_waits_for_the_answer():
    story = Story.attempted()
    assert story.do(c.AskCancel(reason="cancelled")) == ["cancel_asked"]
    assert isinstance(next_step(story.payment, now=NOW), AskAgain)
    story.see()
    assert next_step(story.payment, now=NOW) == Cancel()
    assert story.see(state=ProviderState.CANCELLED) == ["cancelled"]
    assert story.payment.reason == "cancelled"


def test_calling_off_what_never_opened_ends_it():
    story = Story.attempted()
    story.do(c.AskCancel(reason="cancelled"))
    told = story.do(c.FailAttempt(number=1, reason="no", unavailable=True))
    assert told == ["attempt_failed", "cancelled"]


def test_a_gateway_that_knows_no_cancelling_leaves_it_called_off_here():
    story = Story.attempted()
    story.see()
    assert story.do(c.RefuseCancel()) == []
    story.do(c.AskCancel(reason="cancelled"))
    assert story.do(c.RefuseCancel()) == ["cancelled"]


def test_money_that_came_cannot_be_called_off():
    with pytest.raises(NotCancellable):
        Story.captured().do(c.AskCancel(reason="cancelled"))


def test_money_that_comes_after_all_is_taken_in():
    story = Story.attempted()
    story.see()
    story.do(c.AskCancel(reason="cancelled"))
    story.see(state=ProviderState.CANCELLED)
    assert story.see(state=ProviderState.CAPTURED) == ["captured"]
    assert (story.payment.state, story.payment.reason) == (S.CAPTURED, None)


# Observing


def test_answers_may_overtake_each_other_and_come_again():
    story = Story.attempted()
    assert story.see(state=ProviderState.CAPTURED, fee=usd(59)) == ["opened", "captured", "fee_known"]
    for earlier in (ProviderState.OPEN, ProviderState.PROCESSING, ProviderState.AUTHORISED, ProviderState.CAPTURED):
        assert story.see(state=earlier, fee=usd(59)) == []
    assert story.stands() is S.CAPTURED


@pytest.mark.parametrize(
    ("state", "after", "reason"),
    [(ProviderState.FAILED, S.FAILED, "declined"), (ProviderState.CANCELLED, S.CANCELLED, "expired")],
)
def test_what_ended_at_the_gateway_has_ended(state: ProviderState, after: PaymentState, reason: str):
    story = Story.attempted()
    story.see(state=state)
    assert (story.payment.state, story.payment.reason) == (after, reason)
    assert story.see(state=ProviderState.OPEN) == []
    assert story.see(state=ProviderState.AUTHORISED) == []


def test_an_unknown_capture_is_resolved_by_looking():
    story = Story.attempted()
    story.see(state=ProviderState.AUTHORISED)
    story.do(c.AskCapture())
    story.do(c.LoseOutcome(act=Act.CAPTURE))
    assert next_step(story.payment, now=NOW) == Look()
    assert story.see(state=ProviderState.AUTHORISED) == ["authorised"]
    assert next_step(story.payment, now=NOW) == Capture()
    assert story.do(c.AskCapture()) == []
    story.do(c.LoseOutcome(act=Act.CAPTURE))
    assert story.see(state=ProviderState.CAPTURED) == ["captured"]


def test_an_unknown_payment_that_is_found_waiting_waits():
    story = Story.attempted()
    story.see()
    story.do(c.AskCancel(reason="cancelled"))
    story.do(c.LoseOutcome(act=Act.CANCEL))
    assert story.see() == ["resolved"]
    assert story.stands() is S.PENDING
    assert next_step(story.payment, now=NOW) == Cancel()


def test_a_refused_capture_fails_it():
    story = Story.attempted()
    story.see(state=ProviderState.AUTHORISED)
    story.do(c.AskCapture())
    assert story.do(c.RefuseCapture(reason="expired")) == ["failed"]
    assert story.do(c.RefuseCapture(reason="expired")) == []


def test_a_late_fee_and_a_changed_one_are_both_told():
    story = Story.captured()
    assert story.see(state=ProviderState.CAPTURED, fee=usd(59)) == ["fee_known"]
    assert story.see(state=ProviderState.CAPTURED, fee=usd(40)) == ["fee_known"]
    assert story.events[-1] == e.FeeKnown(fee=usd(40), added=usd(-19))
    euros = Money(37, Currency.of("EUR"))
    assert story.see(state=ProviderState.CAPTURED, fee=euros) == ["fee_known", "fee_known"]
    assert story.events[-2:] == [e.FeeKnown(fee=usd(0), added=usd(-40)), e.FeeKnown(fee=euros, added=euros)]
    assert story.see(state=ProviderState.CAPTURED, fee=None) == []


def test_another_payments_object_is_refused():
    with pytest.raises(NotThisPayment):
        Story.attempted().see(payment_id=PaymentId(new_id()))


def test_a_method_is_kept_only_where_that_was_wanted():
    kept = Story.attempted(keep_method=True)
    assert "method_kept" in kept.see(state=ProviderState.CAPTURED, method_ref="cus:pm", method_fingerprint="fp")
    assert (kept.payment.method_ref, kept.payment.fingerprint) == ("cus:pm", "fp")
    assert "method_kept" not in Story.attempted().see(state=ProviderState.CAPTURED, method_ref="cus:pm")


def test_another_amount_at_the_gateway_is_called_off_there_and_never_shown_to_the_payer():
    story = Story.attempted()
    assert story.see(amount=usd(10_000)) == ["opened", "cancel_asked"]
    assert story.payment.redirect_url is None
    story.see(state=ProviderState.CANCELLED)
    assert (story.payment.state, story.payment.reason) == (S.CANCELLED, "amount_differs")


def test_another_amount_captured_stands_in_suspense_until_it_is_gone():
    story = Story.attempted()
    assert story.see(state=ProviderState.CAPTURED, captured=usd(999)) == ["opened", "unexplained"]
    assert story.stands() is S.UNKNOWN
    assert story.see(state=ProviderState.CAPTURED, captured=usd(999)) == []
    assert next_step(story.payment, now=NOW) == Look()
    told = story.see(state=ProviderState.CAPTURED, captured=usd(999), refunded=usd(999))
    assert told == ["unexplained", "failed"]
    assert (story.payment.state, story.payment.reason) == (S.FAILED, "amount_differs")


def test_the_rest_of_an_amount_completes_it():
    story = Story.attempted()
    story.see(state=ProviderState.CAPTURED, captured=usd(999))
    assert story.see(state=ProviderState.CAPTURED) == ["unexplained", "captured"]
    assert story.payment.unexplained == {(STRIPE, story.payment.payment_ref): usd(0)}


def test_money_at_a_gateway_that_was_left_is_not_mixed_with_the_payment():
    story = Story.attempted(STRIPE, PAYPAL)
    story.do(c.FailAttempt(number=1, reason="no", unavailable=False))
    assert story.see(STRIPE, payment_ref="stray", state=ProviderState.OPEN) == []
    assert story.see(STRIPE, payment_ref="stray", state=ProviderState.CAPTURED) == ["unexplained"]
    story.attempt(STRIPE, PAYPAL)
    story.see(PAYPAL, state=ProviderState.CAPTURED)
    assert story.stands() is S.CAPTURED
    assert story.see(STRIPE, payment_ref="stray", state=ProviderState.CAPTURED) == []
    assert story.see(STRIPE, payment_ref="stray", state=ProviderState.CAPTURED, refunded=usd(1_000)) == ["unexplained"]
    assert [one.added for one in story.events if isinstance(one, e.Unexplained)] == [usd(1_000), usd(-1_000)]


# Refunds


@pytest.mark.parametrize("minor", [0, -1])
def test_a_refund_is_more_than_nothing(minor: int):
    with pytest.raises(InvalidPayment):
        ask_refund(Story.captured(), minor)


def test_a_refund_is_in_the_payments_currency():
    story = Story.captured()
    euro = Money(1, Currency.of("EUR"))
    source = wallet(user_id=story.payment.user_id, currency=euro.currency)
    with pytest.raises(InvalidPayment):
        story.do(c.AskRefund(refund_id=RefundId(new_id()), amount=euro, reason="x", requested_by=None, source=source))


def test_what_has_not_come_is_not_given_back():
    with pytest.raises(NotRefundable):
        ask_refund(Story.attempted(), 1)


def test_no_more_is_given_back_than_is_left_counting_what_is_under_way():
    story = Story.captured()
    ask_refund(story, 700)
    with pytest.raises(RefundExceedsPayment) as refused:
        ask_refund(story, 301)
    assert (refused.value.asked, refused.value.left) == ("3.01 USD", "3.00 USD")
    ask_refund(story, 300)
    with pytest.raises(RefundExceedsPayment):
        ask_refund(story, 1)


def test_what_is_disputed_is_not_refunded_as_well():
    story = Story.captured()
    story.see(state=ProviderState.CAPTURED, disputes=(dispute_seen("d", 1_000),))
    with pytest.raises(NotRefundable):
        ask_refund(story, 1)


def test_a_refund_goes_its_way_and_may_come_back():
    story = Story.captured()
    refund_id = ask_refund(story, 400)
    step = next_step(story.payment, now=NOW)
    assert isinstance(step, GiveBack)
    assert step.refund.key == f"{refund_id}:refund"

    def tell(state: MoveState) -> list[str]:
        return story.do(c.TellRefund(refund_id=refund_id, refund_ref="re_1", state=state))

    assert tell(MoveState.PENDING) == ["refund_sent"]
    assert tell(MoveState.PENDING) == []
    assert next_step(story.payment, now=NOW) is None
    assert story.stands() is S.CAPTURED
    assert tell(MoveState.SUCCEEDED) == ["refund_succeeded"]
    assert (story.payment.state, story.payment.refundable) == (S.PARTIALLY_REFUNDED, usd(600))
    assert tell(MoveState.PENDING) == []
    assert tell(MoveState.RETURNED) == ["refund_failed"]
    assert (story.payment.state, story.payment.refundable) == (S.CAPTURED, usd(1_000))
    assert tell(MoveState.SUCCEEDED) == []
    assert tell(MoveState.FAILED) == []


def test_a_lost_refund_is_asked_for_again_and_found_by_its_key():
    story = Story.captured()
    refund_id = ask_refund(story, 1_000)
    assert story.do(c.LoseRefund(refund_id=refund_id)) == ["refund_lost"]
    assert story.do(c.LoseRefund(refund_id=refund_id)) == []
    assert isinstance(next_step(story.payment, now=NOW), GiveBack)
    seen = refund_seen("re_9", 1_000, key=f"{refund_id}:refund")
    assert story.see(state=ProviderState.CAPTURED, refunds=(seen,)) == ["refund_succeeded"]
    assert story.stands() is S.REFUNDED
    assert story.do(c.RefuseRefund(refund_id=refund_id, reason="already refunded")) == []


def test_a_refund_without_a_key_is_the_one_that_waits_for_an_answer():
    story = Story.captured()
    refund_id = ask_refund(story, 400)
    seen = (refund_seen("re_1", 400), refund_seen("re_2", 400))
    assert story.see(state=ProviderState.CAPTURED, refunds=seen) == ["refund_succeeded", "refund_noticed"]
    assert story.payment.refunds[refund_id].refund_ref == "re_1"
    assert story.see(state=ProviderState.CAPTURED, refunds=seen[::-1]) == []
    assert story.payment.refunded == usd(800)


def test_a_refused_refund_ends():
    story = Story.captured()
    refund_id = ask_refund(story, 400)
    assert story.do(c.RefuseRefund(refund_id=refund_id, reason="closed")) == ["refund_failed"]
    assert story.payment.refunds[refund_id].state is RefundState.FAILED
    assert story.payment.refundable == usd(1_000)


def test_a_refund_that_nobody_here_asked_for_is_noticed_once_it_has_reached_the_payer():
    story = Story.captured()
    for state, told in [(MoveState.PENDING, []), (MoveState.SUCCEEDED, ["refund_noticed"]), (MoveState.SUCCEEDED, [])]:
        assert story.see(state=ProviderState.CAPTURED, refunds=(refund_seen("re_1", 1_000, state),)) == told
    assert story.stands() is S.REFUNDED
    returned = refund_seen("re_1", 1_000, MoveState.RETURNED)
    assert story.see(state=ProviderState.CAPTURED, refunds=(returned,)) == ["refund_failed"]
    assert story.stands() is S.CAPTURED


# Disputes


def test_a_dispute_is_opened_and_decided_once():
    story = Story.captured()

    def see(state: DisputeState, fee: int | None = None) -> list[str]:
        return story.see(state=ProviderState.CAPTURED, disputes=(dispute_seen("d", 1_000, state, fee=fee),))

    assert see(DisputeState.OPEN) == ["dispute_opened"]
    assert see(DisputeState.OPEN, fee=0) == []
    assert story.stands() is S.DISPUTED
    assert see(DisputeState.OPEN, fee=1_500) == ["dispute_fee_known"]
    assert see(DisputeState.LOST, fee=1_500) == ["dispute_decided"]
    assert story.stands() is S.DISPUTED
    assert see(DisputeState.OPEN, fee=1_500) == []
    assert see(DisputeState.WON, fee=0) == ["dispute_decided", "dispute_fee_known"]
    assert story.stands() is S.CAPTURED
    assert see(DisputeState.LOST, fee=0) == []


def test_a_dispute_that_is_decided_when_first_seen_was_open_before():
    story = Story.captured()
    lost = (dispute_seen("d", 1_000, DisputeState.LOST),)
    assert story.see(state=ProviderState.CAPTURED, disputes=lost) == ["dispute_opened", "dispute_decided"]


def test_the_escrow_is_named_by_the_payment():
    payment_id = PaymentId(new_id())
    assert str(escrow(payment_id=payment_id, currency=USD)) == f"payment_escrow:{payment_id}:USD"


# Looking again


def test_pauses_double_up_to_six_hours_and_end_when_nothing_is_open():
    waiting = Story.attempted().payment
    assert [look_again_after(waiting, looks=n) for n in (0, 1, 11, 40)] == [
        timedelta(seconds=10),
        timedelta(seconds=20),
        timedelta(seconds=20_480),
        timedelta(hours=6),
    ]
    captured = Story.captured()
    assert look_again_after(captured.payment, looks=27) is not None
    assert look_again_after(captured.payment, looks=28) is None
    captured.see(state=ProviderState.CAPTURED, fee=usd(0))
    assert look_again_after(captured.payment, looks=0) is None
    ask_refund(captured, 1)
    assert look_again_after(captured.payment, looks=100) == timedelta(hours=6)
    captured.see(state=ProviderState.CAPTURED, fee=usd(0), disputes=(dispute_seen("d", 1),))
    assert look_again_after(captured.payment, looks=100) == timedelta(hours=6)
    assert look_again_after(Story.begun(Screening.BLOCK).payment, looks=0) is None
