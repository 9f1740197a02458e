"""What must always hold of sources of pools."""

from __future__ import annotations

from typing import Final

from vibestream.platform.database import Tx
from vibestream.platform.invariants import Finding, Invariant


async def _approved_is_issued(tx: Tx) -> Finding:
    total = await tx.value("SELECT count(*) FROM payment.source_top_up WHERE state = 'approved'")
    wrong = await tx.values(
        """
        SELECT coalesce('top-up ' || u.top_up_id, 'transaction ' || t.id) FROM (
            SELECT * FROM payment.source_top_up WHERE state = 'approved'
        ) u FULL JOIN (
            SELECT header.id, a.subject, entry.amount FROM payment.transaction header
            JOIN payment.entry entry ON entry.transaction_id = header.id
            JOIN payment.account a ON a.id = entry.account_id AND a.kind <> 'issuance'
            WHERE header.kind = 'source_top_up'
        ) t ON t.id = u.transaction_id AND t.subject = u.source AND t.amount = u.amount
        WHERE t.id IS NULL OR u.top_up_id IS NULL OR u.decided_by = u.proposed_by LIMIT 5
        """
    )
    foreign = await tx.values(
        """
        SELECT 'a ' || t.kind || ' moves source ' || a.subject FROM payment.account a
        JOIN payment.entry e ON e.account_id = a.id JOIN payment.transaction t ON t.id = e.transaction_id
        WHERE a.kind = 'pool_source' AND t.kind NOT IN ('source_top_up', 'pool_funding', 'claim_return') LIMIT 5
        """
    )
    return Finding(ok=not wrong and not foreign, figure=f"{total} top-ups", detail="; ".join([*wrong, *foreign]))


INVARIANTS: Final = (
    Invariant(
        "pool_sources.approved_is_issued",
        "Each top-up that two people agreed on is one posting into its source, and only pools take from it and give back.",
        _approved_is_issued,
    ),
)
