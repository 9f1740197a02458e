"""The review queue: who may decide, how many it takes, what is announced, and what the database refuses."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from tests.factories.fraud import NOW, make_facts, usd
from tests.factories.payment import as_owner
from tests.factories.users import make_user
from vibestream.contexts.payment.events import ReviewDecided
from vibestream.contexts.payment.fraud import service as fraud
from vibestream.contexts.payment.fraud.invariants import INVARIANTS
from vibestream.contexts.payment.fraud.jobs import lapse_reviews
from vibestream.contexts.payment.fraud.service import (
    AlreadyVoted,
    Decision,
    Facts,
    Judgement,
    NoteMissing,
    Outcome,
    Review,
    ReviewClosed,
    ReviewerConcerned,
    ReviewState,
    UnknownReview,
)
from vibestream.kernel.ids import RiskDecisionId, UserId, new_id
from vibestream.kernel.text import TextInvalid
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Database, Tx
from vibestream.platform.events.codec import decode
from vibestream.platform.invariants import check_all

LATER = NOW + timedelta(hours=1)


def person() -> UserId:
    return UserId(new_id())


async def waiting(tx: Tx, cents: int = 20_000, **facts: Any) -> tuple[Facts, Decision]:
    """A payment that waits for review because there is no model to ask."""
    asked = make_facts(amount=usd(cents), **facts)
    return asked, await fraud.assess(tx, facts=asked, now=facts.get("at", NOW))


async def decide(
    tx: Tx, decision: Decision, judgement: Judgement, reviewer: UserId | None = None, **more: Any
) -> Review:
    return await fraud.decide_review(
        tx,
        decision_id=decision.decision_id,
        reviewer=reviewer or person(),
        verdict=judgement,
        **{"note": "called the bank", "now": LATER, **more},
    )


async def announced(tx: Tx, subject: str) -> list[tuple[bool, str]]:
    rows = await tx.values(
        "SELECT data::text FROM platform.outbox WHERE type = %s AND key = %s ORDER BY occurred_at",
        [ReviewDecided.type, subject],
    )
    events = [decode(ReviewDecided, row) for row in rows]
    return [(event.released, event.kind) for event in events if isinstance(event, ReviewDecided)]


async def test_one_person_releases_a_small_one(tx: Tx):
    facts, decision = await waiting(tx)
    (queued,) = [one for one in await fraud.reviews(tx, limit=50) if one.subject == facts.subject]
    assert (queued.decision_id, queued.needed, queued.due_at, queued.closes_at, queued.late(NOW)) == (
        decision.decision_id, 1, NOW + timedelta(hours=24), NOW + timedelta(hours=144), False,
    )  # fmt: skip
    assert queued.late(NOW + timedelta(hours=24))

    done = await decide(tx, decision, Judgement.RELEASE)
    assert (done.state, done.decided_at, [vote.note for vote in done.votes]) == (
        ReviewState.RELEASED, LATER, ["called the bank"],
    )  # fmt: skip
    assert await announced(tx, facts.subject) == [(True, "payment")]
    assert await fraud.outcomes(tx, subject_ref=facts.subject) == [(Outcome.REVIEWED_AS_GOOD, LATER)]
    assert [one.subject for one in await fraud.reviews(tx, limit=50) if one.subject == facts.subject] == []
    assert (await fraud.closed_reviews(tx, limit=1))[0].subject == facts.subject


async def test_a_large_one_takes_two_different_people(tx: Tx):
    facts, decision = await waiting(tx, 50_000)
    first = person()
    assert (await decide(tx, decision, Judgement.RELEASE, first)).state is ReviewState.OPEN
    assert await announced(tx, facts.subject) == []
    with pytest.raises(AlreadyVoted):
        await decide(tx, decision, Judgement.RELEASE, first)
    with pytest.raises(AlreadyVoted):
        await decide(tx, decision, Judgement.REFUSE, first)
    done = await decide(tx, decision, Judgement.RELEASE)
    assert (done.state, len(done.votes)) == (ReviewState.RELEASED, 2)
    assert await announced(tx, facts.subject) == [(True, "payment")]


async def deciders(tx: Tx, subject: str) -> tuple[UserId, ...]:
    row = await tx.value(
        "SELECT data::text FROM platform.outbox WHERE type = %s AND key = %s", [ReviewDecided.type, subject]
    )
    event = decode(ReviewDecided, row)
    assert isinstance(event, ReviewDecided)
    return event.decided_by


async def test_the_announcement_names_whose_word_it_was(tx: Tx):
    ana, ben, eva = person(), person(), person()
    by_two, decision = await waiting(tx, 50_000)
    for reviewer in (ana, ben):
        await decide(tx, decision, Judgement.RELEASE, reviewer)
    against, decision = await waiting(tx, 50_000)
    await decide(tx, decision, Judgement.RELEASE, ana)
    await decide(tx, decision, Judgement.REFUSE, eva)

    assert await deciders(tx, by_two.subject) == (ana, ben)
    assert await deciders(tx, against.subject) == (eva,)


async def test_one_person_refuses_whatever_the_amount(tx: Tx):
    facts, decision = await waiting(tx, 50_000)
    await decide(tx, decision, Judgement.RELEASE)
    assert (await decide(tx, decision, Judgement.REFUSE)).state is ReviewState.REFUSED
    assert await announced(tx, facts.subject) == [(False, "payment")]
    assert await fraud.outcomes(tx, subject_ref=facts.subject) == [(Outcome.REVIEWED_AS_FRAUD, LATER)]


async def test_nobody_decides_about_their_own_money(tx: Tx):
    payer, artist = person(), person()
    _, decision = await waiting(tx, user_id=payer, beneficiary=artist)
    for own in (payer, artist):
        with pytest.raises(ReviewerConcerned):
            await decide(tx, decision, Judgement.RELEASE, own)


async def test_a_review_is_decided_once_and_with_a_word_of_why(tx: Tx):
    _, decision = await waiting(tx)
    for note in ("", "  "):
        with pytest.raises(NoteMissing):
            await decide(tx, decision, Judgement.RELEASE, note=note)
    for note in ("n" * 2_001, "a\0b", "\ud800"):
        with pytest.raises(TextInvalid):
            await decide(tx, decision, Judgement.RELEASE, note=note)
    await decide(tx, decision, Judgement.REFUSE)
    with pytest.raises(ReviewClosed):
        await decide(tx, decision, Judgement.RELEASE)
    with pytest.raises(UnknownReview):
        await fraud.decide_review(
            tx,
            decision_id=RiskDecisionId(new_id()),
            reviewer=person(),
            verdict=Judgement.RELEASE,
            note="?",
            now=NOW,
        )


async def test_two_people_at_once_are_taken_one_after_the_other(database: Database):
    async with database.begin() as tx:
        facts, decision = await waiting(tx, 50_000)

    async def vote() -> str:
        async with database.begin() as tx:
            return (await decide(tx, decision, Judgement.RELEASE)).state.value

    states = await asyncio.gather(*(vote() for _ in range(2)))
    assert sorted(states) == ["open", "released"]
    async with database.begin() as tx:
        assert await announced(tx, facts.subject) == [(True, "payment")]


async def test_asking_again_while_it_waits_opens_no_second_review(tx: Tx):
    facts, decision = await waiting(tx)
    again = await fraud.assess(tx, facts=facts, now=LATER)
    assert again.verdict is fraud.Verdict.REVIEW
    mine = [one.decision_id for one in await fraud.reviews(tx, limit=50) if one.subject == facts.subject]
    assert mine == [decision.decision_id]


async def test_a_payment_that_nobody_looked_at_is_given_up_and_a_payout_waits(database: Database, runtime):
    old = utc_now() - timedelta(hours=145)
    async with database.begin() as tx:
        paid, decision = await waiting(tx, at=old)
        out, _ = await waiting(tx, kind="payout", purpose="payout", at=old)
        fresh, _ = await waiting(tx, at=utc_now())
        with pytest.raises(ReviewClosed):
            await decide(tx, decision, Judgement.RELEASE, now=utc_now())
    await lapse_reviews(runtime)
    await lapse_reviews(runtime)
    async with database.begin() as tx:
        assert await announced(tx, paid.subject) == [(False, "payment")]
        assert await fraud.outcomes(tx, subject_ref=paid.subject) == []
        assert {one.subject for one in await fraud.reviews(tx, limit=50)} == {out.subject, fresh.subject}
        assert await fraud.count_late(tx, now=utc_now()) == 1


async def test_a_review_of_what_was_given_up_is_closed_in_silence(tx: Tx):
    facts, _ = await waiting(tx)
    for _ in range(2):
        await fraud.withdraw_review(tx, subject_ref=facts.subject, now=LATER)
    assert await announced(tx, facts.subject) == []
    assert (await fraud.closed_reviews(tx, limit=1))[0].state is ReviewState.LAPSED


@pytest.mark.parametrize(
    ("statement", "error"),
    [
        ("UPDATE payment.risk_review SET state = 'released', decided_at = now()", psycopg.errors.CheckViolation),
        ("UPDATE payment.risk_review SET needed = 1", psycopg.errors.InsufficientPrivilege),
        ("DELETE FROM payment.risk_review", psycopg.errors.InsufficientPrivilege),
        ("UPDATE payment.risk_decision SET verdict = 'allow'", psycopg.errors.InsufficientPrivilege),
        ("DELETE FROM payment.risk_decision", psycopg.errors.InsufficientPrivilege),
        ("UPDATE payment.risk_vote SET released = true", psycopg.errors.InsufficientPrivilege),
        ("DELETE FROM payment.risk_outcome", psycopg.errors.InsufficientPrivilege),
        ("UPDATE payment.risk_policy SET document = '{}'", psycopg.errors.InsufficientPrivilege),
        ("UPDATE payment.risk_event SET amount = 1", psycopg.errors.InsufficientPrivilege),
        ("DROP TRIGGER four_eyes ON payment.risk_review", psycopg.errors.InsufficientPrivilege),
    ],
)
async def test_the_database_refuses_what_the_service_would_not_do(tx: Tx, statement: Any, error: type[psycopg.Error]):
    _, decision = await waiting(tx, 50_000)
    await decide(tx, decision, Judgement.RELEASE)
    with pytest.raises(error):
        async with tx.savepoint():
            await tx.execute(statement)


async def test_two_votes_of_one_person_and_votes_of_who_is_concerned_release_nothing(tx: Tx):
    payer = person()
    _, decision = await waiting(tx, 50_000, user_id=payer)
    await decide(tx, decision, Judgement.RELEASE)
    await tx.execute(
        "INSERT INTO payment.risk_vote VALUES (%s, %s, true, 'forged', now())", [decision.decision_id, payer]
    )
    with pytest.raises(psycopg.errors.CheckViolation, match="as many people as it needs"):
        async with tx.savepoint():
            await tx.execute(
                "UPDATE payment.risk_review SET state = 'released', decided_at = now() WHERE decision_id = %s",
                [decision.decision_id],
            )


async def broken(database: Database) -> dict[str, str]:
    found = await check_all(database, INVARIANTS)
    return {one.invariant.name: one.finding.detail for one in found if not one.finding.ok}


async def test_the_audit_is_green_and_finds_each_planted_fault(database: Database, owner_dsn: str):
    async with database.begin() as tx:
        _, decision = await waiting(tx, 50_000)
        await decide(tx, decision, Judgement.RELEASE)
        _, other = await waiting(tx)
        await decide(tx, other, Judgement.REFUSE)
    assert await broken(database) == {}

    plants = {
        "fraud.four_eyes": "UPDATE payment.risk_review SET state = 'released', decided_at = now() WHERE state = 'open'",
        "fraud.explained": "UPDATE payment.risk_decision SET vector = '{}'",
        "fraud.labelled": "UPDATE payment.risk_event SET fraud_at = NULL",
        "fraud.reviewed": "DELETE FROM payment.risk_vote; DELETE FROM payment.risk_review",
    }
    for number, (name, statement) in enumerate(plants.items(), 1):
        await as_owner(owner_dsn, statement, triggers=False)
        assert sorted(await broken(database)) == sorted(set(list(plants)[:number]) - ({"fraud.four_eyes"} if name == "fraud.reviewed" else set()))  # fmt: skip


@pytest.fixture
async def finance(client_for, database: Database):
    async with database.begin() as tx:
        users = [await make_user(tx, roles=["finance"]) for _ in range(2)]
    return [await client_for(user) for user in users]


REVIEWS = "/api/v1/operations/fraud/reviews"


async def test_the_queue_over_http_explains_itself_in_the_readers_language(finance, client_for, database: Database):
    now = utc_now()
    async with database.begin() as tx:
        facts, decision = await waiting(tx, 50_000, at=now)
        spaniard = await make_user(tx, roles=["finance"])
        await tx.execute("UPDATE users.fan_profile SET locale = 'es' WHERE user_id = %s", [spaniard.user_id])
    (item,) = (await finance[0].get(REVIEWS)).json()["items"]
    assert (item["decision_id"], item["amount"], item["needed"], item["late"], item["subject"]) == (
        str(decision.decision_id), "500.00", 2, False, facts.subject,
    )  # fmt: skip
    assert [one["words"] for one in item["reasons"]] == ["No model was there to ask, and the amount is large"]
    reader = await client_for(spaniard)
    (item,) = (await reader.get(REVIEWS)).json()["items"]
    assert [one["words"] for one in item["reasons"]] == ["No había modelo y el importe es alto"]

    shown = (await reader.get(f"/api/v1/operations/fraud/decisions/{decision.decision_id}")).json()
    assert shown["features"]["amount"] == 500
    assert shown["features"]["payee.count.30d"] is None
    assert (shown["verdict"], shown["model"], shown["review"]["state"]) == ("review", None, "open")


async def test_two_people_release_over_http_and_one_cannot(finance, database: Database):
    async with database.begin() as tx:
        _, decision = await waiting(tx, 50_000, at=utc_now())
    address = f"{REVIEWS}/{decision.decision_id}/verdict"
    answer = await finance[0].post(address, json={"verdict": "release", "note": "known customer"})
    assert (answer.status_code, answer.json()["state"]) == (200, "open")
    answer = await finance[0].post(address, json={"verdict": "release", "note": "again"})
    assert (answer.status_code, answer.json()["code"]) == (409, "fraud.already_voted")
    answer = await finance[1].post(address, json={"verdict": "release", "note": "agreed"})
    assert (answer.status_code, answer.json()["state"]) == (200, "released")
    closed = (await finance[0].get(f"{REVIEWS}/closed")).json()["items"]
    assert [vote["note"] for vote in closed[0]["votes"]] == ["known customer", "agreed"]
    for body in (
        {"verdict": "release"},
        {"verdict": "maybe", "note": "x"},
        {"verdict": "release", "note": "x", "y": 1},
    ):
        assert (await finance[0].post(address, json=body)).status_code == 422


async def test_lists_and_policy_over_http(finance, client_for, database: Database):
    base = "/api/v1/operations/fraud"
    entry = {"list": "email_domain", "value": "Trash.Example", "reason": "bots"}
    assert (await finance[0].put(f"{base}/denied", json=entry)).status_code == 204
    assert [one["value"] for one in (await finance[0].get(f"{base}/denied")).json()] == ["trash.example"]
    gone = {"params": {"value": "trash.example"}}
    assert (await finance[0].delete(f"{base}/denied/email_domain", **gone)).status_code == 204
    assert (await finance[0].delete(f"{base}/denied/email_domain", **gone)).status_code == 404
    past = {**entry, "until": "2020-01-01T00:00:00Z"}
    assert (await finance[0].put(f"{base}/denied", json=past)).json()["code"] == "fraud.unusable_entry"
    for odd in ({"value": "a\0b"}, {"value": " "}, {"reason": "\u202e"}, {"until": "2030-01-01T00:00:00"}):
        assert (await finance[0].put(f"{base}/denied", json=entry | odd)).status_code in {400, 422}, odd

    shown = (await finance[0].get(f"{base}/policy")).json()
    assert (await finance[0].post(f"{base}/policy", json={"after": 1, "document": "{}"})).status_code == 403
    async with database.begin() as tx:
        user = await make_user(tx, roles=["admin"])
    admin = await client_for(user)
    policy = shown["policy"]
    policy["reviewing"]["per_day"] = 7
    answer = await admin.post(f"{base}/policy", json={"after": 1, "document": json.dumps(policy)})
    assert (answer.status_code, answer.json()["version"]) == (200, 2)
    assert answer.json()["policy"]["reviewing"]["per_day"] == 7
    stale = await admin.post(f"{base}/policy", json={"after": 1, "document": json.dumps(policy)})
    assert (stale.status_code, stale.json()["code"]) == (409, "fraud.policy_changed")
    policy["rules"][0]["when"][0]["feature"] = "astrology"
    odd = await admin.post(f"{base}/policy", json={"after": 2, "document": json.dumps(policy)})
    assert (odd.status_code, odd.json()["code"]) == (422, "fraud.unusable_policy")
    for text in ("", "[]", "{", '{"costs": {"lost_bp": 99999}}', json.dumps({**policy, "extra": 1})):
        answer = await admin.post(f"{base}/policy", json={"after": 2, "document": text})
        assert (answer.status_code, answer.json()["code"]) == (422, "fraud.unusable_policy"), text


async def test_an_operator_sees_that_rules_decide_alone(finance):
    shown = (await finance[0].get("/api/v1/operations/fraud/models")).json()
    assert shown == {"rules_only": True, "trouble": None, "models": []}
    assert (await finance[0].get("/api/v1/operations/fraud/drift")).json() == []
