"""Deciding, by rules and without a model: what is kept, what is counted, and what an attacker meets."""

from __future__ import annotations

import asyncio
import math
from datetime import timedelta

import pytest

from tests.factories.fraud import NOW, make_facts, usd
from vibestream.contexts.payment.fraud import service as fraud
from vibestream.contexts.payment.fraud.domain.statistics.features import FEATURE_SET, FEATURES
from vibestream.contexts.payment.fraud.service import DenyList, Judgement, Outcome, UnusableFacts, Verdict
from vibestream.kernel.ids import UserId, new_id
from vibestream.kernel.money import Currency, Money
from vibestream.platform.database import Database, Tx


async def feature(tx: Tx, decision: fraud.Decision, name: str) -> float:
    return (await fraud.explained(tx, decision_id=decision.decision_id)).features[name]


def codes(decision: fraud.Decision) -> list[str]:
    return [reason.code for reason in decision.reasons]


async def test_an_ordinary_payment_is_allowed_and_kept_with_its_vector(tx: Tx):
    facts = make_facts()
    decision = await fraud.assess(tx, facts=facts, now=NOW)

    assert (decision.verdict, decision.score, decision.reasons, decision.model, decision.policy) == (
        Verdict.ALLOW, None, (), "rules-only", 1,
    )  # fmt: skip
    found = await fraud.explained(tx, decision_id=decision.decision_id)
    assert (found.decision.features, len(found.decision.vector)) == (FEATURE_SET, len(FEATURES))
    assert found.features["amount"] == 10
    assert found.features["user.count.30d"] == 0
    assert math.isnan(found.features["payee.count.30d"])
    assert math.isnan(found.features["signal.minfraud_risk_score"])
    assert found.event.amount == facts.amount
    assert found.review is None


@pytest.mark.parametrize(
    ("overrides"),
    [
        {"amount": usd(0)},
        {"amount": usd(-1)},
        {"subject": ""},
        {"device": "d" * 201},
        {"network": ""},
        {"network": "a\0b"},
        {"email_domain": "\ud800"},
        {"account_created_at": NOW.replace(tzinfo=None)},
    ],
)
def test_facts_that_describe_nothing_are_refused(overrides):
    with pytest.raises(UnusableFacts):
        make_facts(**overrides)


async def test_what_happened_before_is_counted_and_what_is_older_is_not(tx: Tx):
    person = UserId(new_id())
    for ago in (timedelta(minutes=4), timedelta(minutes=6), timedelta(days=6), timedelta(days=29), timedelta(days=38)):
        await fraud.assess(tx, facts=make_facts(user_id=person, at=NOW - ago), now=NOW - ago)
    decision = await fraud.assess(tx, facts=make_facts(user_id=person), now=NOW)

    counts = [await feature(tx, decision, f"user.count.{window}") for window in ("5m", "1h", "24h", "7d", "30d")]
    assert counts == [1, 2, 2, 3, 4]
    assert await feature(tx, decision, "user.sum.30d") == 40
    assert await feature(tx, decision, "device.users.30d") == 1
    assert await feature(tx, decision, "user.since_h") == pytest.approx(4 / 60)


async def test_a_decision_in_the_past_does_not_see_what_came_later(tx: Tx):
    person = UserId(new_id())
    await fraud.assess(tx, facts=make_facts(user_id=person), now=NOW)
    earlier = NOW - timedelta(hours=1)
    decision = await fraud.assess(tx, facts=make_facts(user_id=person, at=earlier), now=earlier)
    assert await feature(tx, decision, "user.count.30d") == 0


async def test_an_event_a_moment_ahead_of_this_machines_clock_counts_as_just_past(tx: Tx):
    person = UserId(new_id())
    ahead = NOW + timedelta(seconds=2)
    await fraud.assess(tx, facts=make_facts(user_id=person, at=ahead), now=ahead)
    decision = await fraud.assess(tx, facts=make_facts(user_id=person), now=NOW)
    assert await feature(tx, decision, "user.count.5m") == 1


