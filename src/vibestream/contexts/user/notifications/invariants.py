"""What must always hold of notifications."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from vibestream.kernel.time import utc_now
from vibestream.platform.database import Tx
from vibestream.platform.invariants import Finding, Invariant

_PATIENCE: Final = timedelta(hours=27)
"""A mail is tried for a little more than a day."""
_PUSH_PATIENCE: Final = timedelta(days=3, hours=3)
"""A push is tried for three days at most."""


async def _delivered(tx: Tx) -> Finding:
    late = utc_now() - _PATIENCE
    waiting = await tx.value("SELECT count(*) FROM users.notification_delivery WHERE state = 'waiting'")
    pushes = await tx.value("SELECT count(*) FROM users.push_delivery WHERE state = 'waiting'")
    stuck = await tx.values(
        "(SELECT delivery_id::text FROM users.notification_delivery WHERE state = 'waiting' AND due_at < %s"
        " ORDER BY due_at LIMIT 5) UNION ALL (SELECT d.delivery_id::text FROM users.push_delivery d"
        " JOIN users.push_subscription p USING (subscription_id) JOIN users.session s ON s.session_id = p.session_id"
        " AND s.ended_at IS NULL AND s.expires_at > now() AND s.last_seen_at + s.idle_for > now()"
        " WHERE d.state = 'waiting' AND d.due_at < %s ORDER BY d.due_at LIMIT 5)",
        [late, utc_now() - _PUSH_PATIENCE],
    )
    return Finding(ok=not stuck, figure=f"{waiting} mails and {pushes} pushes wait", detail=", ".join(stuck))


async def _numbered(tx: Tx) -> Finding:
    inboxes = await tx.value("SELECT count(*) FROM users.notification_inbox")
    wrong = await tx.values(
        "SELECT n.user_id::text FROM users.notification n LEFT JOIN users.notification_inbox i USING (user_id)"
        " GROUP BY n.user_id, i.last_seq HAVING coalesce(max(n.seq), 0) > coalesce(i.last_seq, 0) LIMIT 5"
    )
    return Finding(ok=not wrong, figure=f"{inboxes} inboxes", detail=", ".join(wrong))


INVARIANTS: Final = (
    Invariant(
        "users.notifications_delivered",
        "Every mail of a notification was settled within a little more than a day of being due, a push within three.",
        _delivered,
    ),
    Invariant(
        "users.notifications_numbered", "No notification has a number that its inbox has not given yet.", _numbered
    ),
)
