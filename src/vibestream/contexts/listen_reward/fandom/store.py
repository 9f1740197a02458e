"""The tables of perks and of the proofs that opened them: the latter say nothing of whose they were, nor when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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


async def list_for_heard(tx: Tx, heard: Mapping[ArtistId, int], *, limit: int) -> list[Perk]:
    """Return what artists offer to whoever heard each for so many seconds, the newest first."""
    return await tx.all(
        Perk,
        f"{_PERK} JOIN unnest(%s::uuid[], %s::int[]) AS h (artist_id, seconds) USING (artist_id)"
        " WHERE least_s <= seconds AND withdrawn_at IS NULL ORDER BY made_at DESC, perk_id LIMIT %s",
        [list(heard), list(heard.values()), limit],
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


async def insert_codes(tx: Tx, perk_id: PerkId, codes: Sequence[str]) -> None:
    """Add a new perk's codes, in their order."""
    await tx.execute(
        "INSERT INTO listen_reward.perk_code (perk_id, place, code)"
        " SELECT %s, place - 1, code FROM unnest(%s::text[]) WITH ORDINALITY AS n (code, place)",
        [perk_id, list(codes)],
    )


async def take_code(tx: Tx, perk_id: PerkId, *, nullifier: Field) -> str | None:
    """Return a proof's code: the one that it took before, or the first that is left, which is its own from then on.

    One at a time for each perk, so that no two proofs find the same code left. None: no code is left.
    """
    await tx.execute("SELECT pg_advisory_xact_lock(hashtextextended('codes of ' || %s::text, 0))", [perk_id])
    asked = {"perk": perk_id, "nullifier": to_bytes(nullifier)}
    had: str | None = await tx.value(
        "SELECT min(code) FROM listen_reward.perk_code WHERE perk_id = %(perk)s AND nullifier = %(nullifier)s", asked
    )
    if had is not None:
        return had
    taken: list[str] = await tx.values(
        """
        UPDATE listen_reward.perk_code SET nullifier = %(nullifier)s WHERE perk_id = %(perk)s AND place = (
            SELECT place FROM listen_reward.perk_code WHERE perk_id = %(perk)s AND nullifier IS NULL ORDER BY place LIMIT 1
        ) RETURNING code
        """,
        asked,
    )
    return taken[0] if taken else None


async def count_codes(tx: Tx, perk_ids: list[PerkId]) -> dict[PerkId, int]:
    """Return how many codes each perk was offered with; those without any are left out."""
    rows = await tx.all(
        _count,
        "SELECT perk_id, count(*)::int AS count FROM listen_reward.perk_code WHERE perk_id = ANY(%s) GROUP BY perk_id",
        [perk_ids],
    )
    return dict(rows)


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
        " 'least_s', least_s, 'made_at', made_at, 'withdrawn_at', withdrawn_at,"
        " 'codes', (SELECT coalesce(jsonb_agg(code ORDER BY place), '[]') FROM listen_reward.perk_code c"
        " WHERE c.perk_id = perk.perk_id))"
        " FROM listen_reward.perk WHERE made_by = %s ORDER BY made_at",
        [user_id],
    )


async def erase_person(tx: Tx, user_id: UUID) -> None:
    """Withdraw what somebody offered and empty what they wrote; that it was opened stays, for it is of nobody."""
    await tx.execute(
        "DELETE FROM listen_reward.perk_code WHERE perk_id IN (SELECT perk_id FROM listen_reward.perk WHERE made_by = %s)",
        [user_id],
    )
    await tx.execute(
        "UPDATE listen_reward.perk SET title = '-', text = '-', withdrawn_at = coalesce(withdrawn_at, now())"
        " WHERE made_by = %s AND (title <> '-' OR text <> '-' OR withdrawn_at IS NULL)",
        [user_id],
    )


def _count(*, perk_id: UUID, count: int) -> tuple[PerkId, int]:
    return PerkId(perk_id), count
