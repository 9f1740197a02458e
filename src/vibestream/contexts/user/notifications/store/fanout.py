"""Telling many people at once: each step is one statement, whatever their number."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from vibestream.contexts.user.notifications.domain.kinds import Channel, Choices, Kind
from vibestream.contexts.user.notifications.domain.timing import Hours
from vibestream.contexts.user.notifications.domain.told import Notification
from vibestream.contexts.user.notifications.store.told import as_notification
from vibestream.kernel.ids import UserId
from vibestream.platform.database import Tx

_OPENED: Final = """
INSERT INTO users.notification_inbox (user_id, last_seq)
SELECT user_id, 0 FROM users.address a
WHERE user_id = ANY(%s) AND NOT EXISTS (SELECT FROM users.notification_inbox i WHERE i.user_id = a.user_id)
ORDER BY user_id
ON CONFLICT (user_id) DO NOTHING
"""
_LOCKED: Final = """
SELECT i.user_id, i.last_seq, h.time_zone, h.quiet_from, h.quiet_until, here.wanted, mail.wanted,
    push.wanted
FROM users.notification_inbox i
JOIN users.address a ON a.user_id = i.user_id
LEFT JOIN users.notification_hours h ON h.user_id = i.user_id
LEFT JOIN users.notification_choice here
    ON here.user_id = i.user_id AND here.kind = %(kind)s AND here.channel = 'in_app'
LEFT JOIN users.notification_choice mail
    ON mail.user_id = i.user_id AND mail.kind = %(kind)s AND mail.channel = 'email'
LEFT JOIN users.notification_choice push
    ON push.user_id = i.user_id AND push.kind = %(kind)s AND push.channel = 'push'
WHERE i.user_id = ANY(%(people)s)
ORDER BY i.user_id
FOR UPDATE OF i
"""


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody whose inbox is locked: the number of their newest notification, their hours, and what they chose."""

    last_seq: int
    hours: Hours
    choices: Choices


@dataclass(frozen=True, slots=True)
class Mailing:
    """A mail that waits for an instant."""

    delivery_id: UUID
    notification_id: UUID
    due_at: datetime


async def lock_inboxes(tx: Tx, *, user_ids: Collection[UserId], kind: Kind) -> dict[UserId, Recipient]:
    """Lock the inboxes of people, in the order of their ids, and return whom they belong to.

    Whoever has no account any more is missing from the answer.
    """
    people = list(user_ids)
    await tx.execute(_OPENED, [people])
    found = {}
    for user_id, seq, zone, begins, ends, *wanted in await tx.rows(_LOCKED, {"kind": kind.value, "people": people}):
        chosen = zip((Channel.IN_APP, Channel.EMAIL, Channel.PUSH), wanted, strict=True)
        found[UserId(user_id)] = Recipient(
            last_seq=seq,
            hours=Hours() if zone is None else Hours(time_zone=zone, quiet_from=begins, quiet_until=ends),
            choices={(kind, channel): choice for channel, choice in chosen if choice is not None},
        )
    return found


async def find_earlier(tx: Tx, *, kind: Kind, keys: Mapping[UserId, str]) -> dict[UserId, Notification]:
    """Return, of people whose inboxes are locked, the notification of each one's key, where there is one."""
    rows = await tx.all(
        as_notification,
        "SELECT n.notification_id, n.user_id, n.kind, n.facts, n.count, n.seq, n.told_at, n.read_at"
        " FROM unnest(%s::uuid[], %s::text[]) AS asked (user_id, key)"
        " JOIN users.notification n ON n.user_id = asked.user_id AND n.kind = %s AND n.key = asked.key",
        [list(keys), list(keys.values()), kind.value],
    )
    return {row.user_id: row for row in rows}


async def add(tx: Tx, *, told: Sequence[Notification], keys: Mapping[UserId, str]) -> set[UUID]:
    """Insert notifications, and return which of them are new; one whose key was told before is left out."""
    if not told:
        return set()
    return set(
        await tx.values(
            "INSERT INTO users.notification (notification_id, user_id, kind, key, facts, count, seq, told_at)"
            " SELECT notification_id, user_id, kind, key, facts, count, seq, told_at FROM ROWS FROM ("
            " unnest(%s::uuid[], %s::uuid[], %s::text[], %s::text[], %s::int[], %s::bigint[], %s::timestamptz[]),"
            " jsonb_array_elements(%s::jsonb)"
            ") AS t (notification_id, user_id, kind, key, count, seq, told_at, facts)"
            " ON CONFLICT (user_id, kind, key) DO NOTHING RETURNING notification_id",
            [
                [one.notification_id for one in told],
                [one.user_id for one in told],
                [one.kind.value for one in told],
                [keys[one.user_id] for one in told],
                [one.count for one in told],
                [one.seq for one in told],
                [one.told_at for one in told],
                json.dumps([dict(one.facts) for one in told]),
            ],
        )
    )


async def save_more(tx: Tx, *, told: Sequence[Notification]) -> None:
    """Keep notifications that tell more than before; they are unread again."""
    if not told:
        return
    await tx.execute(
        "UPDATE users.notification n SET facts = m.facts, count = m.count, seq = m.seq, told_at = m.told_at, read_at = NULL"
        " FROM unnest(%s::uuid[], %s::jsonb[], %s::int[], %s::bigint[], %s::timestamptz[])"
        " AS m (notification_id, facts, count, seq, told_at) WHERE n.notification_id = m.notification_id",
        [
            [one.notification_id for one in told],
            [json.dumps(dict(one.facts)) for one in told],
            [one.count for one in told],
            [one.seq for one in told],
            [one.told_at for one in told],
        ],
    )


async def save_seqs(tx: Tx, *, newest: Mapping[UserId, int]) -> None:
    """Note the numbers of the newest notifications of locked inboxes."""
    await tx.execute(
        "UPDATE users.notification_inbox i SET last_seq = n.seq FROM unnest(%s::uuid[], %s::bigint[]) AS n (user_id, seq)"
        " WHERE i.user_id = n.user_id",
        [list(newest), list(newest.values())],
    )


async def add_mails(tx: Tx, *, mails: Sequence[Mailing]) -> None:
    """Insert mails, each due at its instant."""
    await tx.execute(
        "INSERT INTO users.notification_delivery (delivery_id, notification_id, channel, due_at, state)"
        " SELECT m.delivery_id, m.notification_id, 'email', m.due_at, 'waiting'"
        " FROM unnest(%s::uuid[], %s::uuid[], %s::timestamptz[]) AS m (delivery_id, notification_id, due_at)",
        [
            [one.delivery_id for one in mails],
            [one.notification_id for one in mails],
            [one.due_at for one in mails],
        ],
    )


async def count_unread(tx: Tx, *, user_ids: Collection[UserId]) -> dict[UserId, int]:
    """Return how many of each one's list they have not read; whoever has read everything is missing."""
    rows = await tx.rows(
        "SELECT user_id, count(*) FROM users.notification"
        " WHERE user_id = ANY(%s) AND read_at IS NULL AND seq IS NOT NULL GROUP BY user_id",
        [list(user_ids)],
    )
    return {UserId(user_id): count for user_id, count in rows}
