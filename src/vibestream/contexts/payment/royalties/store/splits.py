"""Splits and their shares."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from vibestream.contexts.payment.royalties.domain.splits import Share, SplitView, Term
from vibestream.kernel.ids import TrackId, UserId
from vibestream.platform.database import Tx


async def owns(tx: Tx, track_id: TrackId, user_id: UserId) -> bool:
    """Say whether a track is this person's."""
    return (
        await tx.value(
            "SELECT true FROM payment.royalty_track WHERE track_id = %s AND owner_user_id = %s", [track_id, user_id]
        )
        or False
    )


async def add_split(
    tx: Tx,
    split_id: UUID,
    *,
    track_id: TrackId,
    made_by: UserId,
    effective_from: date,
    shares: Sequence[Share],
    now: datetime,
) -> None:
    """Keep a proposed split; whoever proposed it has accepted their own share by that."""
    await tx.execute(
        "INSERT INTO payment.royalty_split (id, track_id, effective_from, made_by) VALUES (%s, %s, %s, %s)",
        [split_id, track_id, effective_from, made_by],
    )
    await tx.execute(
        """
        INSERT INTO payment.royalty_split_share (split_id, payee_id, share_bp, accepted_at)
        SELECT %s, payee_id, share_bp, CASE WHEN payee_id = %s THEN %s END
        FROM unnest(%s::uuid[], %s::integer[]) AS share (payee_id, share_bp)
        """,
        [split_id, made_by, now, [one.payee_id for one in shares], [one.share_bp for one in shares]],
    )


async def lock_split(tx: Tx, split_id: UUID) -> SplitView | None:
    """Lock a split against others who settle it, and return it."""
    if not await tx.value("SELECT true FROM payment.royalty_split WHERE id = %s FOR NO KEY UPDATE", [split_id]):
        return None
    return (await list_splits(tx, split_id=split_id))[0]


async def accept(tx: Tx, split_id: UUID, payee_id: UserId, *, now: datetime) -> None:
    """Note that a payee accepts a share. Accepting twice is accepting once."""
    await tx.execute(
        """
        UPDATE payment.royalty_split_share SET accepted_at = %s
        WHERE split_id = %s AND payee_id = %s AND accepted_at IS NULL
        """,
        [now, split_id, payee_id],
    )


async def bring_into_force(tx: Tx, split_id: UUID, *, month: date) -> None:
    """Let a split count from a month on."""
    await tx.execute(
        "UPDATE payment.royalty_split SET in_force_from = %s, in_force_at = clock_timestamp() WHERE id = %s",
        [month, split_id],
    )


async def withdraw(tx: Tx, split_id: UUID, *, now: datetime) -> None:
    """Let a split that is not in force never come into it."""
    await tx.execute("UPDATE payment.royalty_split SET withdrawn_at = %s WHERE id = %s", [now, split_id])


async def list_splits(
    tx: Tx,
    *,
    split_id: UUID | None = None,
    track_id: TrackId | None = None,
    concerning: UserId | None = None,
    limit: int = 200,
) -> list[SplitView]:
    """Return splits, the newest first: of a track, of a person who proposed them or has a share in them."""
    return await tx.all(
        _split,
        """
        SELECT split.id, split.track_id, track.title, split.made_by, split.made_at, split.effective_from,
            split.in_force_from, split.withdrawn_at IS NOT NULL AS withdrawn,
            array_agg(share.payee_id ORDER BY share.payee_id) AS payees,
            array_agg(share.share_bp ORDER BY share.payee_id) AS shares,
            array_agg(share.payee_id) FILTER (WHERE share.accepted_at IS NOT NULL) AS accepted
        FROM payment.royalty_split split
        JOIN payment.royalty_track track ON track.track_id = split.track_id
        JOIN payment.royalty_split_share share ON share.split_id = split.id
        WHERE (%(split)s::uuid IS NULL OR split.id = %(split)s)
            AND (%(track)s::uuid IS NULL OR split.track_id = %(track)s)
            AND (%(person)s::uuid IS NULL OR split.made_by = %(person)s OR EXISTS (
                SELECT FROM payment.royalty_split_share mine
                WHERE mine.split_id = split.id AND mine.payee_id = %(person)s))
        GROUP BY split.id, track.track_id
        ORDER BY split.id DESC LIMIT %(limit)s
        """,
        {"split": split_id, "track": track_id, "person": concerning, "limit": limit},
    )


async def load_terms(tx: Tx, tracks: Collection[UUID]) -> Mapping[UUID, Sequence[Term]]:
    """Return the splits of tracks that came into force."""
    terms: defaultdict[UUID, list[Term]] = defaultdict(list)
    for track_id, term in await tx.all(
        _term,
        """
        SELECT split.track_id, split.in_force_from, split.in_force_at,
            array_agg(share.payee_id ORDER BY share.payee_id) AS payees,
            array_agg(share.share_bp ORDER BY share.payee_id) AS shares
        FROM payment.royalty_split split JOIN payment.royalty_split_share share ON share.split_id = split.id
        WHERE split.track_id = ANY(%s) AND split.in_force_at IS NOT NULL
        GROUP BY split.id
        """,
        [list(tracks)],
    ):
        terms[track_id].append(term)
    return terms


async def load_owners(tx: Tx, tracks: Collection[UUID]) -> Mapping[UUID, UserId]:
    """Return whose tracks are, of those known."""
    return dict(
        await tx.all(
            _owner,
            "SELECT track_id, owner_user_id FROM payment.royalty_track WHERE track_id = ANY(%s)",
            [list(tracks)],
        )
    )


def _owner(*, track_id: UUID, owner_user_id: UserId) -> tuple[UUID, UserId]:
    return track_id, owner_user_id


def _term(
    *, track_id: UUID, in_force_from: date, in_force_at: datetime, payees: list[UserId], shares: list[int]
) -> tuple[UUID, Term]:
    return track_id, Term(in_force_from, in_force_at, tuple(map(Share, payees, shares)))


def _split(
    *,
    id: UUID,  # noqa: A002 - a column
    payees: list[UserId],
    shares: list[int],
    accepted: list[UserId] | None,
    **rest: Any,
) -> SplitView:
    return SplitView(split_id=id, shares=tuple(map(Share, payees, shares)), accepted=frozenset(accepted or ()), **rest)
