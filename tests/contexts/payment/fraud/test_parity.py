"""What a model is trained on is what it is asked with: a world computed at once, and the same world decided one by one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import numpy as np

from vibestream.contexts.payment.fraud import service as fraud
from vibestream.contexts.payment.fraud.domain.statistics.features import FEATURES, vectors_of
from vibestream.contexts.payment.fraud.domain.statistics.simulator import worlds
from vibestream.contexts.payment.fraud.domain.statistics.simulator.handbook import Scale
from vibestream.contexts.payment.fraud.domain.statistics.tables import PURPOSES, SIGNALS, QueryTable
from vibestream.contexts.payment.fraud.service import Facts, Outcome
from vibestream.contexts.payment.fraud.store import decisions
from vibestream.kernel.ids import UserId
from vibestream.kernel.money import USD, Money
from vibestream.platform.database import Tx

SMALL = Scale(customers=25, terminals=5, days=45, radius=100)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def instant(ms: float) -> datetime | None:
    return None if np.isnan(ms) else EPOCH + timedelta(milliseconds=int(ms))


def facts_of(table: QueryTable, row: int) -> Facts:
    """One row of a table as the owner of the payment or payout would tell it."""
    events = table.events
    code = {name: int(column[row]) for name, column in events.codes.items()}
    payout = bool(events.payout[row])
    at = instant(float(events.at[row]))
    assert at is not None
    return Facts(
        kind="payout" if payout else "payment",
        user_id=UserId(UUID(int=code["user"])),
        amount=Money(int(events.cents[row]), USD),
        purpose=PURPOSES[int(table.purpose[row])],
        subject=f"row-{row}",
        method_fingerprint=f"card-{code['method']}" if code["method"] else None,
        device=f"device-{code['device']}" if code["device"] else None,
        network=f"network-{code['network']}" if code["network"] else None,
        email_domain=f"mail{code['domain']}.example" if code["domain"] else None,
        country=f"C{code['country']}" if code["country"] else None,
        beneficiary=UserId(UUID(int=code["payee"])) if code["payee"] and not payout else None,
        account_created_at=instant(float(table.account_created[row])),
        destination_changed_at=instant(float(table.destination_changed[row])),
        at=at,
    )


async def decide_in_order(tx: Tx, table: QueryTable) -> np.ndarray:
    """Decide about each row as it comes, tell its outcome, and return the vectors that were kept."""
    kept = []
    for row in range(len(table)):
        facts = facts_of(table, row)
        signals: dict[str, float | str] = {
            name: float(table.signals[name][row]) for name in SIGNALS if name in table.signals
        }
        decision = await fraud.assess(tx, facts=facts, signals=signals, now=facts.at)
        if table.events.declined[row]:
            await fraud.note_outcome(tx, subject_ref=facts.subject, outcome=Outcome.DECLINED, at=facts.at)
        if table.events.fraud[row]:
            await fraud.note_outcome(tx, subject_ref=facts.subject, outcome=Outcome.DISPUTED, at=facts.at)
        recorded = await decisions.load_decision(tx, decision.decision_id)
        assert recorded is not None
        kept.append(recorded.vector)
    return np.array(kept)


async def test_a_world_decided_one_by_one_has_the_vectors_of_the_world_computed_at_once(tx: Tx):
    world = worlds.simulated(SMALL, seed=3)
    table = world.table.take(np.unique(world.table.events.at, return_index=True)[1])
    assert len(table) > 500
    assert {int(kind) for kind in np.unique(table.events.payout)} == {0, 1}
    assert int(table.events.fraud.sum()) > 30

    at_once = vectors_of(table)
    one_by_one = await decide_in_order(tx, table)

    differing = [
        FEATURES[column] for column in range(len(FEATURES)) if not same(at_once[:, column], one_by_one[:, column])
    ]
    assert differing == []
    assert np.isfinite(at_once).mean() > 0.5
    assert (at_once[:, FEATURES.index("payee.risk.30d")] > 0).any()


def same(left: np.ndarray, right: np.ndarray) -> bool:
    return bool(np.array_equal(left, right, equal_nan=True))
