"""The table of rosters. Whose side somebody is on is part of every statement that writes."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from pydantic import JsonValue

from vibestream.contexts.user.labels.domain import Between, LabelRole, Relation, Side
from vibestream.kernel.ids import ArtistId, UserId
from vibestream.platform.database import Tx

_RELATION: Final = """
    SELECT r.relation_id, r.label_id, label.display_name AS label_name, r.artist_id, artist.name AS artist_name,
        artist.handle AS artist_handle, r.role, r.asked_by, r.asked_at, r.expires_at, r.since
    FROM users.label_artist r JOIN users.artist_profile artist USING (artist_id)
    JOIN users.fan_profile label ON label.user_id = r.label_id
"""


async def lock_account(tx: Tx, *, user_id: UserId) -> None:
    """Lock an account: what is asked in its name is counted under this lock."""
    await tx.execute("SELECT FROM users.account WHERE user_id = %s FOR NO KEY UPDATE", [user_id])


async def count_of_label(tx: Tx, *, label: UserId, now: datetime) -> int:
    """Return how many are on a label's roster or may still come."""
    return int(
        await tx.value(
            "SELECT count(*) FROM users.label_artist WHERE label_id = %s AND (since IS NOT NULL OR expires_at > %s)",
            [label, now],
        )
    )


async def count_of_artist(tx: Tx, *, artist_id: ArtistId, now: datetime) -> int:
    """Return how many labels an artist has or may still have."""
    return int(
        await tx.value(
            "SELECT count(*) FROM users.label_artist WHERE artist_id = %s AND (since IS NOT NULL OR expires_at > %s)",
            [artist_id, now],
        )
    )


async def find_label(tx: Tx, *, skeleton: str) -> UserId | None:
    """Return who acts for a label and has, or had, the handle with this skeleton on an open page."""
    found: UserId | None = await tx.value(
        "SELECT page.user_id FROM users.fan_page page JOIN users.fan_handle held USING (user_id)"
        " JOIN users.role_grant g USING (user_id)"
        " WHERE held.skeleton = %s AND g.role = 'label' AND page.open AND NOT page.hidden",
        [skeleton],
    )
    return found


async def owner_of(tx: Tx, *, artist_id: ArtistId) -> UserId:
    """Return whose an artist is."""
    owner: UserId = await tx.value("SELECT user_id FROM users.artist_profile WHERE artist_id = %s", [artist_id])
    return owner


async def are_apart(tx: Tx, *, artist_id: ArtistId, label: UserId) -> bool:
    """Say whether an artist's owner and a label have blocked one another."""
    statement = "SELECT users.apart(user_id, %s) FROM users.artist_profile WHERE artist_id = %s"
    return bool(await tx.value(statement, [label, artist_id]))


async def add_relation(
    tx: Tx,
    *,
    key: UUID,
    label: UserId,
    artist_id: ArtistId,
    role: LabelRole,
    asked_by: Side,
    asker: UserId,
    now: datetime,
    ends: datetime,
) -> bool:
    """Note that one side asked the other, and say whether it is new; what was asked and ran out gives way.

    The asker must be that side: hold the role of a label, or own the artist.
    """
    await tx.execute(
        "DELETE FROM users.label_artist WHERE label_id = %s AND artist_id = %s AND since IS NULL AND expires_at <= %s",
        [label, artist_id, now],
    )
    touched = await tx.execute(
        """
        INSERT INTO users.label_artist (relation_id, label_id, artist_id, role, asked_by, asked_at, expires_at)
        SELECT %(key)s, g.user_id, a.artist_id, %(role)s, %(asked_by)s, %(now)s, %(ends)s
        FROM users.role_grant g CROSS JOIN users.artist_profile a
        WHERE g.user_id = %(label)s AND g.role = 'label' AND a.artist_id = %(artist)s AND a.user_id <> g.user_id
            AND %(asker)s = CASE %(asked_by)s WHEN 'label' THEN g.user_id ELSE a.user_id END
            AND NOT users.apart(a.user_id, g.user_id)
        ON CONFLICT DO NOTHING
        """,
        {
            "key": key,
            "label": label,
            "artist": artist_id,
            "role": role.value,
            "asked_by": asked_by.value,
            "asker": asker,
            "now": now,
            "ends": ends,
        },
    )
    return touched == 1


async def has_relation(tx: Tx, *, key: UUID, label: UserId, artist_id: ArtistId) -> bool:
    """Say whether this very thing was asked before."""
    statement = (
        "SELECT EXISTS (SELECT FROM users.label_artist WHERE relation_id = %s AND label_id = %s AND artist_id = %s)"
    )
    return bool(await tx.value(statement, [key, label, artist_id]))


async def accept(
    tx: Tx, *, relation_id: UUID, side: Side, by: UserId, artist_id: ArtistId | None, now: datetime
) -> Between | None:
    """Accept what the other side asked, while it is good and the label is one; of one artist, when it is named."""
    return await tx.one(
        _between,
        """
        UPDATE users.label_artist r SET since = %(now)s FROM users.artist_profile a, users.role_grant g
        WHERE r.relation_id = %(id)s AND r.since IS NULL AND r.expires_at > %(now)s AND a.artist_id = r.artist_id
            AND g.user_id = r.label_id AND g.role = 'label' AND r.asked_by <> %(side)s
            AND %(by)s = CASE %(side)s WHEN 'label' THEN r.label_id ELSE a.user_id END
            AND NOT users.apart(a.user_id, r.label_id) AND r.artist_id = coalesce(%(artist)s, r.artist_id)
        RETURNING r.artist_id, a.user_id AS owner, r.label_id, r.role, true AS active
        """,
        {"id": relation_id, "side": side.value, "by": by, "artist": artist_id, "now": now},
    )


