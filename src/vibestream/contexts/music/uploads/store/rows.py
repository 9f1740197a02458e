"""The table `music.upload`. An artist's statements name the artist in their WHERE.

An upload that was begun as somebody's editor is there while they are an editor of some artist: each of those statements
asks for it too, so that whoever is taken out of a team does not send, or see, another byte.
"""

# ruff: noqa: S608 - what is put into the statements is a literal below

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, LiteralString
from uuid import UUID

from vibestream.contexts.music.uploads.domain.upload import State, Upload
from vibestream.kernel.ids import UploadId, UserId
from vibestream.platform.database import Tx

_LET_IN: Final[LiteralString] = """
    (NOT as_editor OR EXISTS (
        SELECT FROM music.artist_member m WHERE m.user_id = upload.user_id AND m.role = 'editor'))
"""


@dataclass(frozen=True, slots=True)
class StoredOriginal:
    """What a stored upload promises about its original."""

    upload_id: UploadId
    sha256: str
    size_bytes: int


async def lock_unfinished(tx: Tx, *, user_id: UserId) -> int:
    """Return how many unfinished uploads an artist has, which stays true until the transaction ends."""
    await tx.execute("SELECT pg_advisory_xact_lock(hashtextextended('music.upload:' || %s, 0))", [str(user_id)])
    count = await tx.value(
        "SELECT count(*) FROM music.upload WHERE user_id = %s AND state = 'receiving'",
        [user_id],
    )
    return int(count)


async def insert_upload(tx: Tx, upload: Upload, *, as_editor: bool) -> bool:
    """Write a new upload's row; as an editor only where its sender is one, and say whether it was written."""
    touched = await tx.execute(
        """
        INSERT INTO music.upload
            (upload_id, user_id, file_name, metadata, size_bytes, place, created_at, expires_at, as_editor)
        SELECT %s, %s, %s, %s, %s, %s, %s, %s, %s WHERE NOT %s
            OR EXISTS (SELECT FROM music.artist_member m WHERE m.user_id = %s AND m.role = 'editor')
        """,
        [
            *(upload.upload_id, upload.user_id, upload.file_name, upload.metadata, upload.size_bytes, upload.place),
            *(upload.created_at, upload.expires_at, as_editor, as_editor, upload.user_id),
        ],
    )
    return touched == 1


async def load_upload(tx: Tx, *, upload_id: UploadId, user_id: UserId) -> Upload | None:
    """Return an artist's upload, None when there is none or it is another's."""
    return await tx.one(
        _upload,
        f"""
        SELECT upload_id, user_id, file_name, metadata, size_bytes, received_bytes, state, place, sha256,
            created_at, expires_at
        FROM music.upload WHERE upload_id = %s AND user_id = %s AND {_LET_IN}
        """,
        [upload_id, user_id],
    )


async def list_uploads(tx: Tx, *, user_id: UserId, before: UploadId | None, limit: int) -> list[Upload]:
    """Return an artist's uploads that were not ended by hand, newest first, from before one of them."""
    return await tx.all(
        _upload,
        f"""
        SELECT upload_id, user_id, file_name, metadata, size_bytes, received_bytes, state, place, sha256,
            created_at, expires_at
        FROM music.upload
        WHERE user_id = %s AND {_LET_IN} AND state <> 'terminated' AND (%s::uuid IS NULL OR upload_id < %s)
        ORDER BY upload_id DESC LIMIT %s
        """,
        [user_id, before, before, limit],
    )


async def save_progress(tx: Tx, upload: Upload, *, received_bytes: int, expires_at: datetime) -> bool:
    """Note how much is on disk, unless the upload changed since it was loaded; say whether it was noted."""
    touched = await tx.execute(
        f"""
        UPDATE music.upload SET received_bytes = %s, expires_at = %s
        WHERE upload_id = %s AND user_id = %s AND state = 'receiving' AND received_bytes = %s
            AND {_LET_IN}
        """,
        [received_bytes, expires_at, upload.upload_id, upload.user_id, upload.received_bytes],
    )
    return touched == 1


