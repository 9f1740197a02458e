"""What uploads hold of a person."""

# ruff: noqa: S608 - what is put into the statements are literals below

from __future__ import annotations

from uuid import UUID

from pydantic import JsonValue

from vibestream.platform.database import Tx


async def records_of(tx: Tx, user_id: UUID) -> list[dict[str, JsonValue]]:
    """Return the uploads of a person."""
    return await tx.values(
        "SELECT to_jsonb(t) - '{user_id,place}'::text[] FROM music.upload t WHERE t.user_id = %s ORDER BY t.upload_id",
        [user_id],
    )


async def erase_person(tx: Tx, user_id: UUID) -> None:
    """Delete the uploads of a person; those under way end, and those behind music that stays lose their names.

    Music stays that is public, and that they brought as an editor to an artist of somebody else, wherever it stands.
    """
    public = (
        "SELECT track.upload_id FROM music.track JOIN music.release USING (release_id)"
        " JOIN music.artist ON artist.artist_id = release.artist_id"
        " WHERE (track.withdrawn_by IS NULL AND release.stage = 'published') OR artist.owner_user_id <> %s"
    )
    await tx.execute(
        "UPDATE music.upload SET file_name = '-', metadata = '',"
        " state = CASE state WHEN 'receiving' THEN 'terminated' ELSE state END,"
        " ended_at = CASE state WHEN 'receiving' THEN now() ELSE ended_at END WHERE user_id = %s",
        [user_id],
    )
    await tx.execute(
        f"DELETE FROM music.upload WHERE user_id = %s AND state = 'stored' AND upload_id NOT IN ({public})",
        [user_id, user_id],
    )