async def end(tx: Tx, *, relation_id: UUID, side: Side, by: UserId, artist_id: ArtistId | None) -> Between | None:
    """End what is between a label and an artist, or refuse or withdraw what was asked, from one's own side."""
    return await tx.one(
        _between,
        """
        DELETE FROM users.label_artist r USING users.artist_profile a
        WHERE r.relation_id = %(id)s AND a.artist_id = r.artist_id
            AND %(by)s = CASE %(side)s WHEN 'label' THEN r.label_id ELSE a.user_id END
            AND r.artist_id = coalesce(%(artist)s, r.artist_id)
        RETURNING r.artist_id, a.user_id AS owner, r.label_id, r.role, r.since IS NOT NULL AS active
        """,
        {"id": relation_id, "side": side.value, "by": by, "artist": artist_id},
    )


async def end_every(tx: Tx, *, label: UserId) -> list[Between]:
    """End everything of a label, and return what it was."""
    return await tx.all(
        _between,
        """
        DELETE FROM users.label_artist r USING users.artist_profile a WHERE r.label_id = %s AND a.artist_id = r.artist_id
        RETURNING r.artist_id, a.user_id AS owner, r.label_id, r.role, r.since IS NOT NULL AS active
        """,
        [label],
    )


async def list_of_label(
    tx: Tx, *, label: UserId, after: tuple[str, UUID] | None, limit: int | None, now: datetime
) -> list[Relation]:
    """Return a label's roster, with what waits for an answer, by the artists' names; `after` is one's name and id."""
    name, artist_id = after or (None, None)
    return await tx.all(
        _relation,
        _RELATION
        + """
        WHERE r.label_id = %(label)s AND (r.since IS NOT NULL OR r.expires_at > %(now)s)
            AND (%(name)s::text IS NULL OR (artist.name, r.artist_id) > (%(name)s::text, %(id)s::uuid))
        ORDER BY artist.name, r.artist_id LIMIT %(limit)s
        """,
        {"label": label, "now": now, "name": name, "id": artist_id, "limit": limit},
    )


async def list_of_artist(
    tx: Tx,
    *,
    artist_id: ArtistId,
    owner: UserId,
    after: tuple[str, UUID] | None,
    limit: int | None,
    now: datetime,
) -> list[Relation]:
    """Return the labels of one's own artist, with what waits for an answer, by their names; `after` is one's name and id."""
    name, label_id = after or (None, None)
    return await tx.all(
        _relation,
        _RELATION
        + """
        WHERE r.artist_id = %(artist)s AND artist.user_id = %(owner)s AND (r.since IS NOT NULL OR r.expires_at > %(now)s)
            AND (%(name)s::text IS NULL OR (label.display_name, r.label_id) > (%(name)s::text, %(id)s::uuid))
        ORDER BY label.display_name, r.label_id LIMIT %(limit)s
        """,
        {"artist": artist_id, "owner": owner, "now": now, "name": name, "id": label_id, "limit": limit},
    )


async def list_every_active(tx: Tx) -> set[tuple[ArtistId, UserId, str]]:
    """Return every label that works for an artist: the artist, the label, and as what."""
    return set(
        await tx.all(
            _row,
            "SELECT artist_id, label_id, r.role FROM users.label_artist r"
            " JOIN users.role_grant g ON g.user_id = r.label_id AND g.role = 'label' WHERE since IS NOT NULL",
        )
    )


async def drop_unanswered(tx: Tx, *, before: datetime, most: int) -> int:
    """Delete what was asked and could be answered until before an instant, at most so much, and return how much."""
    return await tx.execute(
        "DELETE FROM users.label_artist WHERE relation_id IN (SELECT relation_id FROM users.label_artist"
        " WHERE since IS NULL AND expires_at < %s ORDER BY expires_at LIMIT %s FOR UPDATE SKIP LOCKED)",
        [before, most],
    )


async def records_of(tx: Tx, user_id: UUID) -> list[dict[str, JsonValue]]:
    """Return the roster of a person who acts for a label, and the labels of a person's artists."""
    return await tx.values(
        "SELECT to_jsonb(r) - 'label_id' FROM users.label_artist r WHERE r.label_id = %(me)s UNION ALL"
        " SELECT to_jsonb(r) - 'label_id' FROM users.label_artist r JOIN users.artist_profile a USING (artist_id)"
        " WHERE a.user_id = %(me)s",
        {"me": user_id},
    )


async def erase_person(tx: Tx, user_id: UUID) -> None:
    """Delete a person's roster, and every label of their artists."""
    await tx.execute(
        "DELETE FROM users.label_artist WHERE label_id = %(me)s OR artist_id IN"
        " (SELECT artist_id FROM users.artist_profile WHERE user_id = %(me)s)",
        {"me": user_id},
    )


def _relation(*, role: str, asked_by: str, **columns: Any) -> Relation:
    return Relation(**columns, role=LabelRole(role), asked_by=Side(asked_by))


def _between(*, role: str, **columns: Any) -> Between:
    return Between(**columns, role=LabelRole(role))


def _row(*, artist_id: ArtistId, label_id: UserId, role: str) -> tuple[ArtistId, UserId, str]:
    return artist_id, label_id, role