async def save_stored(tx: Tx, upload: Upload, *, sha256: str, now: datetime) -> bool:
    """Note that the original is stored, unless the upload changed since it was loaded; say whether it was noted."""
    touched = await tx.execute(
        f"""
        UPDATE music.upload SET received_bytes = size_bytes, state = 'stored', sha256 = %s, ended_at = %s
        WHERE upload_id = %s AND user_id = %s AND state = 'receiving' AND received_bytes = %s
            AND {_LET_IN}
        """,
        [bytes.fromhex(sha256), now, upload.upload_id, upload.user_id, upload.received_bytes],
    )
    return touched == 1


async def save_terminated(tx: Tx, *, upload_id: UploadId, user_id: UserId, now: datetime) -> bool:
    """End an unfinished upload of an artist; say whether there was one."""
    touched = await tx.execute(
        f"""
        UPDATE music.upload SET state = 'terminated', ended_at = %s
        WHERE upload_id = %s AND user_id = %s AND state = 'receiving' AND {_LET_IN}
        """,
        [now, upload_id, user_id],
    )
    return touched == 1


async def save_expired(tx: Tx, *, now: datetime, limit: int) -> list[UploadId]:
    """Note which unfinished uploads are past their time, at most `limit`, and return them."""
    return await tx.all(
        _id,
        """
        UPDATE music.upload SET state = 'expired', ended_at = %s
        WHERE state = 'receiving' AND upload_id IN (
            SELECT upload_id FROM music.upload WHERE state = 'receiving' AND expires_at <= %s
            ORDER BY expires_at LIMIT %s FOR UPDATE SKIP LOCKED)
        RETURNING upload_id
        """,
        [now, now, limit],
    )


async def delete_ended(tx: Tx, *, before: datetime, limit: int) -> int:
    """Forget uploads that expired or were terminated before an instant, at most `limit`; return how many."""
    return await tx.execute(
        """
        DELETE FROM music.upload WHERE upload_id IN (
            SELECT upload_id FROM music.upload WHERE state IN ('expired', 'terminated') AND ended_at < %s
            ORDER BY ended_at LIMIT %s FOR UPDATE SKIP LOCKED)
        """,
        [before, limit],
    )


async def states_of(tx: Tx, upload_ids: Sequence[UploadId]) -> dict[UploadId, State]:
    """Return the states of those uploads that have a row."""
    rows = await tx.all(
        _id_and_state,
        "SELECT upload_id, state FROM music.upload WHERE upload_id = ANY(%s::uuid[])",
        [list(upload_ids)],
    )
    return dict(rows)


async def count_originals(tx: Tx) -> int:
    """Return how many different originals the stored uploads have."""
    return int(await tx.value("SELECT count(DISTINCT sha256) FROM music.upload WHERE state = 'stored'"))


async def sample_originals(tx: Tx, *, limit: int | None) -> list[StoredOriginal]:
    """Return what stored uploads promise, once per promise: at most `limit` of them at random, or all."""
    return await tx.all(
        _stored,
        """
        SELECT * FROM (
            SELECT DISTINCT ON (sha256, size_bytes) upload_id, sha256, size_bytes
            FROM music.upload WHERE state = 'stored'
            ORDER BY sha256, size_bytes, upload_id
        ) AS original
        ORDER BY CASE WHEN %s::bigint IS NOT NULL THEN random() END LIMIT %s
        """,
        [limit, limit],
    )


def _upload(*, state: str, sha256: bytes | None, **columns: Any) -> Upload:
    return Upload(state=State(state), sha256=None if sha256 is None else sha256.hex(), **columns)


def _stored(*, upload_id: UUID, sha256: bytes, size_bytes: int) -> StoredOriginal:
    return StoredOriginal(UploadId(upload_id), sha256.hex(), size_bytes)


def _id(*, upload_id: UUID) -> UploadId:
    return UploadId(upload_id)


def _id_and_state(*, upload_id: UUID, state: str) -> tuple[UploadId, State]:
    return UploadId(upload_id), State(state)
