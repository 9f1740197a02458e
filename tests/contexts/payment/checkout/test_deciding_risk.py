"""What fraud's word makes of a payment, before a gateway is chosen and before what is set aside is taken."""

from __future__ import annotations

import pytest

from tests.factories.checkout import NOW, PAYPAL, STRIPE, Story, make_started
from vibestream.contexts.payment.checkout.domain import commands as c
from vibestream.contexts.payment.checkout.domain.acting import Assess, Cancel, Capture, Step, Try, next_step
from vibestream.contexts.payment.checkout.domain.deciding import begin
from vibestream.contexts.payment.checkout.domain.states import PaymentState, Screening
from vibestream.contexts.payment.gateways.domain.port import ProviderState
from vibestream.kernel.ids import RiskDecisionId, new_id


def test_fraud_looks_before_a_gateway_is_chosen():
    story = Story(list(begin(make_started())))
    assert next_step(story.payment, now=NOW) == Assess()
    assert story.attempt(STRIPE) == []
    assert story.do(c.Screen(decision_id=None, verdict=Screening.ALLOW)) == ["screened"]
    assert next_step(story.payment, now=NOW) == Try()


def test_by_what_it_is_paid_is_told_once_for_each_card():
    story = Story.attempted()
    assert story.see(method_fingerprint="a", risk={"type": "issuer_declined", "risk_level": "normal"}) == [
        "opened",
        "method_seen",
    ]
    assert story.payment.risk == (("risk_level", "normal"), ("type", "issuer_declined"))
    assert story.see(method_fingerprint="a", risk={"risk_level": "elevated"}) == []
    assert story.see(method_fingerprint="b") == ["method_seen"]
    assert (story.payment.paid_with, len(story.payment.risk)) == ("b", 2)
    assert story.see(state=ProviderState.CAPTURED) == ["captured"]
    assert story.payment.paid_with == "b"


@pytest.mark.parametrize(
    ("verdict", "then", "step"),
    [
        (Screening.ALLOW, ["rescreened"], Capture()),
        (Screening.STEP_UP, ["rescreened"], Capture()),  # it is too late to ask for more of the payer's bank
        (Screening.REVIEW, ["rescreened"], None),
        (Screening.BLOCK, ["rescreened", "cancel_asked"], Cancel()),
    ],
)
def test_what_is_set_aside_is_looked_at_again(verdict: Screening, then: list[str], step: Step | None):
    story = Story.attempted(PAYPAL)
    story.see(state=ProviderState.AUTHORISED, method_fingerprint="a")
    assert next_step(story.payment, now=NOW) == Assess()
    assert story.do(c.Rescreen(decision_id=None, verdict=verdict)) == then
    assert next_step(story.payment, now=NOW) == step
    assert story.do(c.Rescreen(decision_id=None, verdict=Screening.BLOCK)) == []


def test_with_nothing_new_known_it_is_not_looked_at_again():
    story = Story.attempted(PAYPAL)
    story.see(state=ProviderState.AUTHORISED)
    assert next_step(story.payment, now=NOW) == Capture()
    assert story.do(c.Rescreen(decision_id=None, verdict=Screening.BLOCK)) == []


def test_once_the_money_is_asked_for_or_came_fraud_decides_nothing():
    story = Story.attempted(PAYPAL)
    story.see(state=ProviderState.AUTHORISED)
    story.do(c.AskCapture())
    story.see(state=ProviderState.AUTHORISED, method_fingerprint="a")
    assert story.do(c.Rescreen(decision_id=None, verdict=Screening.BLOCK)) == []
    story.see(state=ProviderState.CAPTURED)
    assert story.do(c.Rescreen(decision_id=None, verdict=Screening.BLOCK)) == []
    assert story.stands() is PaymentState.CAPTURED


def test_an_open_review_stays_found_by_the_decision_that_opened_it():
    first, second = RiskDecisionId(new_id()), RiskDecisionId(new_id())
    story = Story(list(begin(make_started())))
    story.do(c.Screen(decision_id=first, verdict=Screening.REVIEW))
    story.attempt(STRIPE)
    story.see(state=ProviderState.AUTHORISED, method_fingerprint="a")
    story.do(c.Rescreen(decision_id=second, verdict=Screening.REVIEW))
    assert (story.payment.decision_id, story.payment.in_review) == (first, True)
    assert story.do(c.Review(approved=True)) == ["reviewed"]
    assert next_step(story.payment, now=NOW) == Capture()


def test_a_review_told_after_it_was_looked_at_again_changes_nothing():
    story = Story.attempted(STRIPE, verdict=Screening.REVIEW)
    story.see(state=ProviderState.AUTHORISED, method_fingerprint="a")
    story.do(c.Rescreen(decision_id=None, verdict=Screening.BLOCK))
    assert story.do(c.Review(approved=True)) == []
    assert next_step(story.payment, now=NOW) == Cancel()


def test_a_warning_of_fraud_is_noted_once():
    story = Story.captured()
    assert story.see(state=ProviderState.CAPTURED, fraud_warnings=("w1",)) == ["fraud_warned"]
    assert story.see(state=ProviderState.CAPTURED, fraud_warnings=("w1", "w2")) == ["fraud_warned"]
    assert story.see(state=ProviderState.CAPTURED) == []
    assert story.payment.warnings == {"w1", "w2"}
