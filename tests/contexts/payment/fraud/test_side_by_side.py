"""Champion and challenger over the same decisions: counted by tenths of certainty, with what turned out to be fraud."""

from __future__ import annotations

from datetime import timedelta

from tests.factories.fraud import make_facts
from vibestream.contexts.payment.fraud import service as fraud
from vibestream.contexts.payment.fraud.service import Outcome, registry
from vibestream.contexts.payment.fraud.service.registry import Band, ModelRole
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Tx

_SCORES = [(40_000, 950_000), (50_000, 60_000), (1_000_000, 999_000)]
"""What champion and challenger say, in millionths; the first and the last turn out to be fraud."""


async def _scored(tx: Tx) -> None:
    now = utc_now()
    for role in ("champion", "challenger"):
        data = role.encode()
        model = await registry.register(tx, data=data, trained_on="a test", metrics={}, now=now)
        await registry.promote(tx, name=model.model, role=ModelRole(role), now=now)
    known = {one.role.value: one.model for one in await registry.registered(tx)}
    for number, (champion, challenger) in enumerate(_SCORES):
        decision = await fraud.assess(tx, facts=make_facts(subject=f"payment {number}", at=now), now=now)
        # As if both models had been at hand: a decision is never changed, so another is written after it.
        await tx.execute(
            """
            INSERT INTO payment.risk_decision (decision_id, subject, decided_at, verdict, proposed, propensity_ppm,
                score_ppm, model, challenger, challenger_score_ppm, policy, rules, reasons, features, vector, signals)
            SELECT gen_random_uuid(), subject, decided_at, verdict, proposed, propensity_ppm, %s, %s, %s, %s, policy,
                rules, reasons, features, vector, signals FROM payment.risk_decision WHERE decision_id = %s
            """,
            [champion, known["champion"], known["challenger"], challenger, decision.decision_id],
        )
        if number != 1:
            await fraud.note_outcome(tx, subject_ref=f"payment {number}", outcome=Outcome.EARLY_FRAUD_WARNING, at=now)


async def test_both_are_counted_over_the_decisions_that_both_scored(tx: Tx):
    await _scored(tx)
    found = await registry.side_by_side(tx, since=utc_now() - timedelta(days=1))

    assert found is not None
    assert (found.decisions, found.apart_ppm, found.far) == (3, 307_000, 1)
    assert found.bands == (
        Band(role="challenger", tenth=0, decisions=1, frauds=0),
        Band(role="challenger", tenth=9, decisions=2, frauds=2),
        Band(role="champion", tenth=0, decisions=2, frauds=1),
        Band(role="champion", tenth=9, decisions=1, frauds=1),
    )


async def test_with_one_model_alone_there_is_nothing_to_compare(tx: Tx):
    assert await registry.side_by_side(tx, since=utc_now()) is None
    model = await registry.register(tx, data=b"x", trained_on="a test", metrics={}, now=utc_now())
    await registry.promote(tx, name=model.model, role=ModelRole.CHAMPION, now=utc_now())
    assert await registry.side_by_side(tx, since=utc_now()) is None


async def test_what_was_decided_before_is_not_counted(tx: Tx):
    await _scored(tx)
    found = await registry.side_by_side(tx, since=utc_now() + timedelta(days=1))

    assert found is not None
    assert (found.decisions, found.apart_ppm, found.far, found.bands) == (0, 0, 0, ())
