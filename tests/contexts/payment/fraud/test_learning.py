"""Models from training to deciding: registered, promoted, loaded, asked, shadowed, drifting; and when they cannot be."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from tests.factories.fraud import NOW, make_facts, usd
from tests.factories.users import make_user
from vibestream.contexts.payment.fraud import service as fraud
from vibestream.contexts.payment.fraud.domain.statistics.features import FEATURES
from vibestream.contexts.payment.fraud.domain.statistics.model import SCORE, TooFewFrauds, load
from vibestream.contexts.payment.fraud.jobs import measure_drift
from vibestream.contexts.payment.fraud.service import SHELF, Judgement, Outcome, Verdict, learning, registry
from vibestream.contexts.payment.fraud.service.learning import Lesson
from vibestream.contexts.payment.fraud.service.registry import ModelMismatch, ModelRole, NoSuchModel
from vibestream.contexts.payment.fraud.service.serving import refresh
from vibestream.kernel.ids import UserId, new_id
from vibestream.platform.database import Database, Tx
from vibestream.platform.runtime import Runtime


@pytest.fixture(autouse=True)
def empty_shelf() -> Iterator[None]:
    SHELF.keep_only(set())
    SHELF.trouble = None
    yield
    SHELF.keep_only(set())
    SHELF.trouble = None


@pytest.fixture(scope="session")
def other_file(lesson: Lesson) -> bytes:
    return learning.fit(lesson, seed=2)


async def enter(tx: Tx, data: bytes, role: ModelRole | None = ModelRole.CHAMPION) -> str:
    """Register a model, put it on the shelf, and give it a role."""
    model = load(data)
    await registry.register(tx, data=data, trained_on="a test", metrics={"average_precision": 0.5}, now=NOW)
    if role is not None:
        await registry.promote(tx, name=model.sha256, role=role, now=NOW)
    SHELF.put(model)
    return model.sha256


async def test_the_champion_decides_with_reasons_and_its_hash_is_kept(tx: Tx, model_file: bytes):
    sha256 = await enter(tx, model_file)
    quiet = await fraud.assess(tx, facts=make_facts(), now=NOW)
    assert quiet.score is not None
    assert 0 <= quiet.score < 0.2
    assert quiet.verdict in {Verdict.ALLOW, Verdict.STEP_UP}
    assert quiet.model == sha256

    loud = make_facts(kind="payout", purpose="payout", amount=usd(90_000), account_created_at=NOW - timedelta(days=3))
    signals: dict[str, float | str] = {"listen_concentration": 85.0}
    decision = await fraud.assess(tx, facts=loud, signals=signals, now=NOW)
    assert decision.verdict in {Verdict.REVIEW, Verdict.BLOCK}
    assert decision.score is not None
    assert decision.score > quiet.score
    codes = [one.code for one in decision.reasons]
    assert codes[:2] == ["rule.payout_young", "rule.payout_concentrated"]
    assert 3 <= len(codes) <= 6
    assert all(fraud.words_of(code, locale="es") for code in codes)


async def test_a_challenger_scores_in_the_shadow_and_decides_nothing(tx: Tx, model_file: bytes, other_file: bytes):
    champion = await enter(tx, model_file)
    challenger = await enter(tx, other_file, ModelRole.CHALLENGER)
    decision = await fraud.assess(tx, facts=make_facts(), now=NOW)
    kept = (await fraud.explained(tx, decision_id=decision.decision_id)).decision
    assert (decision.model, kept.model, kept.challenger) == (champion, champion, challenger)
    assert kept.challenger_score_ppm is not None
    assert decision.score == pytest.approx((kept.score_ppm or 0) / 1e6)


async def test_promotion_retires_who_was_there_and_happens_once(tx: Tx, model_file: bytes, other_file: bytes):
    first, second = await enter(tx, model_file), await enter(tx, other_file, None)
    await registry.promote(tx, name=second[:10], role=ModelRole.CHALLENGER, now=NOW)
    await registry.promote(tx, name="challenger", role=ModelRole.CHAMPION, now=NOW)
    await registry.promote(tx, name=second, role=ModelRole.CHAMPION, now=NOW + timedelta(days=1))
    roles = {one.model: (one.role, one.role_since) for one in await registry.registered(tx)}
    assert roles == {first: (ModelRole.RETIRED, NOW), second: (ModelRole.CHAMPION, NOW)}
    for name in ("", "f" * 64, "nobody"):
        with pytest.raises(NoSuchModel):
            await registry.promote(tx, name=name, role=ModelRole.CHAMPION, now=NOW)


async def test_a_model_of_other_features_is_not_promoted(tx: Tx, model_file: bytes):
    await tx.execute(
        "INSERT INTO payment.risk_model VALUES (%s, 'k', 'old', 'x', '{}', %s, 'candidate', %s)", ["a" * 64, NOW, NOW]
    )
    with pytest.raises(ModelMismatch):
        await registry.promote(tx, name="a" * 64, role=ModelRole.CHAMPION, now=NOW)


async def test_two_promotions_at_once_leave_one_champion(database: Database, model_file: bytes, other_file: bytes):
    async with database.begin() as tx:
        names = [await enter(tx, data, None) for data in (model_file, other_file)]

    async def promote(name: str) -> None:
        async with database.begin() as tx:
            await registry.promote(tx, name=name, role=ModelRole.CHAMPION, now=NOW)

    await asyncio.gather(*(promote(name) for name in names))
    async with database.begin() as tx:
        roles = sorted(one.role.value for one in await registry.registered(tx))
    assert roles == ["champion", "retired"]


async def stored(runtime: Runtime, data: bytes, *, content: bytes | None = None) -> str:
    """Put a model's file in the object store (or another content under its key) and make it champion."""
    key = registry.object_key(data)
    await runtime.objects.put_bytes(key, data if content is None else content, content_type="application/json")
    async with runtime.database.begin() as tx:
        found = await registry.register(tx, data=data, trained_on="a test", metrics={}, now=NOW)
        await registry.promote(tx, name=found.model, role=ModelRole.CHAMPION, now=NOW)
    return found.model