async def test_asking_twice_about_one_payment_counts_it_once_and_learns_its_card(tx: Tx):
    person = UserId(new_id())
    first = make_facts(user_id=person, method_fingerprint=None)
    await fraud.assess(tx, facts=first, now=NOW)
    again = make_facts(user_id=person, subject=first.subject, method_fingerprint="card-1")
    decision = await fraud.assess(tx, facts=again, now=NOW + timedelta(seconds=1))
    assert await feature(tx, decision, "user.count.30d") == 0
    other = await fraud.assess(tx, facts=make_facts(method_fingerprint="card-1"), now=NOW + timedelta(seconds=2))
    assert await feature(tx, other, "method.users.30d") == 1


async def test_card_testing_is_blocked_from_the_fourth_card_on(tx: Tx):
    decisions = []
    for number in range(5):
        at = NOW + timedelta(seconds=30 * number)
        facts = make_facts(amount=usd(99), device="bot", method_fingerprint=f"stolen-{number}", at=at)
        decisions.append(await fraud.assess(tx, facts=facts, now=at))
    assert [one.verdict for one in decisions] == [Verdict.ALLOW] * 3 + [Verdict.BLOCK] * 2
    assert codes(decisions[-1]) == ["rule.card_testing_device"]
    assert decisions[-1].reasons[0].facts == {"device.methods.1h": "4", "amount": "0.99"}


async def test_twenty_cards_tried_at_once_are_seen_by_each_other(database: Database):
    async def attempt(number: int) -> Verdict:
        async with database.begin() as tx:
            facts = make_facts(amount=usd(99), device="bot", method_fingerprint=f"stolen-{number}")
            return (await fraud.assess(tx, facts=facts, now=NOW)).verdict

    async with database.begin() as tx:
        await fraud.policy_in_force(tx, now=NOW)
    verdicts = await asyncio.gather(*(attempt(number) for number in range(20)))
    assert sorted(verdicts).count(Verdict.ALLOW) == 3
    assert verdicts.count(Verdict.BLOCK) == 17


async def test_an_artist_that_pays_itself_is_blocked(tx: Tx):
    artist = UserId(new_id())
    decision = await fraud.assess(tx, facts=make_facts(user_id=artist, beneficiary=artist, purpose="tip"), now=NOW)
    assert (decision.verdict, codes(decision)) == (Verdict.BLOCK, ["rule.own_payee"])


@pytest.mark.parametrize(
    ("hours", "verdict"), [(1, Verdict.REVIEW), (71, Verdict.REVIEW), (72, Verdict.ALLOW), (None, Verdict.ALLOW)]
)
async def test_a_payout_soon_after_its_destination_changed_is_reviewed(tx: Tx, hours, verdict):
    changed = None if hours is None else NOW - timedelta(hours=hours)
    facts = make_facts(kind="payout", purpose="payout", destination_changed_at=changed)
    decision = await fraud.assess(tx, facts=facts, now=NOW)
    assert decision.verdict is verdict
    assert codes(decision) == (["rule.payout_change"] if verdict is Verdict.REVIEW else [])


async def test_declined_again_and_again_is_blocked_and_a_success_ends_the_streak(tx: Tx):
    person = UserId(new_id())

    async def attempt(minute: int, outcome: Outcome) -> fraud.Decision:
        at = NOW + timedelta(minutes=minute)
        facts = make_facts(user_id=person, at=at)
        decision = await fraud.assess(tx, facts=facts, now=at)
        await fraud.note_outcome(tx, subject_ref=facts.subject, outcome=outcome, at=at)
        return decision

    declines = [await attempt(10 * number, Outcome.DECLINED) for number in range(6)]
    assert [one.verdict for one in declines] == [Verdict.ALLOW] * 5 + [Verdict.BLOCK]
    assert await feature(tx, declines[-1], "user.streak") == 5
    await attempt(70, Outcome.CAPTURED)
    assert (await attempt(80, Outcome.CAPTURED)).verdict is Verdict.ALLOW


