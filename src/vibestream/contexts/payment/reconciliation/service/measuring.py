"""What somebody has to look at about money, counted by every process that is asked for its metrics."""

from __future__ import annotations

from typing import Final

from prometheus_client import Gauge

from vibestream.contexts.payment.checkout import service as checkout
from vibestream.contexts.payment.fraud import service as fraud
from vibestream.contexts.payment.reconciliation.store import findings
from vibestream.contexts.payment.webhooks import service as webhooks
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Tx

UNKNOWN_FOR: Final = Gauge(
    "vibestream_payments_unknown_seconds", "For how long the oldest payment of unknown outcome has been that."
)
WEBHOOKS_FAILED: Final = Gauge(
    "vibestream_webhooks_unprocessed", "Webhooks that were received and could not be processed so far."
)
REVIEWS_LATE: Final = Gauge("vibestream_reviews_overdue", "Open fraud reviews that should have been decided by now.")
FINDINGS_OPEN: Final = Gauge(
    "vibestream_reconciliation_findings_open",
    "Differences to the gateways' books that nobody has explained or resolved.",
)


async def probe(tx: Tx) -> None:
    """Set every gauge of this module. They are counted in the database, so each process says the same."""
    now = utc_now()
    since = await checkout.unknown_since(tx)
    UNKNOWN_FOR.set(0 if since is None else max(0, int((now - since).total_seconds())))
    WEBHOOKS_FAILED.set(await webhooks.count_failed(tx))
    REVIEWS_LATE.set(await fraud.count_late(tx, now=now))
    FINDINGS_OPEN.set(await findings.count_open(tx))