async def test_a_process_fetches_what_was_promoted_and_lets_go_of_what_retired(
    runtime: Runtime, model_file: bytes, other_file: bytes
):
    await refresh(runtime)
    assert SHELF.trouble is None
    first = await stored(runtime, model_file)
    assert SHELF.get(first) is None
    await refresh(runtime)
    assert SHELF.get(first) is not None
    second = await stored(runtime, other_file)
    await refresh(runtime)
    assert (SHELF.get(first), SHELF.get(second) is not None, SHELF.trouble) == (None, True, None)


@pytest.mark.parametrize("content", [b"", b"{}", None], ids=["empty", "another", "missing"])
async def test_a_file_that_is_not_what_was_registered_decides_nothing(
    runtime: Runtime, model_file: bytes, client_for: Any, content: bytes | None
):
    sha256 = await stored(runtime, model_file, content=content or b"")
    if content is None:
        await runtime.objects.delete(registry.object_key(model_file))
    await refresh(runtime)
    assert SHELF.get(sha256) is None
    assert SHELF.trouble is not None
    async with runtime.database.begin() as tx:
        decision = await fraud.assess(tx, facts=make_facts(), now=NOW)
    assert (decision.model, decision.score) == ("rules-only", None)


async def test_drift_is_measured_of_enough_decisions_and_seen_where_it_is(tx: Tx, model_file: bytes, lesson: Lesson):
    sha256 = await enter(tx, model_file)
    model = SHELF.get(sha256)
    assert model is not None
    decision = await fraud.assess(tx, facts=make_facts(), now=NOW)
    assert await learning.measure_drift(tx, model=model, now=NOW) == []

    rows = lesson.examples.vectors[-400:].copy()
    rows[:, FEATURES.index("amount")] += 500
    kept = (await fraud.explained(tx, decision_id=decision.decision_id)).decision
    for vector in rows:
        await tx.execute(
            "INSERT INTO payment.risk_decision SELECT %s, subject, decided_at, verdict, proposed, propensity_ppm,"
            " 500000, model, challenger, challenger_score_ppm, policy, rules, reasons, features, %s::float8[], signals"
            " FROM payment.risk_decision WHERE decision_id = %s",
            [new_id(), vector.tolist(), kept.decision_id],
        )
    found = {one.feature: one.psi_ppm for one in await learning.measure_drift(tx, model=model, now=NOW)}
    assert set(found) == {*FEATURES, SCORE}
    assert found["amount"] > 250_000
    assert found[SCORE] > 250_000
    assert found["signal.radar_risk_score"] < 10_000
    latest = await registry.drift(tx, limit=3)
    assert latest[0].psi_ppm == max(found.values())