@pytest.mark.parametrize(
    ("list_", "value"),
    [
        (DenyList.METHOD, "card-1"),
        (DenyList.DEVICE, "device-1"),
        (DenyList.NETWORK, "198.51.100.0/24"),
        (DenyList.EMAIL_DOMAIN, "Trash.Example"),
        (DenyList.COUNTRY, "xx"),
    ],
)
async def test_what_is_denied_is_blocked_until_its_time_is_over(tx: Tx, list_, value):
    until = NOW + timedelta(hours=1)
    await fraud.deny(tx, list_=list_, value=value, reason="seen before", added_by=None, now=NOW, until=until)
    facts = {
        "method_fingerprint": "card-1",
        "device": "device-1",
        "network": "198.51.100.0/24",
        "email_domain": "trash.example",
        "country": "XX",
    }
    decision = await fraud.assess(tx, facts=make_facts(**facts), now=NOW)
    assert (decision.verdict, codes(decision)) == (Verdict.BLOCK, [f"denied.{list_}"])
    assert (await fraud.assess(tx, facts=make_facts(**facts), now=until)).verdict is Verdict.ALLOW


async def test_a_card_that_was_used_for_fraud_is_denied_at_once(tx: Tx):
    stolen = make_facts(method_fingerprint="card-1")
    await fraud.assess(tx, facts=stolen, now=NOW)
    await fraud.note_outcome(tx, subject_ref=stolen.subject, outcome=Outcome.CAPTURED, at=NOW)
    assert (await fraud.assess(tx, facts=make_facts(method_fingerprint="card-1"), now=NOW)).verdict is Verdict.ALLOW
    for _ in range(2):
        await fraud.note_outcome(tx, subject_ref=stolen.subject, outcome=Outcome.EARLY_FRAUD_WARNING, at=NOW)
    decision = await fraud.assess(tx, facts=make_facts(method_fingerprint="card-1"), now=NOW)
    assert codes(decision) == ["denied.method"]
    assert await fraud.outcomes(tx, subject_ref=stolen.subject) == [
        (Outcome.CAPTURED, NOW), (Outcome.EARLY_FRAUD_WARNING, NOW),
    ]  # fmt: skip


async def test_a_card_that_becomes_known_later_counts_and_is_never_replaced(tx: Tx):
    facts = [make_facts(amount=usd(99), device="bot", method_fingerprint=None) for _ in range(3)]
    for number, one in enumerate(facts):
        await fraud.assess(tx, facts=one, now=NOW)
        await fraud.note_method(tx, subject_ref=one.subject, method_fingerprint=f"stolen-{number}")
        await fraud.note_method(tx, subject_ref=one.subject, method_fingerprint="another")
    await fraud.note_method(tx, subject_ref="nothing", method_fingerprint="x")
    decision = await fraud.assess(tx, facts=make_facts(amount=usd(99), device="bot"), now=NOW + timedelta(minutes=1))
    assert codes(decision) == ["rule.card_testing_device"]
    assert await feature(tx, decision, "device.methods.1h") == 3


async def test_cards_that_nobody_can_tell_apart_are_stopped_by_their_refusals(tx: Tx):
    verdicts = []
    for number in range(10):
        at = NOW + timedelta(minutes=number)
        facts = make_facts(amount=usd(99), network="tor", method_fingerprint=None, device=None, at=at)
        verdicts.append((await fraud.assess(tx, facts=facts, now=at)).verdict)
        await fraud.note_outcome(tx, subject_ref=facts.subject, outcome=Outcome.DECLINED, at=at)
    assert verdicts == [Verdict.ALLOW] * 8 + [Verdict.BLOCK] * 2


