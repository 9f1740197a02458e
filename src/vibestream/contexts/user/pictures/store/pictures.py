"""The table of pictures. Who may change one, and who may see it, is part of every statement that does."""

# ruff: noqa: S608 - what is put into the statements are literals below

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from vibestream.contexts.user.pictures.domain import Image, Picture, Place, Subject
from vibestream.kernel.ids import UserId
from vibestream.platform.database import Tx

_OWN: Final = "SELECT fan.user_id, NULL::uuid AS artist_id FROM users.fan_profile fan WHERE fan.user_id = %(me)s"
_ARTISTS: Final = (
    "SELECT artist.user_id, artist.artist_id FROM users.artist_profile artist WHERE artist.artist_id = %(artist)s"
    " AND (artist.user_id = %(me)s OR EXISTS (SELECT FROM users.artist_member member"
    " WHERE member.artist_id = artist.artist_id AND member.user_id = %(me)s AND member.role = 'editor'))"
)
_FOUND: Final = (
    "SELECT picture.picture_id, coalesce(picture.artist_id, picture.user_id) AS subject_id, picture.place, picture.images,"
    " CASE WHEN picture.artist_id IS NULL THEN false ELSE NOT artist.hidden END AS is_public FROM users.picture"
    " LEFT JOIN users.artist_profile artist ON artist.artist_id = picture.artist_id"
    " LEFT JOIN users.fan_page page ON page.user_id = picture.user_id"
)
_SEEN: Final = (
    " AND (picture.user_id = %(viewer)s::uuid OR CASE WHEN picture.artist_id IS NULL"
    " THEN page.open AND NOT page.hidden AND NOT users.apart(picture.user_id, %(viewer)s::uuid)"
    " ELSE NOT artist.hidden OR EXISTS (SELECT FROM users.artist_member member"
    " WHERE member.artist_id = picture.artist_id AND member.user_id = %(viewer)s::uuid) END)"
)
"""What may be seen: one's own; of a fan whose page is open, not hidden, and who is not kept apart from the viewer; of an
artist that no moderator hid, or in whose team the viewer is."""


async def lock_subject(tx: Tx, *, subject: Subject) -> bool:
    """Lock a profile whose pictures somebody may change, and say whether they may."""
    return bool(await tx.value(f"SELECT true FROM ({_may(subject)} FOR NO KEY UPDATE) one", _named(subject)))


async def add_picture(
    tx: Tx, *, subject: Subject, place: Place, picture_id: UUID, images: Sequence[Image], now: datetime
) -> bool:
    """Insert a picture of a profile that somebody may change, and say whether they may."""
    listed = json.dumps([{"key": one.key, "width": one.width, "height": one.height} for one in images])
    touched = await tx.execute(
        "INSERT INTO users.picture (picture_id, user_id, artist_id, place, images, given_at)"
        f" SELECT %(id)s, one.user_id, one.artist_id, %(place)s, %(images)s::jsonb, %(now)s FROM ({_may(subject)}) one",
        {**_named(subject), "id": picture_id, "place": place.value, "images": listed, "now": now},
    )
    return touched == 1


async def drop_picture(tx: Tx, *, subject: Subject, place: Place) -> list[UUID]:
    """Delete the picture in a place of a profile that somebody may change, and return its id; nothing when there is none."""
    return await tx.values(
        f"DELETE FROM users.picture USING ({_may(subject)}) one WHERE picture.user_id = one.user_id"
        " AND picture.artist_id IS NOT DISTINCT FROM one.artist_id AND picture.place = %(place)s"
        " RETURNING picture.picture_id",
        {**_named(subject), "place": place.value},
    )


async def find_seen(tx: Tx, *, picture_id: UUID, viewer: UserId | None) -> Picture | None:
    """Return a picture if the viewer may see it."""
    return await tx.one(
        _picture, f"{_FOUND} WHERE picture.picture_id = %(id)s{_SEEN}", {"id": picture_id, "viewer": viewer}
    )


async def list_seen(tx: Tx, *, subjects: Collection[UUID], place: Place, viewer: UserId | None) -> list[Picture]:
    """Return the pictures in a place of fans and artists with these ids that the viewer may see."""
    return await tx.all(
        _picture,
        f"{_FOUND} WHERE (picture.artist_id = ANY(%(ids)s) OR picture.user_id = ANY(%(ids)s) AND picture.artist_id IS NULL)"
        f" AND picture.place = %(place)s{_SEEN}",
        {"ids": list(subjects), "place": place.value, "viewer": viewer},
    )


async def list_of_profile(tx: Tx, *, subject_id: UUID) -> list[Picture]:
    """Return every picture of a fan or an artist, whoever may see it: for those alone who decide about its page."""
    return await tx.all(
        _picture,
        f"{_FOUND} WHERE picture.artist_id = %(id)s OR picture.user_id = %(id)s AND picture.artist_id IS NULL"
        " ORDER BY picture.place",
        {"id": subject_id},
    )


async def has_picture(tx: Tx, *, picture_id: UUID) -> bool:
    """Say whether a profile has a picture."""
    return bool(await tx.value("SELECT EXISTS (SELECT FROM users.picture WHERE picture_id = %s)", [picture_id]))


def _may(subject: Subject) -> str:
    return _OWN if subject.artist_id is None else _ARTISTS


def _named(subject: Subject) -> dict[str, object]:
    return {"me": subject.user_id, "artist": subject.artist_id}


def _picture(*, images: list[dict[str, Any]], place: str, **columns: Any) -> Picture:
    return Picture(**columns, place=Place(place), images=tuple(Image(**one) for one in images))
