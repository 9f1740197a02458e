"""Work that no request does: releasing what has been pending for long enough, and running a month that finance closed."""

from __future__ import annotations

from uuid import UUID

from vibestream.contexts.payment.royalties import service
from vibestream.contexts.payment.royalties.service import Exclusion
from vibestream.kernel.ids import UserId
from vibestream.kernel.money import Currency
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Tx
from vibestream.platform.jobs import job, periodic
from vibestream.platform.runtime import Runtime


@periodic("payment.release_royalties", every_s=3600)
async def release_royalties(runtime: Runtime) -> None:
    """Make available what has been pending for the hold period, in short transactions."""
    now = utc_now()
    while await runtime.database.run(lambda tx: service.release_due(tx, now=now)):
        pass


@job("payment.run_royalties", attempts=5)
async def run_royalties(
    runtime: Runtime, *, month: str, currency: str, exclusions: list[list[str | None]], made_by: str | None
) -> None:
    """Share a closed month's pool. Run again, it finds the run that there is.

    Each exclusion is the id of a listener or None, the id of a track or None, and the reason.
    """
    left_out = [
        Exclusion(UUID(listener) if listener else None, UUID(track) if track else None, reason or "")
        for listener, track, reason in exclusions
    ]

    async def work(tx: Tx) -> None:
        await service.run_month(
            tx,
            month=service.parse_month(month),
            currency=Currency.of(currency),
            exclusions=left_out,
            made_by=UserId(UUID(made_by)) if made_by else None,
            now=utc_now(),
        )

    await runtime.database.run(work)
