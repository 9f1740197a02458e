"""What fraud holds of a person."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from pydantic import JsonValue

from vibestream.platform.database import Tx


async def records_of(tx: Tx, user_id: UUID) -> list[dict[str, JsonValue]]:
    """Return what a person did that was screened, and from where."""
    return await tx.values(
        "SELECT jsonb_build_object('kind', kind, 'at', at, 'amount', amount, 'currency', currency, 'network', network,"
        " 'country', country) FROM payment.risk_event WHERE user_id = %s ORDER BY at",
        [user_id],
    )


async def erase_person(tx: Tx, user_id: UUID) -> None:
    """Empty from where, and with what, a person did what was screened; verdicts and their reasons stay."""
    await tx.execute(
        "UPDATE payment.risk_decision SET signals = '{}' WHERE subject IN"
        " (SELECT subject FROM payment.risk_event WHERE user_id = %s)",
        [user_id],
    )
    await tx.execute(
        "UPDATE payment.risk_event SET method = NULL, device = NULL, network = NULL, email_domain = NULL, country = NULL"
        " WHERE user_id = %s",
        [user_id],
    )


async def forget_signals(tx: Tx, *, before: datetime, most: int) -> int:
    """Empty from where, and with what, was done what was screened before an instant, at most so many, and return how many."""
    return await tx.execute(
        "WITH old AS (SELECT subject FROM payment.risk_event WHERE at < %s"
        "     AND num_nonnulls(method, device, network, email_domain, country) > 0 LIMIT %s FOR UPDATE SKIP LOCKED),"
        " decided AS (UPDATE payment.risk_decision SET signals = '{}' WHERE subject IN (SELECT subject FROM old))"
        " UPDATE payment.risk_event SET method = NULL, device = NULL, network = NULL, email_domain = NULL, country = NULL"
        " WHERE subject IN (SELECT subject FROM old)",
        [before, most],
    )