async def test_a_dispute_about_the_goods_is_no_fraud(tx: Tx):
    facts = make_facts(method_fingerprint="card-1")
    await fraud.assess(tx, facts=facts, now=NOW)
    await fraud.note_outcome(tx, subject_ref=facts.subject, outcome=Outcome.DISPUTED_OTHERWISE, at=NOW)
    assert (await fraud.assess(tx, facts=make_facts(method_fingerprint="card-1"), now=NOW)).verdict is Verdict.ALLOW


async def test_an_outcome_that_comes_before_the_question_counts_all_the_same(tx: Tx):
    facts = make_facts(at=NOW - timedelta(days=8))
    await fraud.note_outcome(tx, subject_ref=facts.subject, outcome=Outcome.DISPUTED, at=NOW)
    await fraud.assess(tx, facts=facts, now=NOW - timedelta(days=8))
    decision = await fraud.assess(tx, facts=make_facts(user_id=facts.user_id, method_fingerprint=None), now=NOW)
    assert await feature(tx, decision, "user.frauds.30d") == 1


async def test_without_a_model_large_amounts_wait_for_a_person_and_small_ones_do_not(tx: Tx):
    small = await fraud.assess(tx, facts=make_facts(amount=usd(19_999)), now=NOW)
    large = await fraud.assess(tx, facts=make_facts(amount=usd(20_000)), now=NOW)
    assert (small.verdict, large.verdict, codes(large)) == (Verdict.ALLOW, Verdict.REVIEW, ["no_model"])


@pytest.mark.parametrize(
    ("amount", "verdict"),
    [
        (Money(20_000, Currency.of("JPY")), Verdict.ALLOW),
        (Money(40_000, Currency.of("JPY")), Verdict.REVIEW),
        (Money(20_000, Currency.of("KWD")), Verdict.ALLOW),
        (Money(90_000, Currency.of("KWD")), Verdict.REVIEW),
        (Money(19_000_000, Currency.of("USDC")), Verdict.ALLOW),
        (Money(2**63 - 1, Currency.of("EUR")), Verdict.REVIEW),
    ],
)
async def test_currencies_are_compared_by_what_they_are_worth(tx: Tx, amount: Money, verdict: Verdict):
    assert (await fraud.assess(tx, facts=make_facts(amount=amount), now=NOW)).verdict is verdict


async def test_a_strange_signal_is_kept_or_left_out_and_harms_nothing(tx: Tx):
    odd: dict[str, float | str] = {
        "radar_risk_level": "highest",
        "radar_risk_score": "seventy",
        "minfraud_risk_score": math.nan,
        "minfraud_ip_risk": math.inf,
        "made_up": "x",
        "nul": "a\0b",
    }
    decision = await fraud.assess(tx, facts=make_facts(), signals=odd, now=NOW)
    found = await fraud.explained(tx, decision_id=decision.decision_id)
    assert (decision.verdict, codes(decision)) == (Verdict.REVIEW, ["rule.gateway_highest_risk"])
    assert found.decision.signals == {"radar_risk_level": "highest", "radar_risk_score": "seventy", "made_up": "x"}
    assert found.features["signal.radar_risk_level"] == 2
    assert math.isnan(found.features["signal.radar_risk_score"])
    assert math.isnan(found.features["signal.minfraud_ip_risk"])


async def test_a_person_who_released_it_is_believed_and_one_who_refused_it_too(tx: Tx):
    reviewer = UserId(new_id())
    for judgement, verdict, expected in (
        (Judgement.RELEASE, Verdict.ALLOW, []),
        (Judgement.REFUSE, Verdict.BLOCK, ["review_refused", "denied.method"]),
    ):
        facts = make_facts(amount=usd(20_000))
        first = await fraud.assess(tx, facts=facts, now=NOW)
        assert first.verdict is Verdict.REVIEW
        await fraud.decide_review(
            tx, decision_id=first.decision_id, reviewer=reviewer, verdict=judgement, note="looked", now=NOW
        )
        again = await fraud.assess(tx, facts=facts, now=NOW + timedelta(minutes=1))
        assert again.verdict is verdict
        assert [code for code in codes(again) if code != "no_model"] == expected
