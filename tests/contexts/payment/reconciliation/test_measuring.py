"""What alerts are raised by is counted in the database."""

from __future__ import annotations

from datetime import timedelta

from prometheus_client import REGISTRY

from tests.factories.checkout import make_started, usd
from tests.factories.observed import observed, screened
from vibestream.contexts.payment.checkout import service as checkout
from vibestream.contexts.payment.checkout.domain import commands as c
from vibestream.contexts.payment.checkout.domain.states import Act
from vibestream.contexts.payment.checkout.service.recording import carry_out, lock
from vibestream.contexts.payment.reconciliation.service.measuring import probe
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Tx


def gauge(name: str) -> float:
    value = REGISTRY.get_sample_value(name)
    assert value is not None
    return value


async def test_an_unknown_payment_a_late_review_and_nothing_else_are_counted(tx: Tx):
    await probe(tx)
    assert [gauge("vibestream_payments_unknown_seconds"), gauge("vibestream_reviews_overdue")] == [0, 0]
    ids = []
    for minor in (1_000, 300_000):  # what is much, fraud wants looked at
        started = make_started()
        view = await checkout.start(
            tx,
            key=f"test:{started.payment_id}",
            user_id=started.user_id,
            purpose=started.purpose,
            subject="",
            amount=usd(minor),
            description="Top-up",
            return_to="/wallet",
        )
        await screened(tx, view.payment_id, at=utc_now() - timedelta(days=10))
        ids.append(view.payment_id)
    await observed(tx, ids[0])
    locked = await lock(tx, payment_id=ids[0])
    await carry_out(tx, c.LoseOutcome(act=Act.OPEN), locked=locked, now=utc_now() - timedelta(hours=1))
    await probe(tx)
    assert 3_600 <= gauge("vibestream_payments_unknown_seconds") < 3_660
    assert gauge("vibestream_reviews_overdue") == 1
    assert [gauge("vibestream_webhooks_unprocessed"), gauge("vibestream_reconciliation_findings_open")] == [0, 0]
