"""What payouts hold of a person."""

from __future__ import annotations

from uuid import UUID

from pydantic import JsonValue

from vibestream.platform.database import Tx


async def records_of(tx: Tx, user_id: UUID) -> list[dict[str, JsonValue]]:
    """Return where a person had money sent, and the payouts that went there."""
    return await tx.values(
        "SELECT jsonb_build_object('method', method, 'address', address, 'set_at', set_at, 'replaced_at', replaced_at)"
        " FROM payment.payout_destination WHERE user_id = %(user_id)s UNION ALL"
        " SELECT jsonb_build_object('currency', currency, 'gross', gross, 'fee', fee, 'method', method, 'address', address,"
        " 'requested_at', requested_at, 'state', state) FROM payment.payout WHERE user_id = %(user_id)s UNION ALL"
        " SELECT jsonb_build_object('nothing_paid_out_before', until) FROM payment.payout_freeze WHERE user_id = %(user_id)s",
        {"user_id": user_id},
    )


async def erase_person(tx: Tx, user_id: UUID) -> None:
    """Empty where a person had money sent, and forget their account at the gateway; how much was sent stays, and when."""
    await tx.execute("SELECT payment.forget_payee(%s)", [user_id])
    await tx.execute("DELETE FROM payment.payee_account WHERE user_id = %s", [user_id])
    await tx.execute("DELETE FROM payment.payout_freeze WHERE user_id = %s", [user_id])
    await tx.execute(
        "DELETE FROM payment.payout_origin WHERE payout_id IN (SELECT payout_id FROM payment.payout WHERE user_id = %s)",
        [user_id],
    )
