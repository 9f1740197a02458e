"""The tables of perks and of the proofs that opened them: the latter say nothing of whose they were, nor when."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final
from uuid import UUID

from pydantic import JsonValue

from vibestream.contexts.listen_reward.fandom.domain import Perk
from vibestream.contexts.listen_reward.receipts.domain.field import Field, to_bytes
from vibestream.kernel.ids import ArtistId, PerkId, UserId
from vibestream.platform.database import Tx

_PERK: Final = """
    SELECT perk_id, artist_id, made_by, title, text, least_s, made_at, withdrawn_at FROM listen_reward.perk
"""


async def insert_perk(tx: Tx, perk: Perk, *, key: UUID, most: int) -> bool:
    """Add a perk, unless its key was used or its artist offers as many as there may be; one at a time for each artist."""
    await tx.execute("SELECT pg_advisory_xact_lock(hashtextextended('perks of ' || %s::text, 0))", [perk.artist_id])
    return (
        await tx.execute(
            """
            INSERT INTO listen_reward.perk (perk_id, artist_id, made_by, form_key, title, text, least_s, made_at)
            SELECT %s, %s, %s, %s, %s, %s, %s, %s WHERE (
                SELECT count(*) FROM listen_reward.perk WHERE artist_id = %s AND withdrawn_at IS NULL
            ) < %s
            ON CONFLICT (made_by, form_key) DO NOTHING
            """,
            [
                *(perk.perk_id, perk.artist_id, perk.made_by, key, perk.title, perk.text, perk.least_s, perk.made_at),
                *(perk.artist_id, most),
            ],
        )
        == 1
    )


async def load_by_key(tx: Tx, made_by: UserId, key: UUID) -> Perk | None:
    """Return what somebody made by one sending of a form."""
    return await tx.one(Perk, f"{_PERK} WHERE made_by = %s AND form_key = %s", [made_by, key])


async def withdraw(tx: Tx, perk_id: PerkId, *, made_by: UserId, now: datetime) -> bool:
    """Withdraw a perk of one's own; return whether it was there."""
    changed = await tx.execute(
        "UPDATE listen_reward.perk SET withdrawn_at = %s WHERE perk_id = %s AND made_by = %s AND withdrawn_at IS NULL",
        [now, perk_id, made_by],
    )
    return changed == 1


async def load_perk(tx: Tx, perk_id: PerkId) -> Perk | None:
    """Return a perk that is offered."""
    return await tx.one(Perk, f"{_PERK} WHERE perk_id = %s AND withdrawn_at IS NULL", [perk_id])


async def list_of_artist(tx: Tx, artist_id: ArtistId) -> list[Perk]:
    """Return what an artist offers, the newest first."""
    return await tx.all(
        Perk, f"{_PERK} WHERE artist_id = %s AND withdrawn_at IS NULL ORDER BY made_at DESC, perk_id", [artist_id]
    )


async def list_of_maker(tx: Tx, made_by: UserId) -> list[Perk]:
    """Return what somebody offers as any of their artists, the newest first."""
    return await tx.all(
        Perk, f"{_PERK} WHERE made_by = %s AND withdrawn_at IS NULL ORDER BY made_at DESC, perk_id", [made_by]
    )


async def insert_proof(tx: Tx, perk_id: PerkId, *, nullifier: Field, epoch: date) -> bool:
    """Note that a receipt opened a perk; return whether it had not before."""
    changed = await tx.execute(
        "INSERT INTO listen_reward.perk_proof (perk_id, nullifier, epoch) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
        [perk_id, to_bytes(nullifier), epoch],
    )
    return changed == 1


async def count_opened(tx: Tx, perk_ids: list[PerkId]) -> dict[PerkId, int]:
    """Return by how many receipts each perk was opened; those that were not are left out."""
    rows = await tx.all(
        _count,
        "SELECT perk_id, count(*)::int AS count FROM listen_reward.perk_proof WHERE perk_id = ANY(%s) GROUP BY perk_id",
        [perk_ids],
    )
    return dict(rows)


async def records_of(tx: Tx, user_id: UUID) -> list[dict[str, JsonValue]]:
    """Return the perks that somebody wrote."""
    return await tx.values(
        "SELECT jsonb_build_object('perk_id', perk_id, 'artist_id', artist_id, 'title', title, 'text', text,"
        " 'least_s', least_s, 'made_at', made_at, 'withdrawn_at', withdrawn_at)"
        " FROM listen_reward.perk WHERE made_by = %s ORDER BY made_at",
        [user_id],
    )


async def erase_person(tx: Tx, user_id: UUID) -> None:
    """Withdraw what somebody offered and empty what they wrote; that it was opened stays, for it is of nobody."""
    await tx.execute(
        "UPDATE listen_reward.perk SET title = '-', text = '-', withdrawn_at = coalesce(withdrawn_at, now())"
        " WHERE made_by = %s AND (title <> '-' OR text <> '-' OR withdrawn_at IS NULL)",
        [user_id],
    )


def _count(*, perk_id: UUID, count: int) -> tuple[PerkId, int]:
    return PerkId(perk_id), count