async def test_the_drift_job_does_nothing_without_a_champion(runtime: Runtime):
    await measure_drift(runtime)
    async with runtime.database.begin() as tx:
        assert await registry.drift(tx, limit=5) == []


async def test_ones_own_decisions_are_a_lesson_without_what_was_blocked_unseen(tx: Tx):
    old = NOW - timedelta(days=100)
    reviewer = UserId(new_id())

    async def ask(**more: Any) -> tuple[str, fraud.Decision]:
        facts = make_facts(at=old, **more)
        return facts.subject, await fraud.assess(tx, facts=facts, now=old)

    await ask()
    bad, _ = await ask()
    await fraud.note_outcome(tx, subject_ref=bad, outcome=Outcome.DISPUTED, at=NOW)
    artist = UserId(new_id())
    _, blocked = await ask(user_id=artist, beneficiary=artist)
    _, waiting = await ask(amount=usd(20_000))
    _, released = await ask(amount=usd(30_000))
    _, refused = await ask(amount=usd(40_000))
    for decision, judgement in ((released, Judgement.RELEASE), (refused, Judgement.REFUSE)):
        await fraud.decide_review(
            tx, decision_id=decision.decision_id, reviewer=reviewer, verdict=judgement, note="n", now=old
        )
    await fraud.assess(tx, facts=make_facts(at=NOW), now=NOW)  # not ripe
    assert (blocked.verdict, waiting.verdict) == (Verdict.BLOCK, Verdict.REVIEW)

    lesson = await learning.own_lesson(tx, now=NOW)
    amounts = lesson.examples.vectors[:, FEATURES.index("amount")]
    learned = sorted(zip(amounts.tolist(), lesson.examples.fraud.tolist(), strict=True))
    assert learned == [(10, False), (10, True), (300, False), (400, True)]
    assert lesson.examples.weight.tolist() == [1.0] * 4
    with pytest.raises(TooFewFrauds):
        learning.fit(lesson, seed=1)


async def test_an_explored_one_counts_for_those_that_it_stands_for(tx: Tx):
    old = NOW - timedelta(days=100)
    facts = make_facts(at=old)
    decision = await fraud.assess(tx, facts=facts, now=old)
    await tx.execute(
        "INSERT INTO payment.risk_decision SELECT %s, subject, decided_at + interval '1 second', verdict, 'block', 15000,"
        " score_ppm, model, challenger, challenger_score_ppm, policy, rules, reasons, features, vector, signals"
        " FROM payment.risk_decision WHERE decision_id = %s",
        [new_id(), decision.decision_id],
    )
    lesson = await learning.own_lesson(tx, now=NOW)
    assert lesson.examples.weight.tolist() == [66.0]
    assert np.isfinite(lesson.examples.vectors[:, FEATURES.index("amount")]).all()


async def test_the_models_and_drift_over_http(client_for: Any, runtime: Runtime, database: Database, model_file: bytes):
    sha256 = await stored(runtime, model_file)
    async with database.begin() as tx:
        user = await make_user(tx, roles=["finance"])
    client = await client_for(user)
    shown = (await client.get("/api/v1/operations/fraud/models")).json()
    assert [(one["model"], one["role"]) for one in shown["models"]] == [(sha256, "champion")]
    assert shown["rules_only"] is True
    await refresh(runtime)
    assert (await client.get("/api/v1/operations/fraud/models")).json()["rules_only"] is False
